package clipboard_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// board is a clipboard in memory. Its fields are set before use; hang, when
// set, is waited for by every call.
type board struct {
	absent bool
	held   string
	err    error
	hang   chan struct{}
	calls  atomic.Int32
}

func (b *board) Available(func(string) string) bool { return !b.absent }

func (b *board) use() error {
	b.calls.Add(1)
	if b.hang != nil {
		<-b.hang
	}
	return b.err
}

func (b *board) Read() (string, error) { err := b.use(); return b.held, err }

func (b *board) Write(text string) error {
	err := b.use()
	if err == nil {
		b.held = text
	}
	return err
}

func environment(set ...string) func(string) string {
	return func(name string) string {
		for _, one := range set {
			if key, value, _ := strings.Cut(one, "="); key == name {
				return value
			}
		}
		return ""
	}
}

func TestDetect(t *testing.T) {
	for name, test := range map[string]struct {
		env   []string
		board clipboard.Board
		want  clipboard.Path
	}{
		"at the machine":           {nil, &board{}, clipboard.Native},
		"no clipboard":             {nil, &board{absent: true}, clipboard.OSC52},
		"no board":                 {nil, nil, clipboard.OSC52},
		"over ssh":                 {[]string{"SSH_CONNECTION=192.0.2.1 5 192.0.2.2 22"}, &board{}, clipboard.OSC52},
		"over ssh, terminal only":  {[]string{"SSH_TTY=/dev/pts/1"}, &board{}, clipboard.OSC52},
		"over ssh, client only":    {[]string{"SSH_CLIENT=192.0.2.1 5 22"}, &board{}, clipboard.OSC52},
		"over ssh with X":          {[]string{"SSH_CLIENT=192.0.2.1 5 22", "DISPLAY=:10"}, &board{}, clipboard.OSC52},
		"emptied ssh variable":     {[]string{"SSH_TTY="}, &board{}, clipboard.Native},
		"unix without any display": {nil, unixOnly{t}, clipboard.OSC52},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clipboard.Detect(environment(test.env...), test.board); got != test.want {
				t.Errorf("Detect = %v, want %v", got, test.want)
			}
		})
	}
}

// unixOnly is the machine's own clipboard where it depends on a display.
type unixOnly struct{ t *testing.T }

func (u unixOnly) Available(env func(string) string) bool {
	available := clipboard.Machine().Available(env)
	if available && clipboard.Machine().Available(environment("DISPLAY=:0")) {
		u.t.Skip("this machine's clipboard needs no display")
	}
	return available
}
func (unixOnly) Read() (string, error) { return "", errors.New("not to be read") }
func (unixOnly) Write(string) error    { return errors.New("not to be written") }

func TestCopyAndClear(t *testing.T) {
	b := &board{}
	c := clipboard.New(environment(), b)
	if err := c.Copy(t.Context(), "text"); err != nil || b.held != "text" {
		t.Fatalf("Copy: %v, holds %q", err, b.held)
	}
	if err := c.Clear(t.Context(), "text"); err != nil || b.held != "" {
		t.Fatalf("Clear: %v, holds %q", err, b.held)
	}
	b.held = "something newer"
	if err := c.Clear(t.Context(), "text"); err != nil || b.held != "something newer" {
		t.Fatalf("Clear took what the person copied since: %v, holds %q", err, b.held)
	}
}

func TestNoNativeClipboardIsNeverTouched(t *testing.T) {
	b := &board{}
	c := clipboard.New(environment("SSH_TTY=/dev/pts/1"), b)
	if err := c.Copy(t.Context(), "text"); !errors.Is(err, clipboard.ErrNotNative) {
		t.Errorf("Copy = %v, want ErrNotNative", err)
	}
	if err := c.Clear(t.Context(), "text"); !errors.Is(err, clipboard.ErrNotNative) {
		t.Errorf("Clear = %v, want ErrNotNative", err)
	}
	if b.calls.Load() != 0 {
		t.Errorf("the clipboard was used %d times", b.calls.Load())
	}
}

func TestFailureKeepsItsCauseAndNotTheText(t *testing.T) {
	cause := errors.New("exit status 1")
	c := clipboard.New(environment(), &board{err: cause})
	err := c.Copy(t.Context(), "the-secret-text")
	if !errors.Is(err, cause) {
		t.Errorf("Copy = %v, want the cause", err)
	}
	if strings.Contains(err.Error(), "the-secret-text") {
		t.Errorf("the error holds the text: %v", err)
	}
}

func TestHangingProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{hang: make(chan struct{})}
		c := clipboard.New(environment(), b)
		start := time.Now()
		if err := c.Copy(t.Context(), "text"); !errors.Is(err, clipboard.ErrSlow) {
			t.Errorf("Copy = %v, want ErrSlow", err)
		}
		if waited := time.Since(start); waited != clipboard.Limit {
			t.Errorf("gave up after %v, want %v", waited, clipboard.Limit)
		}
		if err := c.Copy(t.Context(), "text"); !errors.Is(err, clipboard.ErrSlow) {
			t.Errorf("Copy while one hangs = %v, want ErrSlow", err)
		}
		if b.calls.Load() != 1 {
			t.Errorf("%d programs hang, want 1", b.calls.Load())
		}
		close(b.hang)
		synctest.Wait()
		if err := c.Copy(t.Context(), "again"); err != nil || b.held != "again" {
			t.Errorf("Copy after the hang: %v, holds %q", err, b.held)
		}
	})
}

func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{hang: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		err := clipboard.New(environment(), b).Copy(ctx, "text")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Copy = %v, want canceled", err)
		}
		close(b.hang)
	})
}

func TestWords(t *testing.T) {
	if got := clipboard.Words(clipboard.Native); got != "Copied to this machine's clipboard" {
		t.Errorf("Words(Native) = %q", got)
	}
	got := clipboard.Words(clipboard.OSC52)
	if got != "Sent to the terminal; if paste is empty, select it above" {
		t.Errorf("Words(OSC52) = %q", got)
	}
	if strings.Contains(strings.ToLower(got), "copied") {
		t.Errorf("OSC 52 is never acknowledged, and yet: %q", got)
	}
}
