package tuitest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

func TestEnds(t *testing.T) {
	t.Run("by its own key", func(t *testing.T) {
		inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
			terminal.Press("q")
			if _, err := terminal.Result(); err != nil || !terminal.Finished() {
				t.Errorf("%v, finished %t", err, terminal.Finished())
			}
			if terminal.AltScreen() {
				t.Error("the alternate screen was left on")
			}
		})
	})
	t.Run("by the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			terminal := tuitest.Start(t, toy{}, tuitest.Options{Context: ctx})
			cancel()
			if _, err := terminal.Result(); !errors.Is(err, tea.ErrProgramKilled) {
				t.Errorf("the program ended with %v", err)
			}
		})
	})
	t.Run("by the test", func(t *testing.T) {
		inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
			if terminal.Finished() {
				t.Error("it ended by itself")
			}
		})
	})
	t.Run("input gone", func(t *testing.T) {
		inBubble(t, tuitest.Options{}, func(_ *testing.T, terminal *tuitest.Terminal) {
			terminal.CloseInput()
			terminal.Quit()
		})
	})
}

// refusing is a test that records its failure, to see a driver's own.
type refusing struct {
	testing.TB
	failure string
}

func (r *refusing) Helper() {}
func (r *refusing) Fatalf(format string, arguments ...any) {
	r.failure = fmt.Sprintf(format, arguments...)
	panic(r)
}
func (r *refusing) Fatal(arguments ...any) { r.Fatalf("%s", fmt.Sprint(arguments...)) }

// failing returns how do fails the test.
func (r *refusing) failing(do func()) (failure string) {
	r.failure = ""
	defer func() {
		if got := recover(); got != nil && got != any(r) {
			panic(got)
		}
		failure = r.failure
	}()
	do()
	return ""
}

func TestFailuresSayWhatIsOnTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "ps-" + strings.Repeat("k", 49)
		r := &refusing{TB: t}
		terminal := tuitest.Start(r, toy{}, tuitest.Options{Width: 120, Patience: time.Second})
		terminal.Type(key)
		terminal.WaitFor("typed " + key)
		for want, do := range map[string]func(){
			"what never comes":    func() { terminal.WaitFor("what never comes") },
			"still on the screen": func() { terminal.WaitGone("size 120×24") },
			"what was waited for": func() { terminal.Wait(func(string) bool { return false }) },
			"did not end":         func() { _, _ = terminal.Result() },
		} {
			got := r.failing(do)
			if !strings.Contains(got, want) || !strings.Contains(got, "size 120×24") {
				t.Errorf("the failure reads %q, want %q and the screen", got, want)
			}
			if strings.Contains(got, key) {
				t.Error("the failure holds what may be a key")
			}
		}
		for want, do := range map[string]func(){
			`no key "hyper+q"`: func() { terminal.Press("hyper+q") },
			`no key "return"`:  func() { terminal.Press("return") },
			`no key ""`:        func() { terminal.Press("") },
			"printable text":   func() { terminal.Type("a\nb") },
		} {
			if got := r.failing(do); !strings.Contains(got, want) {
				t.Errorf("the failure reads %q, want %q", got, want)
			}
		}
	})
}
