// Package storetest is what every [server.Store] must do, as tests that run on
// any of them.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// Database is an empty store under test, and what a test must be able to do
// beside it.
type Database struct {
	Store server.Store
	// Events reads all audit events that are kept, by sequence, not through
	// the store.
	Events func(t *testing.T) []Recorded
	// RefuseEvents makes every later insert of an audit event fail.
	RefuseEvents func(t *testing.T)
	// Waiting is how many changes wait while one is being written.
	Waiting func() int
}

// Recorded is an audit event as it is kept.
type Recorded struct {
	Sequence int64
	Event    server.Event
	Hash     [32]byte
}

// Run runs the contract. open makes an empty database, and closes it when the
// test is over.
func Run(t *testing.T, open func(t *testing.T) Database) {
	for _, part := range [][]contractCase{
		coreCases,
		groupCases,
		auditCases,
		accessCases,
		callerCases,
		userWriteCases,
		memberCases,
		roleWriteCases,
		developerKeyCases,
		severalEventsCases,
		directoryCases,
		sshKeyCases,
	} {
		for _, c := range part {
			t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
		}
	}
}

// contractCase is one promise of a store, on a database of its own. Each area
// has its own part of them; a new part is named in [Run].
type contractCase struct {
	name string
	test func(t *testing.T, db Database)
}

var coreCases = []contractCase{
	{"organization", testOrganization},
	{"identities", testIdentities},
	{"identities follow their teams", testIdentitiesFollowTheirTeams},
	{"deleted identities", testDeletedIdentities},
	{"teams", testTeams},
	{"team filters", testTeamFilters},
	{"service account", testServiceAccount},
	{"names", testNames},
	{"order and paging", testPaging},
	{"rows of a list", testListRows},
	{"filters", testFilters},
	{"search", testSearch},
	{"replaced key", testReplaceKey},
	{"uses", testTouch},
	{"idempotent creates", testIdempotentCreates},
	{"users by email", testUserByEmail},
	{"events", testEvents},
	{"refused change", testRefusedChange},
	{"refused event", testRefusedEvent},
	{"panic", testPanic},
	{"end of a context", testCanceled},
	{"many writers", testManyWriters},
}

// Epoch is when everything in these tests happens. It has more digits than a
// store keeps.
var Epoch = time.Date(2030, 2, 3, 4, 5, 6, 123456789, time.FixedZone("somewhere", 3600))

// stored is a time as a store gives it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// fixture is a small organization.
type fixture struct {
	Database
	count int

	admins, data, web api.Team
	ada, sven, olga   server.User // active, suspended, deleted
}

// NewID returns the id with a number: ids ascend with their numbers.
func NewID(number int) string { return fmt.Sprintf("018f0000-0000-7000-8000-%012x", number) }

func (f *fixture) id() string {
	f.count++
	return NewID(f.count)
}

// event is the event of a change whose event is of no interest.
func (f *fixture) event() server.Event {
	return server.Event{
		ID: f.id(), Time: Epoch, Actor: api.Actor{Type: api.IdentitySystem},
		Action: "test", ResourceType: "test", Outcome: server.OutcomeSuccess,
	}
}

// write makes a change that must succeed.
func (f *fixture) write(t *testing.T, change func(ctx context.Context, tx server.Tx) error) {
	t.Helper()
	if err := f.try(t, change); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) try(t *testing.T, change func(ctx context.Context, tx server.Tx) error) error {
	t.Helper()
	event := f.event()
	return f.Store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
		return event, change(t.Context(), tx)
	})
}

// newFixture fills an empty database.
func newFixture(t *testing.T, db Database) *fixture {
	t.Helper()
	f := &fixture{Database: db}
	admin := api.Role{ID: f.id(), Name: api.RoleTenantAdmin, CreatedBy: api.CreatedBySystem, Permissions: api.AllPermissions()}
	builder := api.Role{ID: f.id(), Name: "builder", CreatedBy: api.CreatedByUser, Permissions: []api.Permission{
		{Action: api.UseAgents, Scope: api.ScopeAll},
		{Action: api.ViewServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{NewID(900), NewID(901)}},
	}}
	developer := api.Role{ID: f.id(), Name: api.RoleDeveloper, CreatedBy: api.CreatedBySystem, Permissions: []api.Permission{}}
	team := func(name string, role api.Role) api.Team {
		return api.Team{ID: f.id(), Name: name, Role: role, CreatedAt: stored(Epoch), UpdatedAt: stored(Epoch)}
	}
	f.admins, f.data, f.web = team("administrators", admin), team("data", builder), team("Web", developer)
	gone := stored(Epoch)
	user := func(name string, status server.UserStatus) server.User {
		return server.User{
			ID: f.id(), Email: name + "@Example.com", Name: name, Status: status,
			CreatedAt: stored(Epoch), UpdatedAt: stored(Epoch),
		}
	}
	f.ada, f.sven, f.olga = user("Ada", server.UserActive), user("Sven", server.UserSuspended), user("Olga", server.UserDeleted)
	f.olga.DeletedAt = &gone
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		steps := []error{tx.InsertOrganization(ctx, server.Organization{ID: f.id(), Name: "Acme", CreatedAt: Epoch})}
		for _, role := range []api.Role{admin, builder, developer} {
			steps = append(steps, tx.InsertRole(ctx, role, Epoch))
		}
		for _, team := range []api.Team{f.admins, f.data, f.web} {
			steps = append(steps, tx.InsertTeam(ctx, team))
		}
		for _, user := range []server.User{f.ada, f.sven, f.olga} {
			steps = append(steps, tx.InsertUser(ctx, user))
		}
		for _, err := range steps {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return f
}

// key makes what is stored of a key that nobody holds.
func (f *fixture) key() server.KeyRecord {
	id := f.id()
	return server.KeyRecord{ID: id, Hash: api.HashKey(id), Hint: "ps-" + id[len(id)-4:] + "…0000", CreatedAt: stored(Epoch)}
}

// account makes a service account, and returns it as it should be read.
func (f *fixture) account(t *testing.T, team api.Team, name string) (api.ServiceAccount, server.KeyRecord) {
	t.Helper()
	account, key := f.newAccount(team, name)
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertServiceAccount(ctx, account, key) })
	return account, key
}

func (f *fixture) newAccount(team api.Team, name string) (api.ServiceAccount, server.KeyRecord) {
	key := f.key()
	return api.ServiceAccount{
		ID: f.id(), Name: name, Team: api.Ref{ID: team.ID, Name: team.Name},
		Key:       api.KeySummary{Hint: key.Hint, CreatedAt: key.CreatedAt},
		CreatedBy: api.Actor{Type: api.IdentityUser, ID: f.ada.ID, Name: f.ada.Name}, CreatedAt: stored(Epoch),
	}, key
}

func (f *fixture) list(t *testing.T, query server.ServiceAccountQuery) server.ServiceAccountPage {
	t.Helper()
	if query.Limit == 0 {
		query.Limit = 300
	}
	page, err := f.Store.ServiceAccounts(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// names returns the names of a page, never nil.
func names(accounts []api.ServiceAccount) []string {
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = account.Name
	}
	return names
}
