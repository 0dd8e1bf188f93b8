package sqlstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxGroup is how many changes one transaction keeps at most. It bounds how
// long the first of them waits for the last.
const maxGroup = 64

// line is where the changes of one store wait, the first one first. While any
// do, a goroutine writes them, group after group: it begins a transaction for
// the first one, and when that has run it takes those along that came
// meanwhile, so that all share its commit, which is what a change costs most of.
//
// Every change runs on the goroutine of its caller, so a panic stays there: it
// is handed the transaction, and the one that writes waits for it.
type line struct {
	mu      sync.Mutex
	written bool // a goroutine writes what waits
	waiting []*pending
}

// pending is a change on its way.
type pending struct {
	ctx   context.Context
	until time.Time // when it no longer waits for its turn
	work  func(*transaction) error
	alone bool // it neither takes others along nor is taken

	told    chan word    // what it is told while it waits; never more than one
	ran     chan error   // what became of it in the transaction that it was handed
	verdict error        // the same, kept until the commit
	ahead   *transaction // for which was looked up what it will ask for
}

// word is what a change that waits is told: to run, or its end.
type word struct {
	run *transaction
	end error
}

var (
	// errPanicked is what became of a change that never returned.
	errPanicked = errors.New("the change panicked")
	// errApart says that a group failed as a whole, and changed nothing: its
	// changes are run one by one, so that each fails or succeeds for itself.
	errApart = errors.New("the changes have to be written one by one")
)

// enter adds a change at the end, and reports whether nobody writes what waits.
func (l *line) enter(p *pending) (idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	idle, l.written = !l.written, true
	l.waiting = append(l.waiting, p)
	return idle
}

// first returns the change to begin with, or nil when none waits: then whoever
// writes ends.
func (l *line) first() *pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.written = len(l.waiting) > 0; !l.written {
		return nil
	}
	p := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return p
}

// leave takes a change out of the line that nobody has begun with.
func (l *line) leave(p *pending) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, waiting := range l.waiting {
		if waiting == p {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// take returns the changes that wait by now and may be taken along.
func (l *line) take() []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := 0
	for count < min(len(l.waiting), maxGroup-1) && !l.waiting[count].alone {
		count++
	}
	group := slices.Clone(l.waiting[:count])
	l.waiting = slices.Delete(l.waiting, 0, count)
	return group
}

// with returns a change and those that wait behind it.
func (l *line) with(p *pending) []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*pending{p}, l.waiting[:min(len(l.waiting), maxGroup-1)]...)
}

// putBack lets changes begin anew, each by itself, before all others.
func (l *line) putBack(group []*pending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(group) == 0 {
		return
	}
	for _, p := range group {
		p.alone, p.verdict = true, nil
	}
	l.waiting = append(group, l.waiting...)
}

// giveUp ends the changes whose time has passed as well, for the same reason.
func (l *line) giveUp(now time.Time, reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var left []*pending
	for _, p := range l.waiting {
		if now.After(p.until) {
			p.told <- word{end: reason}
		} else {
			left = append(left, p)
		}
	}
	l.waiting = left
}

// transact runs work in a transaction that writes, after those before it and
// perhaps in one transaction with others, of which it then sees what they have
// changed. It returns when that was committed. When ctx ends before work has
// run, nothing is changed; when it ends later, the answer is what became of it.
func (s *Store) transact(ctx context.Context, work func(*transaction) error) error {
	return s.wait(&pending{ctx: ctx, work: work})
}

// transactAlone is transact for what is large enough for a transaction alone.
func (s *Store) transactAlone(ctx context.Context, work func(*transaction) error) error {
	return s.wait(&pending{ctx: ctx, work: work, alone: true})
}

func (s *Store) wait(p *pending) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	p.until, p.told, p.ran = s.until(p.ctx), make(chan word, 1), make(chan error, 1)
	if s.line.enter(p) {
		go s.write()
	}
	ended := p.ctx.Done()
	for {
		select {
		case told := <-p.told:
			if told.run == nil {
				return told.end
			}
			p.follow(told.run)
		case <-ended:
			if s.line.leave(p) {
				return p.ctx.Err()
			}
			ended = nil // it has been begun with
		}
	}
}

// write writes what waits, until nothing does.
func (s *Store) write() {
	for p := s.line.first(); p != nil; p = s.line.first() {
		s.writeGroup(p)
	}
}

// writeGroup writes a change, with those that it takes along.
func (s *Store) writeGroup(p *pending) {
	var began bool
	err := s.repeat(p.ctx, p.until, func() (err error) {
		began, err = s.attempt(p)
		if errors.Is(err, errApart) {
			p.alone = true
			began, err = s.attempt(p)
		}
		return err
	})
	if err != nil && !began && p.ctx.Err() == nil {
		s.line.giveUp(time.Now(), err)
	}
	p.told <- word{end: err}
}

func (s *Store) attempt(p *pending) (began bool, err error) {
	t, err := s.begin(p.ctx, p.until, s.dialect.turn)
	if err != nil {
		return false, err
	}
	defer t.end()
	var group []*pending
	if err = s.lookAhead(t, s.line.with(p)); err == nil {
		err = p.hand(t)
	}
	if err == nil && !p.alone {
		group = s.line.take()
		err = s.takeAlong(t, group)
	}
	if err == nil {
		err = t.flush()
	}
	uncertain := false
	if err != nil {
		err = t.undo(err)
	} else {
		uncertain, err = t.commit()
	}
	return true, s.settle(group, uncertain, err)
}

// takeAlong runs others within the same transaction, each so that its failure
// undoes it alone. Its error is the transaction's, which is then over.
func (s *Store) takeAlong(t *transaction, group []*pending) error {
	if err := s.lookAhead(t, group); err != nil {
		return err
	}
	for _, p := range group {
		t.guard()
		p.verdict = p.hand(t)
		switch {
		case p.verdict == nil:
			if err := t.keep(); err != nil {
				return err
			}
		case s.dialect.again(p.verdict):
			return p.verdict
		default:
			if err := t.undoLast(); err != nil {
				return err
			}
		}
	}
	return nil
}

// hand has the change run on its caller's goroutine, and waits for it.
func (p *pending) hand(t *transaction) error {
	p.told <- word{run: t}
	return <-p.ran
}

// follow runs the change in the transaction that it was handed.
func (p *pending) follow(t *transaction) {
	result := errPanicked
	defer func() { p.ran <- result }()
	result = p.run(t)
}

// run carries the change out, up to the point where it can no longer be
// given up.
func (p *pending) run(t *transaction) error {
	err := p.work(t)
	if err == nil {
		err = t.failed
	}
	if err == nil {
		err = p.ctx.Err()
	}
	return err
}

// settle tells those that were taken along what became of them. That one was
// refused may be owed to what another one changed, so that is true only when
// this was kept. It returns what became of the change that was begun with.
func (s *Store) settle(group []*pending, uncertain bool, err error) error {
	var again []*pending
	for _, p := range group {
		switch {
		case p.verdict == errPanicked: //nolint:errorlint // it is never wrapped, and nobody waits
		case err == nil:
			p.told <- word{end: p.verdict}
		case uncertain && p.verdict == nil:
			p.told <- word{end: err}
		default:
			again = append(again, p)
		}
	}
	s.line.putBack(again)
	if err != nil && !uncertain && len(group) > 0 {
		return errApart
	}
	return err
}
