package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var roleWriteCases = []contractCase{
	{"changed team", testTeamWrites},
	{"deleted team", testDeleteTeam},
	{"changed role", testUpdateRole},
	{"deleted role", testDeleteRole},
}

// absentNow checks that each of the changes finds nothing to change.
func (f *fixture) absentNow(t *testing.T, changes ...func(ctx context.Context, tx server.Tx) error) {
	t.Helper()
	for i, change := range changes {
		if err := f.try(t, change); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("change %d: %v, want ErrNotFound", i, err)
		}
	}
}

func testTeamWrites(t *testing.T, db Database) {
	f := newFixture(t, db)
	want := f.data
	want.Name, want.Role, want.UpdatedAt = "Data", f.web.Role, stored(Epoch.Add(time.Hour))
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if err := tx.UpdateTeam(ctx, want); err != nil {
			return err
		}
		if got, err := tx.TeamByName(ctx, "Data"); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
		for _, name := range []string{"data", "DATA", ""} {
			if got, err := tx.TeamByName(ctx, name); !errors.Is(err, server.ErrNotFound) {
				t.Errorf("%q: %+v, %v; want ErrNotFound", name, got, err)
			}
		}
		return nil
	})
	if got, err := f.Store.Team(t.Context(), want.ID); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	taken := want
	taken.Name = "Web"
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, taken) }); err == nil {
		t.Error("two living teams have one name")
	}
	taken.ID = NewID(1000)
	f.absentNow(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, taken) })
}

func testDeleteTeam(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.member(t, f.data, f.ada, f.sven)
	f.member(t, f.web, f.ada)
	ada := f.key()
	account, _ := f.account(t, f.data, "bot")
	accounts := func(ctx context.Context, tx server.Tx, team api.Team, want int) {
		t.Helper()
		if n, err := tx.CountServiceAccounts(ctx, team.ID); err != nil || n != want {
			t.Errorf("%s has %d accounts, %v; want %d", team.Name, n, err, want)
		}
	}
	remove := func(ctx context.Context, tx server.Tx) error { return tx.DeleteTeam(ctx, f.data.ID, Epoch) }
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		accounts(ctx, tx, f.data, 1)
		accounts(ctx, tx, f.web, 0)
		if err := tx.DeleteServiceAccount(ctx, account.ID, Epoch); err != nil {
			return err
		}
		accounts(ctx, tx, f.data, 0)
		return errors.Join(tx.InsertDeveloperKey(ctx, f.ada.ID, ada), remove(ctx, tx))
	})
	f.identity(t, ada, server.Identity{
		Type: api.IdentityUser, ID: f.ada.ID, Name: "Ada", Email: "Ada@Example.com", Status: server.UserActive,
		Teams: []api.Team{f.web}, KeyID: ada.ID,
	})
	if user, err := f.Store.User(t.Context(), f.ada.ID); err != nil || !cmp.Equal(user.Teams, []api.Ref{ref(f.web)}) {
		t.Errorf("%+v, %v", user, err)
	}
	if page, err := f.Store.Members(t.Context(), f.data.ID, server.PageQuery{Limit: 5}); err != nil || len(page.Members) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	f.absentNow(t, remove, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, f.data) },
		func(ctx context.Context, tx server.Tx) error { _, err := tx.TeamByName(ctx, "data"); return err })
	again := f.data
	again.ID = f.id()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertTeam(ctx, again) })
}

func testUpdateRole(t *testing.T, db Database) {
	f := newFixture(t, db)
	want := f.data.Role
	want.Name, want.CreatedAt, want.UpdatedAt = "maker", stored(Epoch), stored(Epoch.Add(time.Hour))
	want.Permissions = []api.Permission{
		{Action: api.CreateAgent, Scope: api.ScopeAll},
		{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1", "agent-2"}},
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if err := tx.UpdateRole(ctx, want); err != nil {
			return err
		}
		for what, find := range map[string]func() (api.Role, error){
			"by id":   func() (api.Role, error) { return tx.Role(ctx, want.ID) },
			"by name": func() (api.Role, error) { return tx.RoleByName(ctx, "maker") },
		} {
			if got, err := find(); err != nil || !cmp.Equal(want, got) {
				t.Errorf("%s: %v\n%s", what, err, cmp.Diff(want, got))
			}
		}
		if got, err := tx.RoleByName(ctx, "builder"); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("by the old name: %+v, %v", got, err)
		}
		return nil
	})
	if team, err := f.Store.Team(t.Context(), f.data.ID); err != nil || !cmp.Equal(want.Permissions, team.Role.Permissions) {
		t.Errorf("the team that has it: %+v, %v", team, err)
	}
	taken := want
	taken.Name = api.RoleDeveloper
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateRole(ctx, taken) }); err == nil {
		t.Error("two living roles have one name")
	}
	if got, err := f.Store.Role(t.Context(), want.ID); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
}

func testDeleteRole(t *testing.T, db Database) {
	f := newFixture(t, db)
	unused := api.Role{ID: f.id(), Name: "unused", CreatedBy: api.CreatedByUser, Permissions: []api.Permission{{Action: api.UseAgents, Scope: api.ScopeAll}}}
	remove := func(ctx context.Context, tx server.Tx) error { return tx.DeleteRole(ctx, unused.ID, Epoch) }
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if err := tx.InsertRole(ctx, unused, Epoch); err != nil {
			return err
		}
		for id, want := range map[string]int{f.data.Role.ID: 1, unused.ID: 0, NewID(1000): 0} {
			if n, err := tx.CountTeams(ctx, id); err != nil || n != want {
				t.Errorf("%d teams, %v; want %d", n, err, want)
			}
		}
		if err := tx.DeleteTeam(ctx, f.data.ID, Epoch); err != nil {
			return err
		}
		if n, err := tx.CountTeams(ctx, f.data.Role.ID); err != nil || n != 0 {
			t.Errorf("%d living teams, %v", n, err)
		}
		return remove(ctx, tx)
	})
	if got, err := f.Store.Role(t.Context(), unused.ID); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("%+v, %v; want ErrNotFound", got, err)
	}
	if page, err := f.Store.Roles(t.Context(), server.PageQuery{Limit: 9, Total: true}); err != nil || page.Total != 3 {
		t.Errorf("%+v, %v", page, err)
	}
	f.absentNow(t, remove, func(ctx context.Context, tx server.Tx) error { return tx.UpdateRole(ctx, unused) },
		func(ctx context.Context, tx server.Tx) error { _, err := tx.RoleByName(ctx, "unused"); return err })
	unused.ID = f.id()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertRole(ctx, unused, Epoch) })
}
