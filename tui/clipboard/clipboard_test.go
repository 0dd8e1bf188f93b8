package clipboard_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

const secret = "ps-not-a-key-and-long-enough-to-be-one-0123456789ABC"

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

func (b *board) Write(text string) error {
	b.calls.Add(1)
	if b.hang != nil {
		<-b.hang
	}
	if b.err == nil {
		b.held = text
	}
	return b.err
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

func TestPlan(t *testing.T) {
	const ssh, tmux, screen = "SSH_CONNECTION=192.0.2.1 5 192.0.2.2 22", "TMUX=/tmp/tmux-1/default,1,0", "STY=1.pts-0.host"
	for name, test := range map[string]struct {
		mode     clipboard.Mode
		env      []string
		board    clipboard.Board
		native   bool
		terminal clipboard.Path
	}{
		"at the machine":          {clipboard.Auto, nil, &board{}, true, clipboard.None},
		"no clipboard":            {clipboard.Auto, nil, &board{absent: true}, false, clipboard.OSC52},
		"somebody elsewhere":      {clipboard.Auto, []string{tmux, screen}, nil, false, clipboard.OSC52},
		"over ssh":                {clipboard.Auto, []string{ssh}, &board{}, false, clipboard.OSC52},
		"over ssh, terminal only": {clipboard.Auto, []string{"SSH_TTY=/dev/pts/1"}, &board{}, false, clipboard.OSC52},
		"over ssh, client only":   {clipboard.Auto, []string{"SSH_CLIENT=192.0.2.1 5 22"}, &board{}, false, clipboard.OSC52},
		"emptied ssh variable":    {clipboard.Auto, []string{"SSH_TTY="}, &board{}, true, clipboard.None},
		"tmux at the machine":     {clipboard.Auto, []string{tmux}, &board{}, true, clipboard.Tmux},
		"tmux over ssh":           {clipboard.Auto, []string{tmux, ssh}, &board{}, false, clipboard.Tmux},
		"screen":                  {clipboard.Auto, []string{screen}, &board{absent: true}, false, clipboard.Screen},
		"screen and tmux":         {clipboard.Auto, []string{screen, tmux, ssh}, &board{}, false, clipboard.Tmux},
		"from tmux, over ssh":     {clipboard.Auto, []string{"TERM=tmux-256color", ssh}, &board{}, false, clipboard.Passthrough},
		"from screen, over ssh":   {clipboard.Auto, []string{"TERM=screen.xterm-256color", ssh}, &board{}, false, clipboard.TmuxOrScreen},
		"elsewhere, in tmux":      {clipboard.Auto, []string{"TERM=tmux-256color", tmux}, nil, false, clipboard.Passthrough},
		"another name, in tmux":   {clipboard.Auto, []string{"TERM=screen", tmux}, &board{absent: true}, false, clipboard.Tmux},
		"native":                  {clipboard.OnlyNative, []string{tmux, ssh}, &board{}, true, clipboard.None},
		"osc52":                   {clipboard.OnlyOSC52, []string{tmux}, &board{}, false, clipboard.OSC52},
		"tmux":                    {clipboard.OnlyTmux, nil, &board{}, false, clipboard.Tmux},
		"off":                     {clipboard.Off, []string{tmux}, &board{}, false, clipboard.None},
	} {
		t.Run(name, func(t *testing.T) {
			native, terminal := clipboard.New(test.mode, environment(test.env...), test.board).Plan()
			if native != test.native || terminal != test.terminal {
				t.Errorf("native %t, terminal %v", native, terminal)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	osc52 := ansi.SetSystemClipboard(secret)
	for name, test := range map[string]struct {
		mode  clipboard.Mode
		env   []string
		board *board
		words string
		want  clipboard.Result
	}{
		"native":             {clipboard.Auto, nil, &board{}, "Copied to this machine's clipboard", clipboard.Result{Native: true}},
		"native fails":       {clipboard.Auto, nil, &board{err: errors.New("Error: Can't open display: :7\nand more")}, "Sent to the terminal; if paste is empty, select it above", clipboard.Result{Terminal: clipboard.OSC52, Sequence: osc52, Problem: "This machine's clipboard failed: Error: Can't open display: :7. Set clipboard: osc52 in the configuration to ask the terminal alone."}},
		"only native, fails": {clipboard.OnlyNative, nil, &board{err: errors.New("exit status 1")}, "Not copied: select it above", clipboard.Result{Problem: "This machine's clipboard failed: exit status 1. Set clipboard: osc52 in the configuration to ask the terminal alone."}},
		"only native, none":  {clipboard.OnlyNative, nil, &board{absent: true}, "Not copied: select it above", clipboard.Result{Problem: "This machine's clipboard failed: there is no display or no program for it. Set clipboard: osc52 in the configuration to ask the terminal alone."}},
		"the terminal":       {clipboard.OnlyOSC52, nil, &board{}, "Sent to the terminal; if paste is empty, select it above", clipboard.Result{Terminal: clipboard.OSC52, Sequence: osc52}},
		"screen":             {clipboard.Auto, []string{"STY=1.x"}, &board{absent: true}, "Sent to your terminal through screen; if paste is empty, select it above", clipboard.Result{Terminal: clipboard.Screen, Sequence: ansi.ScreenPassthrough(osc52, 76)}},
		"native fails, X11":  {clipboard.Auto, []string{"DISPLAY=:7", "TERM=tmux-256color"}, &board{err: errors.New("exit status 1")}, "Sent to the terminal; if paste is empty, select it above", clipboard.Result{Terminal: clipboard.Passthrough, Sequence: osc52 + ansi.TmuxPassthrough(osc52), Problem: "This machine's clipboard (X11) failed: exit status 1. Check DISPLAY, or set clipboard: osc52 in the configuration."}},
		"screen or tmux":     {clipboard.Auto, []string{"TERM=screen-256color"}, &board{absent: true}, "Sent to the terminal; if paste is empty, select it above", clipboard.Result{Terminal: clipboard.TmuxOrScreen, Sequence: ansi.ScreenPassthrough(osc52, 76) + osc52}},
		"off":                {clipboard.Off, nil, &board{}, "Not copied: select it above", clipboard.Result{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := clipboard.New(test.mode, environment(test.env...), test.board).Copy(t.Context(), secret)
			if got != test.want || got.Words() != test.words {
				t.Errorf("got %+v, %q", got, got.Words())
			}
			if (test.board.held == secret) != got.Native {
				t.Errorf("the clipboard holds %q", test.board.held)
			}
		})
	}
}

// A clipboard that hangs is given up after a second, and while it hangs no
// second program is started.
func TestAHangingClipboardIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{hang: make(chan struct{})}
		c := clipboard.New(clipboard.Auto, environment(), b)
		for range 3 {
			began := time.Now()
			r := c.Copy(context.Background(), secret)
			if r.Native || r.Terminal != clipboard.OSC52 || r.Problem != "This machine's clipboard failed: it did not answer within a second. Set clipboard: osc52 in the configuration to ask the terminal alone." {
				t.Errorf("got %+v", r)
			}
			if waited := time.Since(began); waited != clipboard.Limit {
				t.Errorf("it took %v", waited)
			}
		}
		if calls := b.calls.Load(); calls != 1 {
			t.Errorf("%d programs were started", calls)
		}
		close(b.hang)
		synctest.Wait()
		if r := c.Copy(context.Background(), secret); !r.Native {
			t.Errorf("after it has answered: %+v", r)
		}
	})
}

// A tmux that cannot be asked, or does not copy, is said with the remedy, and
// the text goes the next way. It is in no word and no argument.
func TestATmuxThatDoesNotCopy(t *testing.T) {
	const answers = `case "$1" in display-message) printf '3.3a|xterm|/dev/tty9\nTerminal 0: xterm for /dev/tty9, flags=0x0:\n 192: Ms: (string) x\n'; exit;; esac; `
	osc52 := ansi.SetSystemClipboard(secret)
	wrapped := ansi.TmuxPassthrough(osc52)
	for name, test := range map[string]struct {
		script, problem string
		want            string // what the terminal gets
		deletes         bool
	}{
		"too old":           {`echo '3.1c|xterm|/dev/tty9'; echo 'Terminal 0: xterm for /dev/tty9, flags=0x0:'`, "tmux did not take it: it is older than 3.2, and a newer one takes it.", wrapped, false},
		"too old to say":    {"echo '||'", "tmux did not take it: it is older than 3.2, and a newer one takes it.", wrapped, false},
		"unknown flag":      {answers + "echo 'load-buffer: unknown option -- w' >&2; exit 1", "tmux did not take it: it is older than 3.2, and a newer one takes it.", wrapped, true},
		"gone":              {"echo 'no server running on /tmp/tmux-1/default' >&2; exit 1", "tmux did not take it: it is gone: start the console in a new tmux, or without the variable TMUX.", osc52 + wrapped, false},
		"another user's":    {"echo 'error connecting to /tmp/tmux-2/default (Permission denied)' >&2; exit 1", "tmux did not take it: it is another user's: start a tmux of your own, or unset TMUX.", osc52 + wrapped, false},
		"not let in":        {"echo 'access not allowed' >&2", "tmux did not take it: it is another user's: start a tmux of your own, or unset TMUX.", osc52 + wrapped, false}, // as tmux 3.3a says it, with 0
		"nobody attached":   {"echo '3.3a||'", "No terminal is attached to tmux: attach one, then copy again.", "", false},
		"control mode":      {"echo '3.3a|xterm-256color|'", "", osc52 + wrapped, false},
		"terminal is gone":  {"echo '3.3a|linux|/dev/pts/none'", "tmux did not take it: its terminal is not to be found: attach to it again, then copy again.", osc52 + wrapped, false},
		"keeps it":          {answers + `test "$1" = load-buffer`, "tmux still has it in a buffer: run tmux delete-buffer -b lifeguard-", "", true},
		"hangs":             {"exec sleep 60", "tmux did not take it: it did not answer within a second: see whether it still draws, or start the console outside of it.", osc52 + wrapped, false},
		"hangs with a text": {answers + `test "$1" = delete-buffer || exec sleep 60`, "tmux did not take it: it did not answer within a second: see whether it still draws, or start the console outside of it.", osc52 + wrapped, true},
		"talks nonsense":    {"echo what", "tmux did not take it: it does not say which one it is.", osc52 + wrapped, false},
		"not there":         {"", "tmux did not take it: the program tmux is not found: add it to PATH.", osc52 + wrapped, false},
	} {
		folder := t.TempDir()
		t.Setenv("PATH", folder+string(os.PathListSeparator)+"/usr/bin"+string(os.PathListSeparator)+"/bin")
		if test.script == "" {
			t.Setenv("PATH", folder)
		} else if err := os.WriteFile(filepath.Join(folder, "tmux"), []byte("#!/bin/sh\necho \"$@\" >>"+folder+"/arguments\n"+test.script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		r := clipboard.New(clipboard.Auto, environment("TMUX=/tmp/tmux-1/default,1,0"), &board{absent: true}).Copy(t.Context(), secret)
		if !strings.HasPrefix(r.Problem, test.problem) || test.problem == "" && r.Problem != "" {
			t.Errorf("%s: %q", name, r.Problem)
		}
		if r.Sequence != test.want {
			t.Errorf("%s: the terminal gets %q", name, r.Sequence)
		}
		arguments, _ := os.ReadFile(filepath.Join(folder, "arguments"))
		if strings.Contains(string(arguments)+r.Problem+r.Words(), secret) {
			t.Errorf("%s: the text is among %q", name, arguments)
		}
		if test.deletes != strings.Contains(string(arguments), "delete-buffer -b lifeguard-") {
			t.Errorf("%s: %q", name, arguments)
		}
	}
}
