package main

import (
	"context"
	"fmt"
	"image/color"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

// openOver runs the console with the real client against any handler at all.
func openOver(t *testing.T, handler http.Handler, options tuitest.Options) *tuitest.Terminal {
	t.Helper()
	listener := newPipeListener()
	server := &http.Server{Handler: handler} //nolint:gosec // in memory, for this test alone
	go func() { _ = server.Serve(listener) }()
	key, err := api.MintKey(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New("http://localhost", key, client.WithDialer(listener.DialContext))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	options.Context = ctx
	terminal := tuitest.Start(t, tui.New(tui.Options{
		Context: ctx, Client: c, ContextName: "hostile", Clock: time.Now,
		Clipboard:         clipboard.New(clipboard.Auto, func(string) string { return "" }, nil),
		NewIdempotencyKey: client.NewIdempotencyKey,
	}), options)
	t.Cleanup(func() {
		cancel()
		c.Close()
		_ = server.Close()
	})
	return terminal
}

// zeros is a source of randomness without any.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hostile is a text that would take a terminal over if it got there.
const hostile = `x\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u001b[2J\u001bP+q544e\u001b\\\u009b31m\u202ey\u0007\nz`

func TestATakeoverByAServerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			account := fmt.Sprintf(`{"id":"i","name":"%[1]s","team":{"id":"t","name":"%[1]s"},"key":{"hint":"%[1]s","created_at":"2000-01-01T00:00:00Z","last_used_ip":"%[1]s"},
				"created_by":{"type":"user","id":"u","name":"%[1]s"},"created_at":"2000-01-01T00:00:00Z"}`, hostile)
			switch {
			case r.Method == http.MethodDelete:
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusConflict)
				_, _ = fmt.Fprintf(w, `{"title":"%[1]s","status":409,"detail":"%[1]s","request_id":"%[1]s"}`, hostile)
			case r.URL.Path == api.PathMe:
				_, _ = fmt.Fprintf(w, `{"type":"user","id":"u","name":"%[1]s","email":"%[1]s","teams":[{"id":"t","name":"%[1]s","role":"tenant-admin"}],
					"permissions":[{"action":"manage-service-accounts","scope":"all"}]}`, hostile)
			case r.URL.Path == api.PathTeams:
				_, _ = fmt.Fprintf(w, `{"teams":[{"id":"t","name":"%[1]s","role":{"id":"r","name":"%[1]s","permissions":[{"action":"%[1]s","scope":"all"}]}}],"links":{}}`, hostile)
			case r.URL.Path == api.PathServiceAccounts:
				_, _ = fmt.Fprintf(w, `{"service_accounts":[%s],"links":{},"total":1}`, account)
			default:
				_, _ = fmt.Fprint(w, account)
			}
		})
		w := openOver(t, handler, tuitest.Options{Width: 120, Height: 30})
		w.WaitFor("1 key")
		for _, keys := range [][]string{{"enter"}, {"esc", "n"}, {"esc", "/", "x"}, {"esc", "esc", "d", "tab", "enter"}} {
			w.Press(keys...)
			w.Advance(time.Second)
			if w.Clipboard() != "" || strings.Contains(w.Title(), "owned") || w.Bells() > 0 {
				t.Fatalf("after %v the server has the terminal: title %q, clipboard %q, %d bells", keys, w.Title(), w.Clipboard(), w.Bells())
			}
			if !strings.Contains(w.Screen(), "x\ufffd]0;owned") {
				t.Fatalf("after %v the text is not shown harmless:\n%s", keys, w.Screen())
			}
		}
	})
}

func TestABrokenServerIsSaidAndTheRowsStay(t *testing.T) {
	const page = `{"service_accounts":[{"id":"i","name":"kept-row","team":{"id":"t","name":"team"},"key":{"hint":"ps-aaaa…bbbb","created_at":"2000-01-01T00:00:00Z"},
		"created_by":{"type":"user","id":"u","name":"ada"},"created_at":"2000-01-01T00:00:00Z"}],"links":{},"total":1}`
	tests := map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"error": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "stale"},
		"html":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>login</html>") }, "stale"},
		"half a body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = fmt.Fprint(w, page[:90])
		}, "stale"},
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "stale"},
		"too many requests": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "again in"},
		"gone": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "stale"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				w := openOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path != api.PathServiceAccounts:
						http.NotFound(w, r)
					case broken.Load():
						test.answer(w, r)
					default:
						w.Header().Set("Content-Type", "application/json")
						_, _ = fmt.Fprint(w, page)
					}
				}), tuitest.Options{})
				w.WaitFor("kept-row")
				broken.Store(true)
				w.Press("r")
				w.WaitFor(test.says)
				if screen := w.Screen(); !strings.Contains(screen, "kept-row") || !strings.Contains(screen, "again in") {
					t.Errorf("the rows are gone, or what happens next is not said:\n%s", screen)
				}
				broken.Store(false)
				w.Advance(time.Minute)
				if strings.Contains(w.Screen(), "stale") {
					t.Errorf("the console did not catch up by itself:\n%s", w.Screen())
				}
			})
		})
	}
}

func TestResizingAtAnyMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 200, 80, 24)
		w.WaitFor("200 keys")
		random := rand.New(rand.NewPCG(1, 2))
		for _, keys := range [][]string{{"j"}, {"n"}, {"esc", "d"}, {"esc", "?"}, {"esc", "/", "c"}} {
			w.Press(keys...)
			for range 20 {
				w.Resize(random.IntN(501), random.IntN(201))
				w.Advance(10 * time.Millisecond)
			}
		}
		w.Resize(0, 0)
		w.Resize(100, 30)
		w.WaitFor("Security › API Keys")
		w.Press("esc", "esc", "q")
		w.Settle()
		if !w.Finished() || w.AltScreen() {
			t.Error("the program did not end, or did not restore the terminal")
		}
	})
}

func TestNoColorMeansNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openOver(t, http.NotFoundHandler(), tuitest.Options{Env: []string{"TERM=xterm-256color", "NO_COLOR=1"}})
		w.WaitFor("Security › API Keys")
		w.Settle()
		for y := range 24 {
			for x := range 80 {
				if cell := w.Cell(x, y); cell.Fg != color.Color(nil) || cell.Bg != color.Color(nil) {
					t.Fatalf("cell %d,%d is coloured: %+v", x, y, cell)
				}
			}
		}
	})
}
