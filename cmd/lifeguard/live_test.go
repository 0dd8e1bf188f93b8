package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

// another opens a second console on the same server.
func (w *whole) another(width, height int) *tuitest.Terminal {
	w.t.Helper()
	c := w.dial(w.admin)
	ctx, cancel := context.WithCancel(context.Background())
	terminal := tuitest.Start(w.t, tui.New(tui.Options{
		Context: ctx, Client: c, ContextName: "other", Clock: time.Now,
		Clipboard: clipboard.New(clipboard.Auto, func(string) string { return "" }, nil), NewIdempotencyKey: client.NewIdempotencyKey,
	}), tuitest.Options{Width: width, Height: height, Context: ctx})
	w.t.Cleanup(func() {
		cancel()
		c.Close()
	})
	return terminal
}

// cursor is the row that the cursor is on.
func cursor(terminal *tuitest.Terminal) string {
	for _, line := range strings.Split(terminal.Screen(), "\n") {
		if strings.HasPrefix(line, "▌") {
			return strings.TrimSpace(strings.TrimPrefix(line, "▌"))
		}
	}
	return ""
}

// What one console makes and deletes, another shows within a second: without a
// key being pressed there, and with its cursor on the account it was on.
func TestWholeTwoConsoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 50, 80, 24)
		w.WaitFor("50 keys · live ●")
		other := w.another(100, 30)
		other.WaitFor("50 keys · live ●")
		other.Press("j", "j", "j")
		before := cursor(other)

		w.create("aaa-journey")
		w.WaitFor("shown only once")
		other.Advance(time.Second)
		if screen := other.Screen(); !strings.Contains(screen, "51 keys") || !strings.Contains(screen, "aaa-journey") {
			t.Fatalf("the new account is not there after a second:\n%s", screen)
		}
		if after := cursor(other); after != before {
			t.Errorf("the cursor went from %q to %q", before, after)
		}
		w.Advance(2 * time.Second)
		w.Press("i")
		w.WaitFor("Made aaa-journey")

		// The other has it in its dialog when it is deleted here.
		other.Press("g")
		other.Press("d")
		other.WaitFor("Delete Service Account")
		w.Press("d", "tab", "enter")
		w.WaitFor("Deleted aaa-journey")
		other.Advance(time.Second)
		screen := other.Screen()
		if !strings.Contains(screen, "It was deleted by Ada while this was asked.") || !strings.Contains(screen, "50 keys") {
			t.Fatalf("the dialog does not say that its account is gone:\n%s", screen)
		}
		other.Press("enter")

		// Many at once: the other follows.
		w.Press("space", "space", "space", "space", "space", "d")
		w.WaitFor("Delete 5 Service Accounts")
		w.Type("5")
		w.Press("enter", "enter")
		w.WaitFor("Deleted 5 service accounts")
		other.Advance(time.Second)
		if screen := other.Screen(); !strings.Contains(screen, "45 keys") {
			t.Fatalf("the other console has not followed:\n%s", screen)
		}

		// And then nothing, but for the ages of the rows, which are looked at every
		// half a minute: an idle console writes nothing, live as it is.
		other.Advance(time.Minute)
		written := other.BytesWritten()
		for range 600 {
			if other.Advance(time.Second); other.BytesWritten() != written {
				break
			}
		}
		written = other.BytesWritten()
		other.Advance(20 * time.Second)
		if n := other.BytesWritten() - written; n != 0 {
			t.Errorf("an idle console with a live feed writes %d bytes: %q", n, other.Raw()[written:])
		}
		if !strings.Contains(other.Screen(), "45 keys · live ●") {
			t.Errorf("it is not live:\n%s", other.Screen())
		}
	})
}

// Ten thousand accounts arrive behind a progress with a true total, and search
// works meanwhile.
func TestWholeStreamsAndSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 10_000, 120, 40)
		w.Press("/")
		w.Type("ci")
		w.WaitFor("10,000 keys")
		w.Wait(func(screen string) bool {
			return strings.Contains(screen, "of 10,000") && strings.Contains(screen, "ci-")
		})
	})
}
