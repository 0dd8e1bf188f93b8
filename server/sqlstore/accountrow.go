package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// A console reads every account at its start. What that costs is less the
// rows than the way they are handed over, value by value: so a row of the list
// is one text. Its parts that cannot hold the separator come first; of the two
// that people choose, the first is preceded by its length.
const (
	accountRow = `SELECT concat_ws('|', (` + selectVersion + `), a.id, a.team_id,
	a.created_by_type, a.created_by_id, a.created_at, coalesce(k.hint, ''), coalesce(k.created_at, 0),
	coalesce(CAST(k.last_used_at AS TEXT), ''), coalesce(k.last_used_ip, ''), octet_length(a.name), a.name, a.created_by_name)
	FROM `
	rowSeparator = "|"
	rowParts     = 11 // before the name
)

var errAccountRow = errors.New("a row of the list of service accounts cannot be read")

// readAccountRow reads an accountRow, but for the name of its team, and the
// version of access_version at which the row was read.
func readAccountRow(row string, version *int64, a *api.ServiceAccount) error {
	var parts [rowParts]string
	for i := range parts {
		var found bool
		if parts[i], row, found = strings.Cut(row, rowSeparator); !found {
			return errAccountRow
		}
	}
	var failed error
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		failed = errors.Join(failed, err)
		return n
	}
	*version = number(parts[0])
	a.ID, a.Team.ID = parts[1], parts[2]
	a.CreatedBy.Type, a.CreatedBy.ID = api.IdentityType(parts[3]), parts[4]
	a.CreatedAt = timeOf(number(parts[5]))
	a.Key = api.KeySummary{Hint: parts[6], CreatedAt: timeOf(number(parts[7])), LastUsedIP: parts[9]}
	if parts[8] != "" {
		used := timeOf(number(parts[8]))
		a.Key.LastUsedAt = &used
	}
	length := int(number(parts[10]))
	if failed != nil || length < 0 || length >= len(row) || row[length:length+1] != rowSeparator {
		return errors.Join(errAccountRow, failed)
	}
	a.Name, a.CreatedBy.Name = row[:length], row[length+1:]
	return nil
}

// nameTeams gives accounts that were read at a version of access_version the
// names of their teams. When a team was changed since then, the names are the
// new ones.
func (s *Store) nameTeams(ctx context.Context, version int64, accounts []api.ServiceAccount) error {
	of := map[string]bool{}
	for i := range accounts {
		of[accounts[i].Team.ID] = true
	}
	ids := slices.Collect(maps.Keys(of))
	teams, _, err := s.teamsAt(ctx, version, ids)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(ids))
	for _, team := range teams {
		names[team.ID] = team.Name
	}
	var unnamed []any
	for _, id := range ids {
		if _, named := names[id]; !named {
			unnamed = append(unnamed, id)
		}
	}
	if len(unnamed) > 0 {
		err := s.readers.run(ctx, true, func(rows *sql.Rows) error {
			var id, name string
			err := rows.Scan(&id, &name)
			names[id] = name
			return err
		}, `SELECT id, name FROM teams WHERE id IN (`+placeholders(len(unnamed))+`)`, unnamed...)
		if err != nil {
			return err
		}
	}
	for i := range accounts {
		accounts[i].Team.Name = names[accounts[i].Team.ID]
	}
	return nil
}
