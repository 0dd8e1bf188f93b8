package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// accountWriter writes accounts as they come.
type accountWriter struct {
	out   *bufio.Writer
	write func(api.ServiceAccount) error
	close func() error // writes what must stand behind the last account
}

func (w *accountWriter) end() error {
	if err := w.close(); err != nil {
		return err
	}
	return w.out.Flush()
}

// abandon writes what is there. What was begun is left unfinished, so that no
// program takes it for the whole.
func (w *accountWriter) abandon() error { return w.out.Flush() }

func (p process) accountWriter(flags listFlags, now time.Time) *accountWriter {
	w := &accountWriter{out: bufio.NewWriter(p.stdout), close: func() error { return nil }}
	switch {
	case flags.asLines:
		w.write = func(account api.ServiceAccount) error { return json.NewEncoder(w.out).Encode(account) }
	case flags.asJSON:
		w.array()
	case isTerminal(p.stdout):
		w.table(p, now)
	default:
		w.write = w.tabs
	}
	return w
}

// array writes one JSON array, an account a line.
func (w *accountWriter) array() {
	before := "[\n"
	w.write = func(account api.ServiceAccount) error {
		text, err := json.Marshal(account)
		if err != nil {
			return err
		}
		_, err = w.out.WriteString(before + string(text))
		before = ",\n"
		return err
	}
	w.close = func() error {
		end := "\n]\n"
		if before == "[\n" {
			end = "[]\n"
		}
		_, err := w.out.WriteString(end)
		return err
	}
}

// tabs writes one account as a line for another program: nothing is cut, and
// times are RFC 3339.
func (w *accountWriter) tabs(account api.ServiceAccount) error {
	used := "never"
	if at := account.Key.LastUsedAt; at != nil {
		used = at.UTC().Format(time.RFC3339)
	}
	_, err := w.out.WriteString(strings.Join([]string{
		account.ID, account.Name, account.Team.Name, account.Key.Hint,
		account.CreatedAt.UTC().Format(time.RFC3339), account.CreatedBy.Name, used,
	}, "\t") + "\n")
	return err
}

// listColumns are the columns on a terminal: the same as the console's.
var listColumns = []table.Column{
	{ID: "name", Title: "NAME", Width: 16, Most: 40, Keep: 10},
	{ID: "team", Title: "TEAM", Width: 12, Most: 20, Keep: 9},
	{ID: "key", Title: "KEY", Width: 12, Keep: 6},
	{ID: "created", Title: "CREATED", Width: 14, Keep: 5},
	{ID: "by", Title: "BY", Width: 10, Most: 18, Keep: 4},
	{ID: "used", Title: "LAST USED", Width: 14, Keep: 8},
}

// table writes lines that are as wide as the terminal at most. Their columns do
// not depend on what comes later, so that the first line need not wait.
func (w *accountWriter) table(p process, now time.Time) {
	width := 80
	if file, ok := p.stdout.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			width = columns
		}
	}
	out, coloured := p.colours()
	w.out = bufio.NewWriter(out)
	s := styles.New(styles.Options{ASCII: p.env.otherCharset()})
	columns := table.Fit(listColumns, width+len("  ")) // there is no marker
	var titles []string
	for _, column := range columns {
		titles = append(titles, column.Title)
	}
	line := func(texts []string) string {
		var b strings.Builder
		for i, text := range texts {
			var measure ansi.Method
			text = measure.Truncate(text, columns[i].Width, s.Glyphs.Ellipsis)
			if i < len(texts)-1 {
				text += strings.Repeat(" ", max(columns[i].Width-measure.StringWidth(text), 0)+2)
			}
			b.WriteString(text)
		}
		return b.String()
	}
	begun := false
	w.write = func(account api.ServiceAccount) error {
		if !begun {
			begun = true
			heading := line(titles)
			if coloured {
				heading = s.Heading.Render(heading)
			}
			if _, err := w.out.WriteString(heading + "\n"); err != nil {
				return err
			}
		}
		var texts []string
		for _, column := range columns {
			texts = append(texts, listCell(column.ID, account, now))
		}
		text := line(texts)
		if s.Glyphs.Ellipsis != "…" {
			text = strings.ReplaceAll(text, "…", s.Glyphs.Ellipsis) // the server's hints have it too
		}
		_, err := w.out.WriteString(text + "\n")
		return err
	}
}

func listCell(column string, account api.ServiceAccount, now time.Time) string {
	switch column {
	case "name":
		return account.Name
	case "team":
		return account.Team.Name
	case "key":
		return account.Key.Hint
	case "created":
		return since(account.CreatedAt, now)
	case "by":
		return account.CreatedBy.Name
	}
	if account.Key.LastUsedAt == nil {
		return "never"
	}
	return since(*account.Key.LastUsedAt, now)
}

// since says how long ago a time was. A time ahead of this clock is now: clocks
// differ.
func since(at, now time.Time) string {
	if at.After(now) {
		at = now
	}
	return humanize.RelTime(at, now, "ago", "")
}

// colours returns a writer to standard output that has as many colours as the
// terminal, and whether it has any: NO_COLOR and TERM=dumb want none.
func (p process) colours() (io.Writer, bool) {
	if colorprofile.Detect(p.stdout, p.env) < colorprofile.ANSI {
		return p.stdout, false
	}
	return colorprofile.NewWriter(p.stdout, p.env), true
}
