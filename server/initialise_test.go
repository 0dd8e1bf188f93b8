package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

func openStore(t *testing.T, path string) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+path, sqlstore.Options{Volatile: true})
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

func TestInitialise(t *testing.T) {
	store := &faultyStore{Store: openStore(t, filepath.Join(t.TempDir(), "l.db"))}
	given := api.NewSecret(mint(t))
	options := server.InitialiseOptions{
		Organization: " Acme ", AdminEmail: "Mary@example.com", Developers: true, Key: given, Via: "lifeguard init",
	}
	made, err := server.Initialise(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	if made.Key.Reveal() != given.Reveal() || made.Admin.Name != "Mary" || made.Organization.Name != "Acme" {
		t.Errorf("made %+v", made)
	}
	identity, err := store.IdentityByKey(t.Context(), api.HashKey(given.Reveal()))
	if err != nil || len(identity.Teams) != 1 || identity.Teams[0].ID != made.Administrators.ID ||
		identity.Teams[0].Role.Name != api.RoleTenantAdmin || identity.Teams[0].Role.CreatedBy != api.CreatedBySystem {
		t.Errorf("the administrator is %+v, %v", identity, err)
	}
	page, err := store.Teams(t.Context(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 10}})
	var teams []string
	for _, team := range page.Teams {
		teams = append(teams, team.Name+" "+team.Role.Name)
	}
	if diff := cmp.Diff([]string{"administrators tenant-admin", "developers developer"}, teams); diff != "" || err != nil {
		t.Errorf("teams (-want +got):\n%s, %v", diff, err)
	}
	events := store.written("organization.create")
	if len(events) != 1 || events[0].ResourceID != made.Organization.ID || events[0].Via != "lifeguard init" {
		t.Errorf("events %+v", events)
	}

	options.Key = api.Secret{}
	if _, err := server.Initialise(t.Context(), store, options); !errors.Is(err, server.ErrInitialised) {
		t.Errorf("the second time: %v", err)
	}
}

func TestInitialiseRefuses(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "l.db"))
	broken := mint(t)[:20]
	for _, options := range []server.InitialiseOptions{
		{AdminEmail: "mary@example.com"},
		{Organization: "Acme"},
		{Organization: "Acme", AdminEmail: "mary"},
		{Organization: "Acme", AdminEmail: "@example.com"},
		{Organization: "Acme", AdminEmail: "mary smith@example.com"},
		{Organization: "Acme", AdminEmail: "mary@example.com", Key: api.NewSecret(broken)},
	} {
		_, err := server.Initialise(t.Context(), store, options)
		if err == nil || strings.Contains(err.Error(), broken) {
			t.Errorf("%+v: %v", options, err)
		}
	}
	if _, err := store.Organization(t.Context()); !errors.Is(err, server.ErrNotInitialised) {
		t.Errorf("after the refusals: %v", err)
	}
}

// Two programs that find an empty database at the same time make one
// organization, and each learns which of the two it is.
func TestOneOfTwoInitialises(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	stores := []*sqlstore.Store{openStore(t, path), openStore(t, path)}
	errs := make(chan error)
	for i := range 6 {
		go func() {
			_, err := server.Initialise(t.Context(), stores[i%2], server.InitialiseOptions{Organization: "Acme", AdminEmail: "mary@example.com"})
			errs <- err
		}()
	}
	made := 0
	for range 6 {
		switch err := <-errs; {
		case err == nil:
			made++
		case !errors.Is(err, server.ErrInitialised):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d succeeded", made)
	}
}

func TestRestoreDeveloperKey(t *testing.T) {
	f := newFixture(t)
	secret, err := server.RestoreDeveloperKey(t.Context(), f.store, server.RestoreOptions{Email: "MARY@example.com", Via: "console"})
	if err != nil {
		t.Fatal(err)
	}
	for _, caller := range []string{"admin", "key:" + secret.Reveal()} {
		me := decode[api.Caller](t, f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathMe, "")))
		if me.ID != f.ids["admin"] {
			t.Errorf("%+v", me)
		}
	}
	events := f.events("api_key.create")
	if len(events) != 1 || events[0].ResourceName != api.KeyHint(secret.Reveal()) || events[0].Metadata["user_id"] != f.ids["admin"] {
		t.Errorf("events %+v", events)
	}
	given := mint(t)
	if _, err := server.RestoreDeveloperKey(t.Context(), f.store, server.RestoreOptions{Email: "mary@example.com", Key: api.NewSecret(given)}); err != nil {
		t.Fatal(err)
	}
	f.must(http.StatusOK, f.do("key:"+given, http.MethodGet, api.PathMe, ""))
	if _, err := server.RestoreDeveloperKey(t.Context(), f.store, server.RestoreOptions{Email: "john@example.com"}); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
}

// Two servers on one database hold nothing of each other, and a repeated
// create may go to either.
func TestTwoServersMakeOneAccount(t *testing.T) {
	f := newFixture(t)
	other := server.New(server.Options{Store: openStore(t, f.db), Clock: f.clock.Now})
	t.Cleanup(func() {
		if err := other.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	handlers := []http.Handler{f.handler, other.Handler()}
	id, body := newID(), createBody("ci", f.teamA)
	answers := make(chan *httptest.ResponseRecorder, 12)
	for i := range cap(answers) {
		go func() {
			through := *f
			through.handler = handlers[i%2]
			answers <- through.post("admin", body, api.HeaderIdempotencyKey, id)
		}()
	}
	working := 0
	var keys []string
	for range cap(answers) {
		if answer := <-answers; answer.Code == http.StatusCreated {
			_, key := f.created(answer)
			keys = append(keys, key)
		} else {
			f.refused(http.StatusConflict, api.CodeIdempotencyInFlight, answer)
		}
	}
	for _, key := range keys {
		if f.works(key) {
			working++
		}
	}
	if n := len(f.accounts("?query=ci").ServiceAccounts); n != 1 || working != 1 {
		t.Errorf("%d accounts and %d working keys of %d", n, working, len(keys))
	}

	// What one deletes, the other refuses.
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(f.accountA.ID), ""))
	f.handler = other.Handler()
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("account of A", http.MethodGet, api.PathMe, ""))
}
