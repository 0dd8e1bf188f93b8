package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// report is what doctor finds, as --json writes it.
type report struct {
	Version  string               `json:"version"`
	Config   string               `json:"config"`
	Terminal terminalReport       `json:"terminal"`
	Place    placeReport          `json:"place"`
	Tmux     *clipboard.TmuxState `json:"tmux,omitempty"`
	Copy     copyReport           `json:"copy"`
	Advice   []string             `json:"advice"`
}

type terminalReport struct {
	Term    string `json:"term"`
	Name    string `json:"name,omitempty"`
	Columns int    `json:"columns"` // 0 where there is no terminal
	Rows    int    `json:"rows"`
	Colours string `json:"colours"`
	Locale  string `json:"locale"`
	UTF8    bool   `json:"utf8"`
}

type placeReport struct {
	Words   string `json:"words"`
	SSH     bool   `json:"ssh"`
	Tmux    bool   `json:"tmux"`
	Screen  bool   `json:"screen"`
	Display string `json:"display,omitempty"`
}

type copyReport struct {
	Mode    string `json:"mode"`
	Way     string `json:"way"`             // that was taken to the terminal, or "none"; see [clipboard.Path]
	Tried   string `json:"tried,omitempty"` // the text that was copied
	Native  bool   `json:"native"`
	Words   string `json:"words"`
	Problem string `json:"problem,omitempty"`
}

func doctorCommand(p process) *cobra.Command {
	var flags connectFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out whether a copied key arrives here, and try it",
		Long: "Says what it finds of the terminal, SSH, tmux and GNU screen, copies a harmless text the way a new key would go,\n" +
			"and names the line to put into a file where something is missing. A terminal does not say whether it took a\n" +
			"text, so paste to be sure. It asks no server.\n\n" +
			"Exit codes: 0 the text was copied or sent; 1 it was not, or something on the way failed.",
		Example: "lifeguard doctor\nssh admin.example.com -t lifeguard doctor",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := p.examine(cmd.Context(), flags)
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(p.stdout).Encode(r)
			} else {
				_, err = io.WriteString(p.stdout, r.text())
			}
			switch {
			case err != nil:
			case r.Copy.Tried == "":
				err = errors.New("a new key would not be copied here: it can be selected on its screen, or written to a file with w")
			case r.Copy.Problem != "":
				err = errors.New("one way that a new key takes here failed; what to do stands above")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&flags.config, "config", "", "configuration to read instead of the usual one")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func (p process) examine(ctx context.Context, flags connectFlags) (report, error) {
	c, err := p.configuration(flags.config)
	if err != nil {
		return report{}, err
	}
	path, named := p.configPath(flags.config)
	if _, err := os.Stat(path); err != nil && !named {
		path = "none; it would be " + path
	}
	d := clipboard.Diagnose(ctx, p.env.get)
	r := report{
		Version: buildVersion(), Config: path, Tmux: d.Tmux, Advice: append([]string{}, d.Advice...),
		Place: placeReport{Words: d.Place.String(), SSH: d.Place.SSH, Tmux: d.Place.Tmux, Screen: d.Place.Screen, Display: d.Place.Display},
		Terminal: terminalReport{
			Term: p.env.get("TERM"), Name: d.Terminal, Colours: p.colourProfile().String(), Locale: p.env.locale(), UTF8: !p.env.otherCharset(),
		},
		Copy: copyReport{Mode: string(c.Clipboard), Way: clipboard.None.String()},
	}
	if file, ok := p.stdout.(*os.File); ok {
		r.Terminal.Columns, r.Terminal.Rows, _ = term.GetSize(int(file.Fd()))
	}
	board := clipboard.New(c.Clipboard, p.env.get, clipboard.Machine())
	if native, terminal := board.Plan(); !native && terminal != clipboard.None && !isTerminal(p.stderr) {
		r.Copy.Words, r.Copy.Problem = "Not tried", noTerminal
		return r, nil
	}
	text := "lifeguard doctor " + time.Now().Format("15:04:05")
	copied := board.Copy(ctx, text)
	switch {
	case copied.Sequence == "":
	case !isTerminal(p.stderr): // the way that was left when this machine's clipboard failed
		copied.Terminal = clipboard.None
		copied.Problem = strings.TrimSpace(copied.Problem + " " + noTerminal)
	default:
		if _, err := io.WriteString(p.stderr, copied.Sequence); err != nil {
			return r, err
		}
	}
	if copied.Native || copied.Terminal != clipboard.None {
		r.Copy.Tried = text
	}
	words := copied.Words()
	if more := strings.IndexAny(words, ";:"); more >= 0 {
		words = words[:more] // that is about the key's screen
	}
	r.Copy.Way = copied.Terminal.String()
	r.Copy.Native, r.Copy.Words, r.Copy.Problem = copied.Native, words, api.Clean(copied.Problem)
	return r, nil
}

const noTerminal = "There is no terminal on standard error to copy by."

// doctorWidth is how many columns its sentences take.
const doctorWidth = 78

// text is a report for a person.
func (r report) text() string {
	var f fields
	f.add("version", r.Version)
	f.add("config", r.Config)
	f.add("terminal", cmp.Or(strings.TrimSpace(r.Terminal.Name+" "+r.Terminal.Term), "none"))
	if r.Terminal.Columns > 0 {
		f.add("size", fmt.Sprintf("%d × %d", r.Terminal.Columns, r.Terminal.Rows))
	}
	charset := cmp.Or(r.Terminal.Locale, "not set")
	if !r.Terminal.UTF8 {
		charset += ", not UTF-8: drawn in ASCII"
	}
	f.add("locale", charset)
	f.add("colours", r.Terminal.Colours)
	f.add("place", r.Place.Words)
	if t := r.Tmux; t != nil && t.Version != "" {
		f.add("tmux", fmt.Sprintf("%s, set-clipboard %s, allow-passthrough %s", t.Version, cmp.Or(t.SetClipboard, "unknown"), cmp.Or(t.AllowPassthrough, "unknown")))
	}
	f.add("clipboard", r.Copy.Mode)
	if way := r.Copy.Way; way != clipboard.None.String() {
		f.add("way", way)
	}
	f.add("copy", r.Copy.Words+".")
	text := f.String()
	if r.Copy.Problem != "" {
		text += "\n" + ansi.Wordwrap(r.Copy.Problem, doctorWidth, "") + "\n"
	}
	if r.Copy.Tried != "" {
		text += fmt.Sprintf("\nPaste now. If you see \"%s\", a new key arrives too.\n", r.Copy.Tried)
	}
	for _, line := range r.Advice {
		if !strings.HasPrefix(line, "    ") { // that is to be copied as it is
			line = ansi.Wordwrap(line, doctorWidth, "")
		}
		text += "\n" + line
	}
	if len(r.Advice) > 0 {
		text += "\n"
	}
	return text
}
