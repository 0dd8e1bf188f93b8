package sqlstore

import "context"

// guarding says how far a change in a transaction of several is from being
// undone by itself. One that only reads never needs to be.
type guarding int

const (
	unguarded guarding = iota
	toGuard            // before it first writes
	guarded
)

const (
	savepoint     = `SAVEPOINT one_change`
	savepointKept = `RELEASE SAVEPOINT one_change`
	savepointBack = `ROLLBACK TO SAVEPOINT one_change`
	// savepointNext ends one and begins the next in one round trip.
	savepointNext = savepointKept + `; ` + savepoint
)

// guard begins a further change within the transaction.
func (t *transaction) guard() {
	t.guarded, t.lastThen, t.eventsThen, t.laterThen = toGuard, t.last, len(t.events), len(t.later)
}

// keep ends a further change.
func (t *transaction) keep() error {
	switch {
	case t.guarded != guarded:
		return nil
	case t.statements.dialect.keeps:
		return t.direct(savepointKept)
	}
	t.open = true // until the next one, or the commit
	return nil
}

// undoLast undoes a further change alone. When it fails, nothing that was done
// in the transaction can be relied upon.
func (t *transaction) undoLast() error {
	failed := t.failed
	t.failed, t.last, t.events = nil, t.lastThen, t.events[:t.eventsThen]
	t.later = t.later[:t.laterThen]
	if t.guarded != guarded {
		return failed // of a statement that reads, which may end the transaction
	}
	if err := t.direct(savepointBack); err != nil {
		return err
	}
	return t.direct(savepointKept)
}

func (t *transaction) direct(statement string) error {
	t.guarded = unguarded
	_, err := t.exec(t.ctx, statement)
	return err
}

// guardNow makes a further change one that can be undone alone: before it
// first writes.
func (t *transaction) guardNow(ctx context.Context) error {
	if t.guarded != toGuard {
		return nil
	}
	begin := savepoint
	if t.open {
		begin, t.open = savepointNext, false
	}
	if err := t.direct(begin); err != nil {
		t.guarded = toGuard // it was not
		return err
	}
	t.guarded = guarded
	return nil
}
