package sqlstore

// WithMaxPages limits the size of the database file, as a full disk would.
func WithMaxPages(options Options, pages int) Options {
	options.maxPages = pages
	return options
}

// Waiting is how many changes wait while one is being written.
func (s *Store) Waiting() int {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	return len(s.line.waiting)
}
