package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var accessCases = []contractCase{
	{"user", testUser},
	{"users, filtered", testUsers},
	{"users, paged", testUserPages},
	{"teams of a user", testUserTeams},
	{"members of a team", testMembers},
	{"roles", testRoles},
}

func ref(team api.Team) api.Ref { return api.Ref{ID: team.ID, Name: team.Name} }

func (f *fixture) member(t *testing.T, team api.Team, users ...server.User) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		for _, user := range users {
			if err := tx.InsertMember(ctx, team.ID, user.ID, Epoch); err != nil {
				return err
			}
		}
		return nil
	})
}

// newUser makes an active user.
func (f *fixture) newUser(t *testing.T, email string) server.User {
	t.Helper()
	user := server.User{
		ID: f.id(), Email: email, Status: server.UserActive, CreatedAt: stored(Epoch), UpdatedAt: stored(Epoch.Add(time.Hour)),
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertUser(ctx, user) })
	return user
}

func testUser(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.member(t, f.web, f.ada)
	f.member(t, f.data, f.ada)
	want := server.UserDetails{User: f.ada, Teams: []api.Ref{ref(f.web), ref(f.data)}}
	if got, err := f.Store.User(t.Context(), f.ada.ID); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	want = server.UserDetails{User: f.sven, Teams: []api.Ref{}}
	if got, err := f.Store.User(t.Context(), f.sven.ID); err != nil || !cmp.Equal(want, got) {
		t.Errorf("without teams: %v\n%s", err, cmp.Diff(want, got))
	}
	for _, id := range []string{f.olga.ID, NewID(1000), ""} {
		if got, err := f.Store.User(t.Context(), id); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("%q: %+v, %v; want ErrNotFound", id, got, err)
		}
	}
}

func emails(users []server.UserDetails) []string {
	emails := make([]string, len(users))
	for i, user := range users {
		emails[i] = user.Email
	}
	return emails
}

func testUsers(t *testing.T, db Database) {
	f := newFixture(t, db)
	bob := f.newUser(t, "bob@example.com") // between Ada and Olga: case does not order
	f.member(t, f.data, bob, f.sven)
	type filter = api.UserFilter
	for _, c := range []struct {
		filter filter
		want   []string
	}{
		{filter{}, []string{"Ada@Example.com", "bob@example.com", "Sven@Example.com"}},
		{filter{Email: "ADA@example.COM"}, []string{"Ada@Example.com"}},
		{filter{Email: "ada@example"}, []string{}},
		{filter{Email: "olga@example.com"}, []string{}},
		{filter{Statuses: []api.UserStatus{api.UserSuspended}}, []string{"Sven@Example.com"}},
		{filter{Statuses: []api.UserStatus{api.UserCreated}}, []string{}},
		{filter{Statuses: []api.UserStatus{api.UserDeleted, api.UserSuspended}}, []string{"Olga@Example.com", "Sven@Example.com"}},
		{filter{Statuses: []api.UserStatus{api.UserDeleted}, Email: "OLGA@Example.com"}, []string{"Olga@Example.com"}},
		{filter{Team: f.data.ID}, []string{"bob@example.com", "Sven@Example.com"}},
		{filter{Team: f.data.ID, Statuses: []api.UserStatus{api.UserActive}}, []string{"bob@example.com"}},
		{filter{Team: NewID(1000)}, []string{}},
	} {
		page, err := f.Store.Users(t.Context(), server.UserQuery{PageQuery: server.PageQuery{Limit: 5, Total: true}, UserFilter: c.filter})
		if err != nil || !cmp.Equal(c.want, emails(page.Users)) || page.Total != len(c.want) || page.Next != nil {
			t.Errorf("%+v: %v, total %d, next %v, %v; want %v", c.filter, emails(page.Users), page.Total, page.Next, err, c.want)
		}
	}
	deleted, err := f.Store.Users(t.Context(), server.UserQuery{
		PageQuery: server.PageQuery{Limit: 1}, UserFilter: filter{Statuses: []api.UserStatus{api.UserDeleted}},
	})
	want := server.UserPage{Users: []server.UserDetails{{User: f.olga, Teams: []api.Ref{}}}, Total: -1}
	if err != nil || !cmp.Equal(want, deleted) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, deleted))
	}
}

