package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/lifeguard-keys/lifeguard/server"
)

// conditions collects the parts of a WHERE clause with their arguments.
type conditions struct {
	parts   []string
	args    []any
	varying bool // the text depends on the arguments: it is not worth keeping
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// in demands that column is one of values; with no values nothing matches. The
// column is made an expression, so that no index of it is chosen for many
// values at the price of sorting: the list is read in its own order instead.
func (c *conditions) in(column string, values []string) {
	c.varying = true
	if len(values) == 0 {
		c.add(`1 = 0`)
		return
	}
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	c.add(column+` || '' IN (`+placeholders(len(values))+`)`, args...)
}

func (c *conditions) text() string { return ` WHERE ` + strings.Join(c.parts, ` AND `) }

// listing is how one kind of row is listed.
type listing struct {
	where    conditions
	count    string // SELECT count(*) FROM …, without WHERE
	rows     func(where, page string) string
	name, id string // the columns that order the list
	scan     func(*sql.Rows) error
	found    func() int // rows scanned so far
}

// text is the query of a page, and its arguments.
func (l listing) text(query server.PageQuery) (text string, args []any) {
	if query.After != nil {
		l.where.add(`(`+l.name+`, `+l.id+`) > (?, ?)`, query.After.Name, query.After.ID)
	}
	if query.Until != nil {
		l.where.add(`(`+l.name+`, `+l.id+`) <= (?, ?)`, query.Until.Name, query.Until.ID)
	}
	page := ` ORDER BY ` + l.name + `, ` + l.id + ` LIMIT ?`
	args = append(l.where.args, query.Limit+1)
	if query.Offset > 0 {
		page += ` OFFSET ?`
		args = append(args, query.Offset)
	}
	return l.rows(l.where.text(), page), args
}

// page reads one row more than was asked for, to know whether any follow. The
// total, when it is asked for, is of the same moment as the rows.
func (s *Store) page(ctx context.Context, query server.PageQuery, list listing) (total int, more bool, err error) {
	total = -1
	counted := list.where
	text, args := list.text(query)
	if !query.Total {
		err = s.readers.run(ctx, list.where.varying, list.scan, text, args...)
		return total, err == nil && list.found() > query.Limit, err
	}
	t, err := s.readers.begin(ctx)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = t.tx.Rollback() }() // it has only read
	if err := t.run(ctx, list.where.varying, list.scan, text, args...); err != nil {
		return 0, false, err
	}
	count := func(rows *sql.Rows) error { return rows.Scan(&total) }
	if err := t.run(ctx, list.where.varying, count, list.count+counted.text(), counted.args...); err != nil {
		return 0, false, err
	}
	return total, list.found() > query.Limit, nil
}
