// Package tuitest runs a Bubble Tea program on a terminal emulator and drives
// it as a person does: type, press, paste, resize, and look at the screen.
//
// It is made for a testing/synctest bubble, where time is fake: after each
// input the driver waits until nothing moves any more and lets the next frame
// be drawn, so a test reads as a script and never sleeps. Outside of a bubble
// set [Options.RealTime]; a test then waits for what it expects to see.
//
// What the program reads and writes passes through memory alone.
package tuitest

import (
	"context"
	"image/color"
	"os"
	"os/signal"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// The first use of os/signal starts a goroutine that never ends. Were it
// started inside a synctest bubble, the bubble could not end either.
func init() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
}

// Options say what kind of terminal it is. The zero value is a dark terminal
// of 80×24 with true colour, for use inside a synctest bubble.
type Options struct {
	// Width and Height are columns and rows; zero stands for 80 and 24.
	Width, Height int
	// Light makes the terminal answer that its background is white.
	Light bool
	// Env is the program's whole environment, as KEY=value. Nil stands for
	// TERM=xterm-256color and COLORTERM=truecolor.
	Env []string
	// Profile forces a colour profile. Nil takes the one that Env stands for,
	// with NO_COLOR and TERM=dumb respected.
	Profile *colorprofile.Profile
	// RealTime is for tests outside of a synctest bubble.
	RealTime bool
	// Patience is how long a wait lasts before it fails the test, in the time
	// of the test: fake or real. Zero stands for a minute.
	Patience time.Duration
	// Context ends the program from outside. Nil means never.
	Context context.Context
	// Program holds further options for the program.
	Program []tea.ProgramOption
}

// Terminal is a terminal with a program running on it. Its methods are for
// the goroutine of the test.
type Terminal struct {
	t       testing.TB
	options Options
	program *tea.Program
	input   *input
	// finished is closed when the program has ended; then model and err are set.
	finished chan struct{}
	model    tea.Model
	err      error

	// written is signalled after each write, for tests in real time.
	written chan struct{}

	mu       sync.Mutex // guards what follows; the emulator is not safe for concurrent use
	emulator *vt.Emulator
	raw      []byte
	copies   []Copy
	title    string
	bells    int
	hidden   bool
	bracket  bool
}

// Copy is one text that the program sent to the clipboard by OSC 52.
type Copy struct {
	// Selection is "c" for the clipboard and "p" for the primary selection.
	Selection string
	// Text is empty when the program cleared the clipboard.
	Text string
}

// Start runs model on a new terminal and returns once its first screen is
// drawn. The program is ended with the test, if it is still running.
func Start(t testing.TB, model tea.Model, options Options) *Terminal {
	t.Helper()
	if options.Width == 0 {
		options.Width = 80
	}
	if options.Height == 0 {
		options.Height = 24
	}
	if options.Env == nil {
		options.Env = []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	}
	if options.Profile == nil {
		profile := colorprofile.Env(options.Env)
		options.Profile = &profile
	}
	if options.Patience == 0 {
		options.Patience = time.Minute
	}
	if options.Context == nil {
		options.Context = context.Background()
	}
	terminal := &Terminal{
		t: t, options: options, input: newInput(),
		finished: make(chan struct{}), written: make(chan struct{}, 1),
	}
	terminal.emulate()
	terminal.program = tea.NewProgram(model, append([]tea.ProgramOption{
		tea.WithContext(options.Context),
		tea.WithInput(terminal.input),
		tea.WithOutput((*output)(terminal)),
		tea.WithEnvironment(options.Env),
		tea.WithColorProfile(*options.Profile),
		tea.WithWindowSize(options.Width, options.Height),
		tea.WithoutSignalHandler(),
	}, options.Program...)...)
	go func() {
		defer close(terminal.finished)
		terminal.model, terminal.err = terminal.program.Run()
		terminal.input.close()
	}()
	t.Cleanup(terminal.end)
	if options.RealTime {
		terminal.Wait(func(screen string) bool { return screen != "" })
	} else {
		terminal.Settle()
	}
	return terminal
}

// emulate builds the emulator and starts to hand its answers to queries, such
// as that for the background colour, to the program.
func (t *Terminal) emulate() {
	t.emulator = vt.NewEmulator(max(t.options.Width, 1), max(t.options.Height, 1))
	background, foreground := color.Color(color.Black), color.Color(color.White)
	if t.options.Light {
		background, foreground = foreground, background
	}
	t.emulator.SetDefaultBackgroundColor(background)
	t.emulator.SetDefaultForegroundColor(foreground)
	// These are called by the emulator's Write, with the lock held.
	t.emulator.RegisterOscHandler(52, t.copied)
	t.emulator.SetCallbacks(vt.Callbacks{
		Bell:             func() { t.bells++ },
		Title:            func(title string) { t.title = title },
		CursorVisibility: func(visible bool) { t.hidden = !visible },
		EnableMode:       func(mode ansi.Mode) { t.bracket = t.bracket || mode == ansi.ModeBracketedPaste },
		DisableMode:      func(mode ansi.Mode) { t.bracket = t.bracket && mode != ansi.ModeBracketedPaste },
	})
	go func() {
		buffer := make([]byte, 1024)
		for {
			n, err := t.emulator.Read(buffer)
			if n > 0 {
				t.input.write(buffer[:n])
			}
			if err != nil {
				return
			}
		}
	}()
}

// longestTick is the longest that a command of the program may still wait when
// the program ends, in fake time.
const longestTick = 10 * time.Minute

// end kills a program that is still running, and stops the emulator.
func (t *Terminal) end() {
	if !t.Finished() {
		t.program.Kill()
	}
	<-t.finished
	// Close of the emulator itself would race with its Read.
	if pipe, ok := t.emulator.InputPipe().(interface{ Close() error }); ok {
		_ = pipe.Close() // a pipe in memory: closing it cannot fail
	}
	if !t.options.RealTime {
		// Ticks that were under way outlive the program, and a bubble cannot end
		// before them.
		t.Advance(longestTick)
	}
}

// Send hands the program a message, as a command's result would come.
func (t *Terminal) Send(msg tea.Msg) {
	t.t.Helper()
	t.program.Send(msg)
	t.settle()
}

// Quit ends the program in the orderly way and returns its last model.
func (t *Terminal) Quit() tea.Model {
	t.t.Helper()
	t.program.Quit()
	model, err := t.Result()
	if err != nil {
		t.t.Fatalf("the program ended with: %v", err)
	}
	return model
}

// Finished reports whether the program has ended.
func (t *Terminal) Finished() bool {
	select {
	case <-t.finished:
		return true
	default:
		return false
	}
}

// Result waits for the program's end, which something before must have caused,
// and returns its last model and error.
func (t *Terminal) Result() (tea.Model, error) {
	t.t.Helper()
	ctx, cancel := t.patience()
	defer cancel()
	select {
	case <-t.finished:
		return t.model, t.err
	case <-ctx.Done():
		t.t.Fatalf("the program did not end. The screen:\n%s", t.dump())
		return nil, nil
	}
}
