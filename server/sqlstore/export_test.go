package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/lifeguard-keys/lifeguard/server"
)

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

// AuditPlan is how the database reads a page of audit events.
func (s *Store) AuditPlan(ctx context.Context, query server.AuditQuery) (string, error) {
	text, where, _ := auditText(query)
	return s.plan(ctx, text, where.args)
}

// AccountsPlan is how the database reads a page of service accounts.
func (s *Store) AccountsPlan(ctx context.Context, query server.ServiceAccountQuery) (string, error) {
	text, args := accountListing(query).text(query.PageQuery)
	return s.plan(ctx, text, args)
}

// KeyPlan is how the database looks a key up.
func (s *Store) KeyPlan(ctx context.Context) (string, error) {
	return s.plan(ctx, identityQuery, []any{0, make([]byte, 32)})
}

func (s *Store) plan(ctx context.Context, text string, args []any) (string, error) {
	explain := `EXPLAIN `
	if s.dialect.keeps {
		explain += `QUERY PLAN `
	}
	var lines []string
	err := s.readers.run(ctx, true, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		dest := make([]any, len(columns))
		for i := range dest {
			dest[i] = new(any)
		}
		var line string
		dest[len(dest)-1] = &line
		err = rows.Scan(dest...)
		lines = append(lines, line)
		return err
	}, explain+text, args...)
	return strings.Join(lines, "\n"), err
}

// MigrateTo brings an empty database to an older schema.
func MigrateTo(ctx context.Context, dsn string, db *sql.DB, version int64) error {
	d := &sqliteDialect
	if strings.HasPrefix(dsn, "postgres") {
		d = &postgresDialect
	}
	files, err := fs.Sub(migrations, d.migrations)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(d.goose, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()), goose.WithTableName(d.versions))
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}
