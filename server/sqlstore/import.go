package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// ImportedAccount is a service account with its history so far.
type ImportedAccount struct {
	// Account is the account; of its team only the id is kept, and of its key
	// only the last use.
	Account api.ServiceAccount
	Key     server.KeyRecord
	// Event is the audit event of its creation.
	Event server.Event
}

const (
	// importRows is how many rows one statement inserts. More gain nothing.
	importRows = 50
	// importPortion is how many accounts one transaction adds. It bounds the
	// memory that an import takes.
	importPortion = 2_000
)

// Import adds many service accounts with their keys, memberships and audit
// events, much faster than one [Store.Write] each. Their teams must be there.
//
// Accounts are kept in portions of 2,000: when Import fails, whole portions
// may be there already, each with its events. After every portion done is told
// how many accounts are there by now; it may be nil.
//
// A volatile database (see [Options]) that has no accounts yet is filled
// without indexes, which are made at the end; when Import fails there, the
// database has to be thrown away.
func (s *Store) Import(ctx context.Context, accounts iter.Seq[ImportedAccount], done func(accounts int)) error {
	for _, insert := range imports {
		if err := s.writer.prepare(ctx, insert.rows(s.dialect.insert, importRows)); err != nil {
			return err
		}
	}
	restore, err := s.setIndexesAside(ctx)
	if err != nil {
		return err
	}
	next, stop := iter.Pull(accounts)
	defer stop()
	portion := make([]ImportedAccount, 0, importPortion)
	for imported := 0; ; {
		portion = portion[:0]
		for len(portion) < importPortion {
			account, ok := next()
			if !ok {
				break
			}
			portion = append(portion, account)
		}
		if len(portion) == 0 {
			return restore()
		}
		if err := s.transactAlone(ctx, func(t *transaction) error { return importAll(ctx, t, portion) }); err != nil {
			return err
		}
		imported += len(portion)
		if done != nil {
			done(imported)
		}
	}
}

// setIndexesAside drops the indexes of an empty, volatile database, where the
// rows of an import would land all over them, and returns what makes them
// again. Elsewhere it does nothing: readers need them, and uniqueness does.
func (s *Store) setIndexesAside(ctx context.Context) (restore func() error, err error) {
	restore = func() error { return nil }
	if !s.volatile {
		return restore, nil
	}
	var accounts int
	if err := first(ctx, s.readers, `SELECT count(*) FROM (SELECT 1 FROM service_accounts LIMIT 1) any`, nil, &accounts); err != nil || accounts > 0 {
		return restore, err
	}
	var drop, create []string
	err = s.readers.run(ctx, true, func(rows *sql.Rows) error {
		var name, definition string
		err := rows.Scan(&name, &definition)
		drop, create = append(drop, `DROP INDEX `+name), append(create, definition)
		return err
	}, `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('service_accounts', 'keys')`)
	if err != nil {
		return restore, err
	}
	return func() error { return s.execAll(ctx, create) }, s.execAll(ctx, drop)
}

func (s *Store) execAll(ctx context.Context, statements []string) error {
	return s.transactAlone(ctx, func(t *transaction) error {
		for _, statement := range statements {
			if _, err := t.tx.ExecContext(ctx, statement); err != nil {
				return s.writer.failed(err)
			}
		}
		return nil
	})
}

// bulkInsert is an INSERT of several rows.
type bulkInsert struct {
	into     string
	columns  int
	conflict string // what to do when a row is there, "" to fail
}

// rows returns the statement for n rows, which begins with verb.
func (b bulkInsert) rows(verb string, n int) string {
	row := `(` + placeholders(b.columns) + `)`
	return verb + b.into + ` VALUES ` + row + strings.Repeat(`, `+row, n-1) + b.conflict
}

// What an imported account consists of, in the order that foreign keys ask for.
var imports = []bulkInsert{
	inserts[intoAccounts], inserts[intoMemberships],
	{`keys (` + accountKeyColumns + `, last_used_at, last_used_ip)`, 10, ``},
	inserts[intoEvents],
}

func importAll(ctx context.Context, t *transaction, accounts []ImportedAccount) error {
	last, err := lastEvent(ctx, t)
	if err != nil {
		return err
	}
	values := make([][]any, len(imports))
	for batch := range slices.Chunk(accounts, importRows) {
		for i := range values {
			values[i] = values[i][:0]
		}
		for i := range batch {
			account := &batch[i]
			last = last.next(account.Event)
			event, err := last.columns()
			if err != nil {
				return err
			}
			values[0] = append(values[0], accountValues(account.Account)...)
			values[1] = append(values[1], account.Account.ID, account.Account.Team.ID,
				string(api.IdentityServiceAccount), micros(account.Account.CreatedAt))
			values[2] = append(append(values[2], keyValues(account.Account, account.Key)...),
				microsOrNull(account.Account.Key.LastUsedAt), textOrNull(account.Account.Key.LastUsedIP))
			values[3] = append(values[3], event...)
		}
		for i, insert := range imports {
			if _, err := t.exec(ctx, insert.rows(t.statements.dialect.insert, len(batch)), values[i]...); err != nil {
				return err
			}
		}
	}
	return nil
}
