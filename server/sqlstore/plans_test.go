package sqlstore_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

// Whatever is asked for all the time is read from an index that is made for
// it: a plan that passes over rows or sorts them is quick in a test and slow
// when there is a million.
func TestPlans(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "organization.db"), sqlstore.Options{})
	initialise(t, store)
	page := server.PageQuery{Limit: 300}
	after := server.PageQuery{Limit: 300, After: &server.Cursor{Name: "ci", ID: "1"}}
	filter := func(filter api.AuditFilter) func() (string, error) {
		return func() (string, error) {
			return store.AuditPlan(t.Context(), server.AuditQuery{AuditFilter: filter, Limit: 300, From: 17})
		}
	}
	accounts := func(query server.ServiceAccountQuery) func() (string, error) {
		return func() (string, error) { return store.AccountsPlan(t.Context(), query) }
	}
	for what, c := range map[string]struct {
		plan func() (string, error)
		want string
	}{
		"a key":                           {func() (string, error) { return store.KeyPlan(t.Context()) }, "SEARCH k USING INTEGER PRIMARY KEY (rowid=?)"},
		"the first page":                  {accounts(server.ServiceAccountQuery{PageQuery: page}), "SCAN a USING COVERING INDEX service_accounts_name"},
		"a page":                          {accounts(server.ServiceAccountQuery{PageQuery: after}), "SEARCH a USING COVERING INDEX service_accounts_name ((name,id)>(?,?))"},
		"the keys of a page":              {accounts(server.ServiceAccountQuery{PageQuery: after}), "SEARCH k USING COVERING INDEX keys_service_account (service_account_id=?)"},
		"a search":                        {accounts(server.ServiceAccountQuery{PageQuery: after, ServiceAccountFilter: api.ServiceAccountFilter{Query: "x"}}), "SEARCH a USING COVERING INDEX service_accounts_name ((name,id)>(?,?))"},
		"events":                          {filter(api.AuditFilter{}), "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>?)"},
		"events, newest first":            {filter(api.AuditFilter{NewestFirst: true}), "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"events of an actor":              {filter(api.AuditFilter{ActorID: "a"}), "SEARCH audit_events USING INDEX audit_events_actor (actor_id=? AND rowid>?)"},
		"events of a resource":            {filter(api.AuditFilter{ResourceID: "r"}), "SEARCH audit_events USING INDEX audit_events_resource (resource_id=? AND rowid>?)"},
		"events of an action":             {filter(api.AuditFilter{Action: "team.create"}), "SEARCH audit_events USING INDEX audit_events_action (action=? AND rowid>?)"},
		"events of an action, newest":     {filter(api.AuditFilter{Action: "team.create", NewestFirst: true}), "SEARCH audit_events USING INDEX audit_events_action (action=? AND rowid>? AND rowid<?)"},
		"events of an actor on a type":    {filter(api.AuditFilter{ActorID: "a", ActorType: "user", ResourceType: "team", Action: "team.create"}), "SEARCH audit_events USING INDEX audit_events_actor (actor_id=? AND rowid>?)"},
		"events since":                    {filter(api.AuditFilter{Since: storetest.Epoch}), "SEARCH audit_events USING COVERING INDEX audit_events_time (time>?)"},
		"events until":                    {filter(api.AuditFilter{Until: storetest.Epoch}), "SEARCH audit_events USING COVERING INDEX audit_events_time (time<?)"},
		"events since, in their order":    {filter(api.AuditFilter{Since: storetest.Epoch}), "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>?)"},
		"events until, newest, in theirs": {filter(api.AuditFilter{Until: storetest.Epoch, NewestFirst: true}), "SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
	} {
		plan, err := c.plan()
		if err != nil || !strings.Contains(plan, c.want) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %v, want %q in\n%s", what, err, c.want, plan)
		}
	}
}

// PostgreSQL looks at what is there before it decides, so there has to be
// something, and it has to have looked.
func TestPostgresPlans(t *testing.T) {
	dsn := postgrestest.New(t)
	store, beside := openDSN(t, dsn, sqlstore.Options{}), postgrestest.Connect(t, dsn)
	initialise(t, store)
	// Of tables that it has not looked at, it must not guess either.
	plan, err := store.KeyPlan(t.Context())
	if err != nil || !strings.Contains(plan, "keys_slot") || strings.Contains(plan, "Seq Scan") {
		t.Errorf("a key: %v\n%s", err, plan)
	}
	executeIn(t, beside, `INSERT INTO audit_events SELECT n, n::text, n, 'user', (n % 500)::text, '', 'action ' || n % 100, '', (n % 999)::text,
			'', '', '', '', '', '', '{}', sha256(n::text::bytea) FROM generate_series(2, 20000) n`, `ANALYZE`)
	for index, filter := range map[string]api.AuditFilter{
		"audit_events_actor":    {ActorID: "17"},
		"audit_events_resource": {ResourceID: "17", ActorID: "18"},
		"audit_events_action":   {Action: "action 17"},
		"audit_events_time":     {Since: time.UnixMicro(19_900)},
	} {
		plan, err := store.AuditPlan(t.Context(), server.AuditQuery{AuditFilter: filter, Limit: 10})
		if err != nil || !strings.Contains(plan, index) {
			t.Errorf("%+v: %v, want %s in\n%s", filter, err, index, plan)
		}
	}
}
