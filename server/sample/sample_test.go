package sample_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

var now = time.Date(2031, 5, 7, 11, 30, 15, 23456789, time.UTC)

func open(t testing.TB, options sqlstore.Options) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "sample.db"), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func load(t testing.TB, store *sqlstore.Store, seed uint64, accounts int) api.Secret {
	t.Helper()
	organization, err := sample.New(seed, now, accounts)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sample.Load(context.Background(), store, organization, sample.Admin{Email: "ada@example.com", Name: "Ada"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func accounts(t testing.TB, store server.Store) []api.ServiceAccount {
	t.Helper()
	var all []api.ServiceAccount
	query := server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 300}}
	for {
		page, err := store.ServiceAccounts(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.ServiceAccounts...)
		if !page.More {
			return all
		}
		last := all[len(all)-1]
		query.After = &server.Cursor{Name: last.Name, ID: last.ID}
	}
}

func TestTheSameEveryTime(t *testing.T) {
	first, second, other := open(t, sqlstore.Options{Volatile: true}), open(t, sqlstore.Options{}), open(t, sqlstore.Options{})
	load(t, first, 7, 250)
	load(t, second, 7, 250)
	load(t, other, 8, 250)
	want := accounts(t, first)
	if len(want) != 250 {
		t.Fatalf("%d service accounts, want 250", len(want))
	}
	if diff := cmp.Diff(want, accounts(t, second)); diff != "" {
		t.Errorf("another store, the same seed and moment:\n%s", diff)
	}
	if cmp.Equal(want, accounts(t, other)) {
		t.Error("another seed gives the same service accounts")
	}
}

func TestAccountsLookReal(t *testing.T) {
	organization, err := sample.New(1, now, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]api.Team{}
	for _, team := range organization.Teams {
		made[team.Name] = team
	}
	made[server.TeamAdministrators] = api.Team{ID: "administrators"}
	made[server.TeamDevelopers] = api.Team{ID: "developers"}
	var latest time.Time
	var young, old, never, recent, idle, script int
	teams, creators, inTeam := map[string]int{}, map[string]bool{}, map[[2]string]bool{}
	hints := map[string]bool{}
	for imported := range organization.Accounts(made) {
		a := imported.Account
		if a.CreatedAt.Before(latest) || a.CreatedAt.After(now) || !imported.Event.Time.Equal(a.CreatedAt) {
			t.Errorf("%q was made at %v, after one of %v", a.Name, a.CreatedAt, latest)
		}
		latest = a.CreatedAt
		hints[a.Key.Hint] = true
		if err := api.CheckName(a.Name); err != nil {
			t.Errorf("%q: %v", a.Name, err)
		}
		if id, err := uuid.Parse(a.ID); err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Errorf("%q: id %s is no UUID of version 7", a.Name, a.ID)
		}
		if taken := [2]string{a.Team.ID, a.Name}; inTeam[taken] {
			t.Errorf("%q is there twice in team %s", a.Name, a.Team.Name)
		} else {
			inTeam[taken] = true
		}
		teams[a.Team.Name]++
		creators[a.CreatedBy.Name] = true
		count(&script, a.Name[0] >= 0x80)
		count(&young, now.Sub(a.CreatedAt) < time.Hour)
		count(&old, now.Sub(a.CreatedAt) > 2*365*24*time.Hour)
		used := a.Key.LastUsedAt
		switch {
		case used == nil:
			never++
			continue
		case used.After(now) || used.Before(a.CreatedAt):
			t.Errorf("%q was last used at %v, made at %v", a.Name, used, a.CreatedAt)
		case a.Key.LastUsedIP == "":
			t.Errorf("%q was used from nowhere", a.Name)
		}
		count(&recent, now.Sub(*used) < 10*time.Minute)
		count(&idle, now.Sub(*used) > 90*24*time.Hour)
	}
	for what, n := range map[string]int{
		"younger than an hour": young, "older than two years": old, "never used": never,
		"used within minutes": recent, "unused for 90 days": idle, "named in another script": script,
	} {
		if n == 0 {
			t.Errorf("no service account is %s", what)
		}
	}
	if len(hints) < 19_900 {
		t.Errorf("%d different hints of 20,000", len(hints))
	}
	if len(teams) != 12 || len(creators) < 30 {
		t.Errorf("%d teams and %d creators, want 12 and at least 30", len(teams), len(creators))
	}
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func TestLoadMakesAnAdministrator(t *testing.T) {
	ctx := context.Background()
	store := open(t, sqlstore.Options{})
	key := load(t, store, 1, 0)
	admin, err := store.IdentityByKey(ctx, api.HashKey(key.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	if admin.Name != "Ada" || admin.Email != "ada@example.com" || len(admin.Teams) != 1 || admin.Teams[0].Role.Name != api.RoleTenantAdmin {
		t.Errorf("the administrator is %+v", admin)
	}
	again, err := sample.New(1, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	given, err := sample.Load(ctx, open(t, sqlstore.Options{}), again, sample.Admin{Email: "ada@example.com", Key: key}, nil)
	if err != nil || given.Reveal() != key.Reveal() {
		t.Errorf("the key that was given was not taken: %v", err)
	}
	if all := accounts(t, store); len(all) != 0 {
		t.Errorf("%d service accounts, want none", len(all))
	}
	organization, err := sample.New(1, now, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample.Load(ctx, store, organization, sample.Admin{Email: "eve@example.com"}, nil); !errors.Is(err, server.ErrInitialised) {
		t.Errorf("loading twice: %v, want ErrInitialised", err)
	}
}

func TestTeamsAndRoles(t *testing.T) {
	store := open(t, sqlstore.Options{})
	load(t, store, 1, 0)
	page, err := store.Teams(context.Background(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 300, Total: true}})
	if err != nil {
		t.Fatal(err)
	}
	admins := 0
	for _, team := range page.Teams {
		count(&admins, team.Role.Name == api.RoleTenantAdmin)
		switch team.Name {
		case "support":
			if api.PermitsAny(team.Role.Permissions, api.ManageServiceAccounts) || !api.Permits(team.Role.Permissions, api.ViewServiceAccounts, "") {
				t.Errorf("support may do %v, want to look only", team.Role.Permissions)
			}
		case server.TeamDevelopers:
			if team.Role.Name != api.RoleDeveloper || len(team.Role.Permissions) != 0 {
				t.Errorf("developers have role %+v", team.Role)
			}
		case "platform":
			if !api.Permits(team.Role.Permissions, api.ManageServiceAccounts, team.ID) || api.Permits(team.Role.Permissions, api.ManageServiceAccounts, "") {
				t.Errorf("platform may do %v, want to manage its own service accounts", team.Role.Permissions)
			}
		}
	}
	if page.Total != 12 || len(page.Teams) != 12 || admins != 1 {
		t.Errorf("%d of %d teams, %d with role tenant-admin; want 12 and 1", len(page.Teams), page.Total, admins)
	}
}

func TestUsers(t *testing.T) {
	organization, err := sample.New(3, now, 10)
	if err != nil {
		t.Fatal(err)
	}
	statuses := map[server.UserStatus]int{}
	for _, user := range organization.Users {
		statuses[user.Status]++
		if (user.Status == server.UserDeleted) != (user.DeletedAt != nil) {
			t.Errorf("%s is %s, deleted at %v", user.Name, user.Status, user.DeletedAt)
		}
	}
	if len(organization.Users) != 40 || statuses[server.UserSuspended] == 0 || statuses[server.UserDeleted] == 0 {
		t.Errorf("%d users: %v", len(organization.Users), statuses)
	}
}

func TestNumberOfAccounts(t *testing.T) {
	for _, n := range []int{-1, sample.MaxAccounts + 1} {
		if _, err := sample.New(1, now, n); err == nil {
			t.Errorf("%d service accounts were accepted", n)
		}
	}
}

func TestProgress(t *testing.T) {
	store := open(t, sqlstore.Options{Volatile: true})
	organization, err := sample.New(1, now, 2_345)
	if err != nil {
		t.Fatal(err)
	}
	var told []int
	_, err = sample.Load(context.Background(), store, organization, sample.Admin{Email: "ada@example.com"}, func(done int) { told = append(told, done) })
	if err != nil {
		t.Fatal(err)
	}
	if len(told) < 2 || told[len(told)-1] != 2_345 {
		t.Errorf("progress was told %v, want several steps to 2345", told)
	}
}