func testUserPages(t *testing.T, db Database) {
	f := newFixture(t, db)
	want := []string{"Ada@Example.com"}
	for i := range 5 {
		user := f.newUser(t, fmt.Sprintf("P%d@example.com", i))
		f.member(t, f.web, user)
		want = append(want, user.Email)
	}
	want = append(want, "Sven@Example.com")
	for limit := 1; limit <= len(want); limit++ {
		var got []string
		var after *server.Cursor
		for pages := 0; pages == 0 || after != nil; pages++ {
			page, err := f.Store.Users(t.Context(), server.UserQuery{PageQuery: server.PageQuery{Limit: limit, After: after, Total: true}})
			if err != nil || pages > len(want) || len(page.Users) > limit || page.Total != len(want) {
				t.Fatalf("limit %d: %+v, %v", limit, page, err)
			}
			for _, user := range page.Users {
				if member := user.Email[0] == 'P'; member != cmp.Equal(user.Teams, []api.Ref{ref(f.web)}) {
					t.Errorf("%s is in %v", user.Email, user.Teams)
				}
			}
			got, after = append(got, emails(page.Users)...), page.Next
		}
		if !cmp.Equal(want, got) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
}

func testUserTeams(t *testing.T, db Database) {
	f := newFixture(t, db)
	want := []api.Ref{}
	for i := range api.DefaultPageSize + 1 {
		team := api.Team{ID: f.id(), Name: fmt.Sprintf("team %02d", i), Role: f.web.Role, CreatedAt: Epoch, UpdatedAt: Epoch}
		f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertTeam(ctx, team) })
		f.member(t, team, f.ada)
		want = append(want, ref(team))
		user, err := f.Store.User(t.Context(), f.ada.ID)
		if err != nil || len(user.Teams) != min(i+1, api.DefaultPageSize) || user.MoreTeams != (i == api.DefaultPageSize) {
			t.Errorf("in %d teams: %d are shown, more: %t, %v", i+1, len(user.Teams), user.MoreTeams, err)
		}
	}
	first, err := f.Store.UserTeams(t.Context(), f.ada.ID, server.PageQuery{Limit: 20, Total: true})
	if err != nil || !cmp.Equal(server.UserTeamPage{Teams: want[:20], More: true, Total: 21}, first) {
		t.Errorf("%+v, %v", first, err)
	}
	last := first.Teams[19]
	for _, query := range []server.PageQuery{{Limit: 20, Offset: 20}, {Limit: 20, After: &server.Cursor{Name: last.Name, ID: last.ID}}} {
		rest, err := f.Store.UserTeams(t.Context(), f.ada.ID, query)
		if err != nil || !cmp.Equal(server.UserTeamPage{Teams: want[20:], Total: -1}, rest) {
			t.Errorf("%+v: %+v, %v", query, rest, err)
		}
	}
	none, err := f.Store.UserTeams(t.Context(), NewID(1000), server.PageQuery{Limit: 20})
	if err != nil || !cmp.Equal(server.UserTeamPage{Teams: []api.Ref{}, Total: -1}, none) {
		t.Errorf("of nobody: %+v, %v", none, err)
	}
}

func testMembers(t *testing.T, db Database) {
	f := newFixture(t, db)
	bob := f.newUser(t, "bob@example.com")
	f.member(t, f.data, f.sven, bob, f.ada, f.olga)
	f.account(t, f.data, "bot")
	want := []api.Member{{ID: f.ada.ID, Email: f.ada.Email}, {ID: bob.ID, Email: bob.Email}, {ID: f.sven.ID, Email: f.sven.Email}}
	all, err := f.Store.Members(t.Context(), f.data.ID, server.PageQuery{Limit: 3, Total: true})
	if err != nil || !cmp.Equal(server.MemberPage{Members: want, Total: 3}, all) {
		t.Errorf("%+v, %v", all, err)
	}
	first, err := f.Store.Members(t.Context(), f.data.ID, server.PageQuery{Limit: 2})
	if err != nil || !cmp.Equal(want[:2], first.Members) || first.Next == nil || first.Total != -1 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, query := range []server.PageQuery{{Limit: 2, Offset: 2}, {Limit: 2, After: first.Next}} {
		rest, err := f.Store.Members(t.Context(), f.data.ID, query)
		if err != nil || !cmp.Equal(server.MemberPage{Members: want[2:], Total: -1}, rest) {
			t.Errorf("%+v: %+v, %v", query, rest, err)
		}
	}
	none, err := f.Store.Members(t.Context(), f.web.ID, server.PageQuery{Limit: 2, Total: true})
	if err != nil || !cmp.Equal(server.MemberPage{Members: []api.Member{}}, none) {
		t.Errorf("of an empty team: %+v, %v", none, err)
	}
}

func testRoles(t *testing.T, db Database) {
	f := newFixture(t, db)
	want := []api.Role{f.data.Role, f.web.Role, f.admins.Role} // builder, developer, tenant-admin
	for i := range want {
		want[i].CreatedAt, want[i].UpdatedAt = stored(Epoch), stored(Epoch)
		if got, err := f.Store.Role(t.Context(), want[i].ID); err != nil || !cmp.Equal(want[i], got) {
			t.Errorf("%v\n%s", err, cmp.Diff(want[i], got))
		}
	}
	all, err := f.Store.Roles(t.Context(), server.PageQuery{Limit: 3, Total: true})
	if err != nil || !cmp.Equal(server.RolePage{Roles: want, Total: 3}, all) {
		t.Errorf("%v\n%s", err, cmp.Diff(server.RolePage{Roles: want, Total: 3}, all))
	}
	first, err := f.Store.Roles(t.Context(), server.PageQuery{Limit: 2})
	if err != nil || !cmp.Equal(server.RolePage{Roles: want[:2], More: true, Total: -1}, first) {
		t.Errorf("%+v, %v", first, err)
	}
	for _, query := range []server.PageQuery{{Limit: 2, Offset: 2}, {Limit: 2, After: &server.Cursor{Name: want[1].Name, ID: want[1].ID}}} {
		rest, err := f.Store.Roles(t.Context(), query)
		if err != nil || !cmp.Equal(server.RolePage{Roles: want[2:], Total: -1}, rest) {
			t.Errorf("%+v: %+v, %v", query, rest, err)
		}
	}
	if got, err := f.Store.Role(t.Context(), NewID(1000)); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("an unknown role: %+v, %v; want ErrNotFound", got, err)
	}
}
