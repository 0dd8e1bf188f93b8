package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is what the engines differ in. Everything else in this package is
// written once, in SQL that each of them takes: a ? stands for an argument,
// texts compare by their bytes, and what is to be found in any case is folded
// before it is kept (see fold).
type dialect struct {
	// goose is the migrator's name of the engine, and migrations the folder
	// with its schema. The folders of all engines hold the same versions.
	goose      goose.Dialect
	migrations string
	// versions is the table where the migrator keeps what it has applied.
	versions string

	// bind writes the ? of a query as the engine's placeholders.
	bind func(query string) string
	// keeps says that statements are prepared here and kept. Where it is false
	// the driver does so itself.
	keeps bool
	// insert begins an INSERT of many rows.
	insert string

	// reading and writing are how transactions begin; nil is the driver's way.
	// One that reads sees one moment only. One that writes sees what was
	// committed before its turn.
	reading, writing *sql.TxOptions
	// turn is what a transaction that writes runs first, to wait until it is
	// its turn; sharedTurn is for those that may write at the same time as one
	// another. Where they are empty, beginning waits.
	turn, sharedTurn string

	// failed says what an error of the driver means for the database at place.
	failed func(place string, err error) error
	// unsure says that a change may or may not have been kept.
	unsure func(place string, cause error) error
	// late says that a turn did not come in time.
	late func(place string, cause error) error
	// again reports that an error before or of a commit left nothing changed,
	// and that the same may succeed at the next attempt.
	again func(err error) bool
	// uncertain reports that an error of a commit leaves open whether it was
	// kept.
	uncertain func(err error) bool
	// lost reports that a connection broke off. What only reads is then read
	// again.
	lost func(err error) bool
}

// placeholders are n of them in a list; n is 1 at least.
func placeholders(n int) string { return `?` + strings.Repeat(`, ?`, n-1) }

// never is for what does not happen to a file of this machine.
func never(error) bool { return false }

// pause waits before the next attempt, a little longer each time and never
// longer than a twentieth of a second. It ends with the context.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(min(time.Duration(attempt)*time.Millisecond, 50*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
