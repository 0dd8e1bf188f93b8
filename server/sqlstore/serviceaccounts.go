package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// ServiceAccounts implements [server.Store]. The filter Query finds its text
// anywhere in the name, in any case of any script: both are composed (NFC) and
// case-folded, so STRASSE finds Straße and Ä finds ä, but a does not find ä.
func (s *Store) ServiceAccounts(ctx context.Context, query server.ServiceAccountQuery) (server.ServiceAccountPage, error) {
	page := server.ServiceAccountPage{ServiceAccounts: make([]api.ServiceAccount, 0, query.Limit+1)}
	var version int64
	list := accountListing(query)
	list.scan = func(rows *sql.Rows) error {
		var row string
		if err := rows.Scan(&row); err != nil {
			return err
		}
		page.ServiceAccounts = append(page.ServiceAccounts, api.ServiceAccount{})
		return readAccountRow(row, &version, &page.ServiceAccounts[len(page.ServiceAccounts)-1])
	}
	list.found = func() int { return len(page.ServiceAccounts) }
	var err error
	page.Total, page.More, err = s.page(ctx, query.PageQuery, list)
	if err != nil {
		return server.ServiceAccountPage{}, err
	}
	if page.More {
		page.ServiceAccounts = page.ServiceAccounts[:query.Limit]
		if page.Ahead, err = s.accountsAhead(ctx, query, page.ServiceAccounts[query.Limit-1]); err != nil {
			return server.ServiceAccountPage{}, err
		}
	}
	if err := s.nameTeams(ctx, version, page.ServiceAccounts); err != nil {
		return server.ServiceAccountPage{}, err
	}
	return page, nil
}

// accountsAhead finds where the pages end that follow an account. It reads the
// index alone.
func (s *Store) accountsAhead(ctx context.Context, query server.ServiceAccountQuery, last api.ServiceAccount) ([]server.Cursor, error) {
	var ends []server.Cursor
	end := server.Cursor{Name: last.Name, ID: last.ID}
	for len(ends) < query.Ahead {
		found := false
		list := listing{
			where: accountConditions(query), name: "a.name", id: "a.id",
			rows: func(where, page string) string { return `SELECT a.name, a.id FROM service_accounts a` + where + page },
		}
		text, args := list.text(server.PageQuery{After: &end, Offset: query.Limit - 1})
		err := s.readers.run(ctx, list.where.varying, func(rows *sql.Rows) error {
			found = true
			return rows.Scan(&end.Name, &end.ID)
		}, text, args...)
		if err != nil || !found {
			return ends, err
		}
		ends = append(ends, end)
	}
	return ends, nil
}

// accountListing is how service accounts are listed; what takes the rows is
// still to be said.
func accountListing(query server.ServiceAccountQuery) listing {
	return listing{
		where: accountConditions(query),
		count: `SELECT count(*) FROM service_accounts a`,
		rows: func(where, page string) string {
			if query.Offset > 0 {
				// Rows that are passed over need not be joined to anything.
				passed := `(SELECT * FROM service_accounts a` + where + page + `) a`
				return accountRow + passed + keyJoin + ` ORDER BY a.name, a.id`
			}
			return accountRow + `service_accounts a` + keyJoin + where + page
		},
		name: "a.name", id: "a.id",
	}
}

func accountConditions(query server.ServiceAccountQuery) conditions {
	var where conditions
	where.add(`a.deleted_at IS NULL`)
	if query.Team != "" {
		where.add(`a.team_id = ?`, query.Team)
	}
	if query.TeamIDs != nil {
		where.in(`a.team_id`, query.TeamIDs)
	}
	if query.CreatedBy != "" {
		where.add(`a.created_by_id = ?`, query.CreatedBy)
	}
	if query.Query != "" {
		where.add(`coalesce(a.name_folded, a.name) LIKE ? ESCAPE '\'`, `%`+likeEscape.Replace(fold(query.Query))+`%`)
	}
	if query.KeyHash != "" {
		// A text that is no hash matches no key.
		hash, err := hex.DecodeString(query.KeyHash)
		if err != nil || len(hash) != len(api.KeyHash{}) {
			hash = make([]byte, len(api.KeyHash{}))
		}
		where.add(`a.id = (SELECT service_account_id FROM keys WHERE slot = ? AND hash = ? AND deleted_at IS NULL)`, slotOf(api.KeyHash(hash)), hash)
	}
	return where
}

// likeEscape takes their meaning from the characters that LIKE gives one.
var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// ServiceAccount implements [server.Store].
func (s *Store) ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error) {
	return serviceAccount(ctx, s.readers, `a.id = ?`, id)
}

// accountSelect joins from the left, so that the accounts are read in the
// order of their index, whatever the planner thinks of the small tables.
const (
	accountSelect = `SELECT a.id, a.name, a.team_id, t.name, a.created_by_type, a.created_by_id, a.created_by_name, a.created_at,
	k.hint, k.created_at, k.last_used_at, k.last_used_ip
	FROM service_accounts a` + keyJoin + `
	LEFT JOIN teams t ON t.id = a.team_id`
	keyJoin = `
	LEFT JOIN keys k ON k.service_account_id = a.id AND k.deleted_at IS NULL`
)

func serviceAccount(ctx context.Context, from querier, where string, args ...any) (api.ServiceAccount, error) {
	var account api.ServiceAccount
	found := false
	err := from.query(ctx, func(rows *sql.Rows) (err error) {
		found = true
		account, err = scanAccount(rows)
		return err
	}, accountSelect+` WHERE a.deleted_at IS NULL AND `+where, args...)
	switch {
	case err != nil:
		return api.ServiceAccount{}, err
	case !found:
		return api.ServiceAccount{}, server.ErrNotFound
	}
	return account, nil
}

func scanAccount(rows *sql.Rows) (api.ServiceAccount, error) {
	var a api.ServiceAccount
	var createdAt int64
	var team, hint, ip sql.NullString
	var keyCreatedAt, usedAt sql.NullInt64
	err := rows.Scan(&a.ID, &a.Name, &a.Team.ID, &team, &a.CreatedBy.Type, &a.CreatedBy.ID, &a.CreatedBy.Name, &createdAt,
		&hint, &keyCreatedAt, &usedAt, &ip)
	if err != nil {
		return api.ServiceAccount{}, err
	}
	a.Team.Name = team.String
	a.CreatedAt = timeOf(createdAt)
	a.Key = api.KeySummary{
		Hint: hint.String, CreatedAt: timeOf(keyCreatedAt.Int64),
		LastUsedAt: timeOrNil(usedAt), LastUsedIP: ip.String,
	}
	return a, nil
}
