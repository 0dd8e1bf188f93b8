package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

// whole is the real console on a terminal emulator, over the real client, an
// in-memory connection, the real server and SQLite. Time is the bubble's.
type whole struct {
	*tuitest.Terminal
	t    *testing.T
	dial func(api.Secret) *client.Client
	// loseAnswers makes the connection break after that many more creates
	// were carried out, before their answers arrive.
	loseAnswers atomic.Int32

	mu   sync.Mutex
	sent []string     // the first line of every request
	wire bytes.Buffer // all that has left the client
	// admin is the key of the administrator who made it.
	admin api.Secret
}

// written is all that has left the client.
func (w *whole) written() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wire.String()
}

// requests are the first lines of the requests that have left the client.
func (w *whole) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

// openWhole starts it over a sample organization, in a terminal of a size. It
// must be called inside a bubble.
func openWhole(t *testing.T, accounts, width, height int) *whole {
	t.Helper()
	return openWholeWith(t, accounts, width, height, tui.Options{})
}

// openWholeWith starts it with options of its own, for the console and its client.
func openWholeWith(t *testing.T, accounts, width, height int, options tui.Options, clientOptions ...client.Option) *whole {
	t.Helper()
	w := &whole{t: t}
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "whole.db"), sqlstore.Options{Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	organization, err := sample.New(1, time.Now(), accounts)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sample.Load(t.Context(), store, organization, sample.Admin{Name: "Ada", Email: "ada@example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	listener := newPipeListener()
	authority := startAuthority(store, listener, nil, drainEmbedded, slog.New(slog.DiscardHandler))
	dialer := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := listener.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &lossyConn{Conn: conn, left: &w.loseAnswers, whole: w}, nil
	}
	w.dial = func(key api.Secret) *client.Client {
		c, err := client.New("http://localhost", key, append(clientOptions, client.WithDialer(dialer))...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	w.admin = key
	first := w.dial(key)
	ctx, cancel := context.WithCancel(context.Background())
	options.Context, options.Client, options.ContextName, options.Clock = ctx, first, "journey", time.Now
	options.Clipboard = clipboard.New(clipboard.Auto, func(string) string { return "" }, nil)
	options.NewIdempotencyKey = client.NewIdempotencyKey
	w.Terminal = tuitest.Start(t, tui.New(options), tuitest.Options{Width: width, Height: height, Context: ctx})
	t.Cleanup(func() {
		cancel()
		first.Close()
		if err := authority.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// lossyConn breaks after a create was carried out: the request has arrived, its
// answer does not.
type lossyConn struct {
	net.Conn
	left   *atomic.Int32
	whole  *whole
	broken atomic.Bool
}

func (c *lossyConn) Write(p []byte) (int, error) {
	if line, _, found := bytes.Cut(p, []byte(" HTTP/1.1\r\n")); found {
		c.whole.mu.Lock()
		c.whole.sent = append(c.whole.sent, string(line))
		c.whole.mu.Unlock()
	}
	if bytes.HasPrefix(p, []byte("POST "+api.PathServiceAccounts)) && c.left.Add(-1) >= 0 {
		c.broken.Store(true)
	}
	c.whole.mu.Lock()
	c.whole.wire.Write(p)
	c.whole.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.broken.Load() && n > 0 {
		return 0, errors.Join(io.ErrUnexpectedEOF, c.Close())
	}
	return n, err
}

// owner asks the authority whose key this is.
func (w *whole) owner(key string) (api.Caller, error) {
	c := w.dial(api.NewSecret(key))
	defer c.Close()
	return c.Me(w.t.Context())
}

func (w *whole) create(name string) {
	w.t.Helper()
	w.Press("n")
	w.WaitFor("New API Key")
	w.Type("platform")
	w.Press("enter")
	w.Type(name)
	w.Press("enter")
}

func TestWholeJourney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 50, 80, 24)
		w.WaitFor("50 keys")
		w.create("ci-deploy-journey")
		w.WaitFor("shown only once")
		w.WaitFor("Sent to the terminal")
		key := w.Clipboard()
		if err := api.CheckKey(key); err != nil {
			t.Fatalf("what was sent to the clipboard: %v", err)
		}
		if !strings.Contains(w.Screen(), key) {
			t.Fatal("the key on the clipboard is not the one on the screen")
		}
		caller, err := w.owner(key)
		if err != nil || caller.Type != api.IdentityServiceAccount || caller.Name != "ci-deploy-journey" {
			t.Fatalf("the key belongs to %v %q, %v", caller.Type, caller.Name, err)
		}
		w.Advance(2 * time.Second) // keys that were typed for something else do not end it
		w.Press("i")
		w.WaitFor("Made ci-deploy-journey")
		if strings.Contains(w.Screen(), key[3:20]) {
			t.Error("the key is still on the screen")
		}
		w.Press("/")
		w.Type("ci-deploy-journey")
		w.WaitFor("1 of 51")
		w.Press("enter", "d")
		w.WaitFor("something depends on it") // its owner was asked with it just now
		w.Type("ci-deploy-journey")
		w.Press("enter", "enter")
		w.WaitFor("Deleted ci-deploy-journey")
		if _, err := w.owner(key); !errors.Is(err, api.ErrUnauthorized) {
			t.Errorf("the deleted account's key is answered with %v", err)
		}
		w.Press("q")
		w.Settle()
		if !w.Finished() || w.AltScreen() {
			t.Error("the program did not end, or left the terminal as it was not")
		}
	})
}

func TestWholeLostAnswers(t *testing.T) {
	for lost := int32(1); lost <= 3; lost++ {
		synctest.Test(t, func(t *testing.T) {
			w := openWhole(t, 20, 80, 24)
			w.WaitFor("20 keys")
			w.loseAnswers.Store(lost)
			w.create("ci-deploy-journey")
			w.WaitFor("The answer was lost")
			w.WaitFor("same account, with a fresh key")
			key := w.Clipboard()
			if caller, err := w.owner(key); err != nil || caller.Name != "ci-deploy-journey" {
				t.Fatalf("after %d lost answers the key belongs to %q, %v", lost, caller.Name, err)
			}
			w.Advance(2 * time.Second)
			w.Press("i", "r")
			w.WaitFor("21 keys")
		})
	}
}

// tableRows are the rows of the table on a screen of 120×40, without marker and
// details.
func tableRows(screen string) []string {
	rows := strings.Split(screen, "\n")[4:38]
	for i := range rows {
		rows[i], _, _ = strings.Cut(rows[i], "│")
		rows[i] = strings.Replace(rows[i], "▌", " ", 1)
	}
	return rows
}

// What moving costs on a slow line: the marker and little else (Bubbles' own
// table writes 274 bytes), and an idle console writes nothing.
func TestWholeWritesFewBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 1204, 120, 40)
		w.WaitFor("1,204 keys")
		w.Advance(time.Second)
		for range 10 {
			before := w.BytesWritten()
			w.Press("j") // and a tenth of a second, before the details follow
			if n := w.BytesWritten() - before; n > 80 || n == 0 {
				t.Errorf("a cursor-down writes %d bytes: %q", n, w.Raw()[before:])
			}
		}
		w.Advance(5 * time.Second)
		before := w.BytesWritten()
		w.Advance(20 * time.Second)
		if n := w.BytesWritten() - before; n != 0 {
			t.Errorf("an idle console writes %d bytes: %q", n, w.Raw()[before:])
		}
		for range 24 {
			w.Press("j") // down to the last line
		}
		w.Advance(time.Second)
		measured, coloured := 0, 0
		for range 40 {
			rows, before := tableRows(w.Screen()), w.BytesWritten()
			w.Press("j")
			after := tableRows(w.Screen())
			if !slices.Equal(rows[1:], after[:len(after)-1]) {
				continue // another row's age turned over in the same frame
			}
			measured++
			if strings.Contains(after[len(after)-1], "never") || strings.Contains(after[len(after)-1], "m ago  ") {
				coloured++
			}
			if n := w.BytesWritten() - before; n > 200 || n < 80 {
				t.Errorf("a cursor-down that scrolls writes %d bytes: %q", n, w.Raw()[before:])
			}
		}
		if measured < 20 || coloured < 5 {
			t.Errorf("of 40 rows %d scrolled in alone, %d with a last use in a colour", measured, coloured)
		}
		w.Press("/")
		w.Type("ci deploy")
		w.Advance(time.Second)
		before = w.BytesWritten()
		w.Press("space") // the rows and what is highlighted in them stay
		if n := w.BytesWritten() - before; n > 20 || n == 0 {
			t.Errorf("a search key that changes no row writes %d bytes: %q", n, w.Raw()[before:])
		}
	})
}
