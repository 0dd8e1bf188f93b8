package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var directoryCases = []contractCase{{"directory", testDirectory}}

func testDirectory(t *testing.T, db Database) {
	empty, err := db.Store.Directory(t.Context())
	if diff := cmp.Diff(server.Directory{Roles: []api.Role{}, Teams: []server.DirectoryTeam{}, Users: []server.User{}}, empty); err != nil || diff != "" {
		t.Errorf("of an empty database: %v\n%s", err, diff)
	}
	f := newFixture(t, db)
	f.account(t, f.data, "ci") // is in no directory
	zoe := server.User{ID: f.id(), Email: "zoe@example.com", Status: server.UserCreated, CreatedAt: stored(Epoch), UpdatedAt: stored(Epoch)}
	var inside server.Directory
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if err := tx.InsertUser(ctx, zoe); err != nil {
			return err
		}
		for _, team := range []api.Team{f.admins, f.data, f.web} {
			if _, err := tx.AddMembers(ctx, team.ID, []string{zoe.ID, f.ada.ID, f.sven.ID}, Epoch); err != nil {
				return err
			}
		}
		if err := tx.DeleteTeam(ctx, f.web.ID, Epoch); err != nil {
			return err
		}
		if teams, err := tx.TeamsOf(ctx, zoe.ID); err != nil || !cmp.Equal([]api.Team{f.admins, f.data}, teams) {
			t.Errorf("the teams of a user: %v, %v", teams, err)
		}
		if teams, err := tx.TeamsOf(ctx, NewID(1000)); err != nil || !cmp.Equal([]api.Team{}, teams) {
			t.Errorf("the teams of nobody: %v, %v", teams, err)
		}
		inside, err = tx.Directory(ctx)
		return err
	})
	roles, err := f.Store.Roles(t.Context(), server.PageQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	members := []string{f.ada.ID, f.sven.ID, zoe.ID}
	want := server.Directory{
		Roles: roles.Roles,
		Teams: []server.DirectoryTeam{{Team: f.admins, MemberIDs: members}, {Team: f.data, MemberIDs: members}},
		Users: []server.User{f.ada, f.sven, zoe},
	}
	for place, got := range map[string]func() (server.Directory, error){
		"in the transaction": func() (server.Directory, error) { return inside, nil },
		"after it":           func() (server.Directory, error) { return f.Store.Directory(t.Context()) },
	} {
		directory, err := got()
		if diff := cmp.Diff(want, directory); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", place, err, diff)
		}
	}
}
