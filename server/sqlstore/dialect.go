package sqlstore

import (
	"database/sql"

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

	// failed says what an error of the driver means for the database at place.
	failed func(place string, err error) error
	// again reports that the database changed nothing and asks to try again.
	again func(err error) bool
}
