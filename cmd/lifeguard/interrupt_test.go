package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// Whoever interrupts a create while it is on its way is left with neither an
// account without a key nor a key that nobody knows of.
func TestAnInterruptedCreateLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		lose  bool // the answer
		flags []string
		words string
		left  int
	}{
		{what: "answered", words: "the key could not be handed over (the command was interrupted), so the service account ci was deleted again: nothing is left of it"},
		{what: "repeatable", flags: []string{"--idempotency-key", client.NewIdempotencyKey()},
			words: "its key could not be handed over (the command was interrupted): repeat the command with the same --idempotency-key", left: 1},
		{what: "lost", lose: true, words: "the service account may have been made: repeat the command with --idempotency-key", left: 1},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		proxy := httputil.NewSingleHostReverseProxy(target)
		between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				proxy.ServeHTTP(w, r)
				return
			}
			interrupt()
			if !c.lose {
				proxy.ServeHTTP(w, r)
				return
			}
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}))
		var stdout, stderr bytes.Buffer
		env := append(environment(ownEnvironment(folder)), envServer+"="+between.URL, envAPIKey+"="+key.Reveal())
		args := append([]string{"create", "--team", "administrators", "--name", "ci"}, c.flags...)
		code := run(ctx, args, strings.NewReader(""), &stdout, &stderr, env)
		between.Close()
		if code == exitDone || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.words) {
			t.Errorf("%s: it ended with %d and said %q", c.what, code, stderr.String())
		}
		found := 0
		for account, err := range admin.AllServiceAccounts(t.Context(), api.ServiceAccountFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
			if err := admin.DeleteServiceAccount(t.Context(), account.ID); err != nil {
				t.Fatal(err)
			}
		}
		if found != c.left {
			t.Errorf("%s: %d accounts are left, want %d", c.what, found, c.left)
		}
	}
}
