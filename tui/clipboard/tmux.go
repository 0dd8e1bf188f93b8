package clipboard

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// tmux is the program of that name, and the variable TMUX, by which it finds its
// server: the process itself need not have it.
type tmux struct{ path, server string }

func tmuxOf(env func(string) string) tmux { return tmux{path: "tmux", server: env("TMUX")} }

// Errors of tmux, each with its remedy.
var (
	errNoTmux  = errors.New("the program tmux is not found: add it to PATH")
	errOldTmux = errors.New("it is older than 3.2, and a newer one takes it")
	errGone    = errors.New("it is gone: start the console in a new tmux, or without the variable TMUX")
	errForeign = errors.New("it is another user's: start a tmux of your own, or unset TMUX")
	errHung    = errors.New("it did not answer within a second: see whether it still draws, or start the console outside of it")
)

// TmuxState is what a tmux says of itself. What it does not say is "".
type TmuxState struct {
	Version          string `json:"version"`
	SetClipboard     string `json:"set_clipboard"`
	AllowPassthrough string `json:"allow_passthrough"`
	// Term is the terminal's name to tmux, "" while none is attached, and
	// TakesClipboard whether tmux knows how to hand it a text.
	Term           string `json:"term"`
	TakesClipboard bool   `json:"takes_clipboard"`
	// device is the terminal that is attached.
	device string
}

// oldestTmux is the first version with load-buffer -w.
const oldestTmux = 3.2

// old reports a tmux that cannot be asked to copy. One between two releases,
// which has no number, can.
func (t TmuxState) old() bool {
	number := strings.TrimRight(strings.TrimPrefix(t.Version, "next-"), "abcdefghijklmnopqrstuvwxyz")
	version, err := strconv.ParseFloat(number, 64)
	return t.Version == "" || err == nil && version < oldestTmux
}

// copy brings a text to the terminal of whoever is attached, and says by which
// way. Of Tmux nothing is left to write.
func (t tmux) copy(ctx context.Context, text string) (way Path, problem string) {
	state, err := t.state(ctx)
	if err == nil && state.old() {
		err = errOldTmux
	}
	switch {
	case err != nil:
	case state.Term == "":
		return None, "No terminal is attached to tmux: attach one, then copy again."
	case state.device == "":
		// In control mode the terminal draws the panes itself, and reads what is
		// written to them.
		return Passthrough, ""
	case pathTo(state.Term) != OSC52 || !state.TakesClipboard:
		// tmux would hand it over as it is, to nobody who takes it so.
		if err = writeTo(state.device, sequence(pathTo(state.Term), text)); err == nil {
			return Tmux, ""
		}
	default:
		var left string
		if left, err = t.load(ctx, text); left != "" {
			problem = fmt.Sprintf("tmux still has it in a buffer: run tmux delete-buffer -b %s.", left)
		}
		if err == nil {
			return Tmux, problem
		}
	}
	way = Passthrough
	if errors.Is(err, errOldTmux) {
		way = OldTmux
	}
	if problem == "" {
		problem = fmt.Sprintf("tmux did not take it: %v.", err)
	}
	return way, problem
}

// load has tmux hand a text to its terminal, by way of a buffer that is deleted
// again. left is the buffer's name where that failed.
func (t tmux) load(ctx context.Context, text string) (left string, err error) {
	buffer := "lifeguard-" + strings.ToLower(rand.Text()[:8])
	_, err = t.run(ctx, text, "load-buffer", "-b", buffer, "-w", "-")
	// Also when it seems to have failed: it may have been too slow to say so.
	_, deleted := t.run(context.WithoutCancel(ctx), "", "delete-buffer", "-b", buffer)
	if err == nil && deleted != nil || errors.Is(err, errHung) && errors.Is(deleted, errHung) {
		left = buffer
	}
	return left, err
}

// state asks tmux for its version and its terminal.
func (t tmux) state(ctx context.Context) (TmuxState, error) {
	output, err := t.run(ctx, "", "display-message", "-p", "#{version}|#{client_termname}|#{client_tty}", ";", "show-messages", "-T")
	head, terminals, _ := strings.Cut(output, "\n")
	words := strings.Split(head, "|")
	if len(words) != 3 {
		if err == nil {
			err = errors.New("it does not say which one it is")
		}
		return TmuxState{}, err
	}
	s := TmuxState{Version: words[0], Term: words[1], device: words[2]}
	var mine bool
	for line := range strings.SplitSeq(terminals, "\n") {
		if strings.HasPrefix(line, "Terminal ") {
			mine = strings.Contains(line, " for "+s.device+",")
		}
		if _, capability, found := strings.Cut(line, ": Ms: "); found && mine {
			s.TakesClipboard = !strings.Contains(capability, "[missing]")
		}
	}
	return s, nil
}

// options asks tmux for the two options that matter to programs that know no
// better than to write to the terminal.
func (t tmux) options(ctx context.Context, s *TmuxState) {
	s.SetClipboard, _ = t.run(ctx, "", "show-options", "-gsv", "set-clipboard")
	s.AllowPassthrough, _ = t.run(ctx, "", "show-options", "-gv", "allow-passthrough")
}

// run runs tmux for [Limit] at most and returns what it prints. The input is in
// none of its arguments.
func (t tmux) run(ctx context.Context, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Env = append(os.Environ(), "TMUX="+t.server)
	cmd.Stdin = strings.NewReader(input)
	// A child that keeps the pipes open must not keep us.
	cmd.WaitDelay = 100 * time.Millisecond
	var printed, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &complaint
	err := cmd.Run()
	output, said := strings.TrimRight(printed.String(), "\n"), complaint.String()
	has := func(words string) bool { return strings.Contains(said, words) }
	switch {
	case has("access not allowed"): // also with the exit code 0
		return output, errForeign
	case err == nil:
		return output, nil
	case errors.Is(err, exec.ErrNotFound):
		return output, errNoTmux
	case ctx.Err() != nil:
		return output, errHung
	case has("-- w") || has("usage: load-buffer"):
		return output, errOldTmux
	case has("Permission denied"):
		return output, errForeign
	case has("no server running") || has("error connecting") || has("server exited") || has("lost server"):
		return output, errGone
	case said != "":
		return output, errors.New(firstLine(said))
	}
	return output, err
}

// writeTo writes to the terminal that tmux itself writes to. The system lets no
// other write into the middle of one.
func writeTo(device, text string) error {
	if info, err := os.Stat(device); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return errors.New("its terminal is not to be found: attach to it again, then copy again")
	}
	file, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return errors.New("its terminal is another user's: attach to it from one of your own, then copy again")
	}
	defer func() { _ = file.Close() }()
	_ = file.SetWriteDeadline(time.Now().Add(Limit)) // where there are deadlines
	if _, err = file.WriteString(text); err != nil {
		return errors.New("its terminal does not read: see whether it is stopped (ctrl+q), then copy again")
	}
	return nil
}
