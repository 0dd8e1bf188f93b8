package sqlstore

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Who a key belongs to is read anew each time it is presented: whether it, its
// account or its user is still there, and which teams these are in. What a
// team's role grants is of many rows, is the same for all who are in the team,
// and hardly ever changes. So it is kept, together with the version of
// access_version that it was read at, which every change of teams and roles
// raises in its own transaction. The lookup of a key reads that version in the
// same statement: what is kept is used only when nothing has changed since.

// accessAge is how long teams are kept at most. It bounds how long a change
// goes unseen that does not raise the version: one that an older version of
// this program makes beside this one, or somebody with SQL.
const accessAge = time.Second

// raiseAccess makes what is known of teams and roles void when the transaction
// is kept. It is also how a change learns that its caller has to be looked at
// again, so whatever takes something away from a user raises it (see
// [server.Tx], AccessUnchanged).
func (t *transaction) raiseAccess(ctx context.Context) error {
	t.raised = true
	_, err := t.exec(ctx, `UPDATE access_version SET version = version + 1 WHERE singleton = 1`)
	return err
}

// access is what is known of teams.
type access struct {
	mu      sync.RWMutex
	version int64
	read    time.Time
	teams   map[string]*api.Team // nil is a team that is gone
}

// at returns what is known of teams at a version, and which are unknown.
func (a *access) at(version int64, ids []string) (teams []api.Team, unknown []string) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.version != version || time.Since(a.read) > accessAge {
		return nil, ids
	}
	teams = make([]api.Team, 0, len(ids))
	for _, id := range ids {
		switch team, known := a.teams[id]; {
		case !known:
			unknown = append(unknown, id)
		case team != nil:
			teams = append(teams, *team)
		}
	}
	return teams, unknown
}

// learn keeps what was read at a version.
func (a *access) learn(version int64, ids []string, teams []api.Team) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); a.version != version || now.Sub(a.read) > accessAge || a.teams == nil {
		a.version, a.read, a.teams = version, now, map[string]*api.Team{}
	}
	for _, id := range ids {
		a.teams[id] = nil
	}
	for i := range teams {
		a.teams[teams[i].ID] = &teams[i]
	}
}

// teamsAt returns the living ones of these teams as they are at a version of
// access_version. It reports false when that is no longer the version.
func (s *Store) teamsAt(ctx context.Context, version int64, ids []string) ([]api.Team, bool, error) {
	if len(ids) == 0 {
		return []api.Team{}, true, nil
	}
	teams, unknown := s.access.at(version, ids)
	if len(unknown) == 0 {
		return teams, true, nil
	}
	var found teamRows
	var current int64
	args := make([]any, len(unknown))
	for i, id := range unknown {
		args[i] = id
	}
	err := s.readers.run(ctx, len(unknown) > 1, func(rows *sql.Rows) error {
		var row teamRow
		err := rows.Scan(append([]any{&current}, row.dest()...)...)
		found.add(&row)
		return err
	}, `SELECT v.version, `+teamColumns+` FROM access_version v
		LEFT JOIN teams t ON t.id IN (`+placeholders(len(unknown))+`) AND t.deleted_at IS NULL`+teamJoins+`
		WHERE v.singleton = 1`, args...)
	if err != nil || current != version {
		return nil, false, err
	}
	read := found.finish()
	s.access.learn(version, unknown, read)
	return append(teams, read...), true, nil
}

// team returns a living team as it is within the transaction, or ErrNotFound.
// What is known of it is used as long as the transaction itself has changed no
// team and no role.
func (t *transaction) team(ctx context.Context, id string) (api.Team, error) {
	if t.raised {
		return team(ctx, t, id)
	}
	if _, err := t.accessVersion(ctx); err != nil {
		return api.Team{}, err
	}
	if known, unknown := t.access.at(t.version, []string{id}); len(known) == 1 && len(unknown) == 0 {
		return known[0], nil
	}
	found, err := team(ctx, t, id)
	if err == nil {
		t.access.learn(t.version, []string{id}, []api.Team{found})
	}
	return found, err
}

// accessVersion is the version that was kept last, of a transaction that has
// not raised it.
func (t *transaction) accessVersion(ctx context.Context) (int64, error) {
	if t.version == 0 {
		if err := first(ctx, t, selectVersion, nil, &t.version); err != nil {
			return 0, err
		}
	}
	return t.version, nil
}
