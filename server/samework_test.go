package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

// work is what a request costs the database.
type work struct{ lookups, touches, writes int }

func (f *fixture) workOf(do func()) work {
	f.t.Helper()
	count := func() work {
		f.faults.mu.Lock()
		defer f.faults.mu.Unlock()
		return work{f.faults.lookups, f.faults.touches, len(f.faults.events)}
	}
	before := count()
	do()
	after := count()
	return work{after.lookups - before.lookups, after.touches - before.touches, after.writes - before.writes}
}

// How long a refusal takes must not tell a key that was deleted from one that
// never was: both take the same way and ask the database the same. A key with
// a wrong checksum asks nothing, which says only what whoever sent it can
// compute. The bench has the distributions of the times.
func TestWrongKeysAreTheSameWork(t *testing.T) {
	for name, request := range map[string]func(f *fixture, key string){
		"a request": func(f *fixture, key string) {
			f.must(http.StatusUnauthorized, f.do("key:"+key, http.MethodGet, api.PathMe, ""))
		},
		"a gateway": func(f *fixture, key string) {
			f.must(http.StatusUnauthorized, f.do("key:"+key, http.MethodGet, api.PathAuth, ""))
		},
		"an introspection": func(f *fixture, key string) {
			answer := f.must(http.StatusOK, f.do("admin", http.MethodPost, api.PathIntrospect, "token="+url.QueryEscape(key)))
			if answer.Body.String() != "{\"active\":false}\n" {
				t.Errorf("%s", answer.Body)
			}
		},
	} {
		f := newFixture(t)
		f.callerKeys()
		f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathMe, ""))
		one := f.create("admin", "used before", f.teamA, "used before")
		f.must(http.StatusOK, f.do("used before", http.MethodGet, api.PathMe, ""))
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(one.ID), ""))
		own := f.workOf(func() { request(f, f.keys["truncated"]) }) // of the caller, if there is another
		for _, caller := range []string{"typo", "garbage"} {
			if got := f.workOf(func() { request(f, f.keys[caller]) }); got != own {
				t.Errorf("%s with a key that is %s: %+v, want %+v", name, caller, got, own)
			}
		}
		first := work{own.lookups + 1, own.touches, own.writes}
		for _, caller := range []string{"unknown", "deleted", "used before"} {
			if got := f.workOf(func() { request(f, f.keys[caller]) }); got != first {
				t.Errorf("%s with a key that is %s: %+v, want %+v", name, caller, got, first)
			}
			// The next time it is known to be wrong, whichever it is.
			if got := f.workOf(func() { request(f, f.keys[caller]) }); got != own {
				t.Errorf("%s with a key that is %s, again: %+v, want %+v", name, caller, got, own)
			}
		}
	}
}
