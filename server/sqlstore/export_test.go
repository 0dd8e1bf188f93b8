package sqlstore

// WithMaxPages limits the size of the database file, as a full disk would.
func WithMaxPages(options Options, pages int) Options {
	options.maxPages = pages
	return options
}
