package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// everyKey is what a person can press: the keys of all actions, and others.
func everyKey() []string {
	keys := strings.Fields("enter enter enter esc tab shift+tab up down left right space backspace home end pgup pgdown a c i w y 4 5")
	for _, action := range tui.Actions() {
		for _, key := range action.Keys {
			if key != "q" && key != "ctrl+c" { // they end it
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// Read-only holds twice: the console has no key that changes anything, and the
// transport sends no change, whoever asks. Each is shown without the other.
func TestReadOnlySendsNothingButReads(t *testing.T) {
	for name, test := range map[string]struct {
		options tui.Options
		client  []client.Option
		refused bool // the console asks, and is refused
	}{
		"the keys are off":       {tui.Options{ReadOnly: true}, nil, false},
		"the transport refuses":  {tui.Options{}, []client.Option{client.WithReadOnly()}, true},
		"both, as with the flag": {tui.Options{ReadOnly: true}, []client.Option{client.WithReadOnly()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			synctest.Test(t, func(t *testing.T) {
				w := openWholeWith(t, 20, 100, 30, test.options, test.client...)
				w.WaitFor("20 keys")
				for _, page := range []string{"1", "2", "3"} {
					for _, key := range everyKey() {
						w.Press("esc", "esc", page, key)
					}
				}
				w.Press("esc", "esc", "1")
				w.Press("n")
				w.Type("platform")
				w.Press("enter")
				w.Type("ci-deploy-journey")
				w.Press("enter")
				w.Advance(5 * time.Second)
				if refused := strings.Contains(w.Screen(), "read-only mode refuses"); refused != test.refused {
					t.Errorf("refused by the transport: %t, want %t\n%s", refused, test.refused, w.Screen())
				}
				w.Press("esc", "esc", "esc", "d", "right", "enter")
				w.Advance(5 * time.Second)
				w.Press("esc", "esc", "esc")
				random := rand.New(rand.NewPCG(1, 2))
				// The palette has the command to quit; above it was opened and left.
				keys := slices.DeleteFunc(everyKey(), func(key string) bool { return key == ":" })
				for range 1500 {
					w.Press(keys[random.IntN(len(keys))])
				}
				w.Advance(20 * time.Second)
				w.checkReads()
				if w.Finished() {
					t.Error("the console has ended")
				}
			})
		})
	}
}

// checkReads holds that nothing but reads left the client, and that some did.
func (w *whole) checkReads() {
	w.t.Helper()
	sent := w.requests()
	if len(sent) == 0 {
		w.t.Error("nothing was recorded at all")
	}
	if i := slices.IndexFunc(sent, func(line string) bool { return !strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "HEAD ") }); i >= 0 {
		w.t.Errorf("a read-only console sent %s", sent[i])
	}
}

// What the recording is worth: without read-only it sees a change.
func TestAChangeIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWholeWith(t, 5, 100, 30, tui.Options{})
		w.WaitFor("5 keys")
		w.create("ci-deploy-journey")
		w.WaitFor("shown only once")
		if sent := fmt.Sprint(w.requests()); !strings.Contains(sent, "POST /poolside/v1/service-accounts") {
			t.Errorf("recorded %s", sent)
		}
	})
}
