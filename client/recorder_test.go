package client_test

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// request is what a recorder keeps of one request.
type request struct {
	line   string // method, path and query as they were on the wire
	header http.Header
	body   string
}

// recorder is a server that keeps every request and answers as it is told.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	opened   int // connections
}

func record(t *testing.T, answer http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.requests = append(r.requests, request{q.Method + " " + q.RequestURI, q.Header, string(body)})
		r.mu.Unlock()
		answer(w, q)
	}))
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.mu.Lock()
			r.opened++
			r.mu.Unlock()
		}
	}
	r.Start()
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) seen() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

// answers replies to everything with one status, media type and body.
func answers(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func answersJSON(status int, body string) http.HandlerFunc {
	return answers(status, "application/json", body)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func newKey(t testing.TB) api.Secret {
	t.Helper()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func connect(t testing.TB, address string, key api.Secret, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(address, key, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// failure returns err as the error type that every failure must have, and
// holds what is true of all of them.
func failure(t *testing.T, err error, key api.Secret) *api.Error {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %T (%v), want *api.Error", err, err)
	}
	if e.Kind == 0 || e.Detail == "" {
		t.Errorf("kind %d, detail %q: both must be set", e.Kind, e.Detail)
	}
	if e.Detail != api.Clean(e.Detail) {
		t.Errorf("the sentence %q is not harmless", e.Detail)
	}
	for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
		if secret := key.Reveal(); secret != "" && strings.Contains(cause.Error(), secret) {
			t.Errorf("%T holds the key", cause)
		}
	}
	return e
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }
