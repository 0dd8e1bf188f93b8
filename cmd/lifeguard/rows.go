package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// form is how a command that lists writes its rows: as a table on a terminal,
// as lines with tabs elsewhere, or as JSON.
type form struct{ asJSON, asLines bool }

func (f *form) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "one JSON array")
	cmd.Flags().BoolVar(&f.asLines, "jsonl", false, "one JSON object a line")
}

func (f form) check() error {
	if f.asJSON && f.asLines {
		return errors.New("--json and --jsonl exclude each other")
	}
	return nil
}

// enough is an error of a command that lists. A closed pipe is none: whoever
// reads has read enough, as head does.
func enough(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// listing says how rows of a kind look to a person and to another program.
type listing[T any] struct {
	columns []table.Column
	cell    func(column string, row T) string
	// tabs are the texts of a line for another program: nothing is cut, and times
	// are RFC 3339.
	tabs func(row T) []string
	// none is said on standard error where a terminal gets no rows.
	none string
	// paragraph is what a terminal gets instead of a table, if it is not nil.
	paragraph func(row T) string
}

// orNone is the listing with what is said where it has no rows.
func (l listing[T]) orNone(sentence string) listing[T] {
	l.none = sentence
	return l
}

// rowWriter writes rows as they come.
type rowWriter[T any] struct {
	out   *bufio.Writer
	write func(T) error
	close func() error // writes what must stand behind the last row
}

// flush writes what is there, for somebody who waits for it.
func (w *rowWriter[T]) flush() error { return w.out.Flush() }

func (w *rowWriter[T]) end() error {
	if err := w.close(); err != nil {
		return err
	}
	return w.out.Flush()
}

// abandon writes what is there. What was begun is left unfinished, so that no
// program takes it for the whole.
func (w *rowWriter[T]) abandon() error { return w.out.Flush() }

func newRowWriter[T any](p process, f form, l listing[T]) *rowWriter[T] {
	w := &rowWriter[T]{out: bufio.NewWriter(p.stdout), close: func() error { return nil }}
	switch {
	case f.asLines:
		w.write = func(row T) error { return json.NewEncoder(w.out).Encode(row) }
	case f.asJSON:
		w.array()
	case isTerminal(p.stdout) && l.paragraph != nil:
		w.write = func(row T) error {
			_, err := w.out.WriteString(l.paragraph(row))
			return err
		}
	case isTerminal(p.stdout):
		w.table(p, l)
	default:
		w.write = func(row T) error {
			_, err := w.out.WriteString(strings.Join(l.tabs(row), "\t") + "\n")
			return err
		}
	}
	return w
}

// array writes one JSON array, a row a line.
func (w *rowWriter[T]) array() {
	before := "[\n"
	w.write = func(row T) error {
		text, err := json.Marshal(row)
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

// table writes lines that are as wide as the terminal at most. Their columns do
// not depend on what comes later, so that the first line need not wait.
func (w *rowWriter[T]) table(p process, l listing[T]) {
	width := 80
	if file, ok := p.stdout.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			width = columns
		}
	}
	out, coloured := p.colours()
	w.out = bufio.NewWriter(out)
	s := styles.New(styles.Options{ASCII: p.env.otherCharset()})
	columns := table.Fit(l.columns, width+len("  ")) // there is no marker
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
	w.close = func() error {
		if begun {
			return nil
		}
		_, err := io.WriteString(p.stderr, l.none+"\n")
		return err
	}
	w.write = func(row T) error {
		if !begun {
			begun = true
			var titles []string
			for _, column := range columns {
				titles = append(titles, column.Title)
			}
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
			texts = append(texts, l.cell(column.ID, row))
		}
		text := line(texts)
		if s.Glyphs.Ellipsis != "…" {
			text = strings.ReplaceAll(text, "…", s.Glyphs.Ellipsis) // the server's hints have it too
		}
		_, err := w.out.WriteString(text + "\n")
		return err
	}
}

// colours returns a writer to standard output that has as many colours as the
// terminal, and whether it has any: NO_COLOR and TERM=dumb want none.
func (p process) colours() (io.Writer, bool) {
	profile := p.colourProfile()
	if profile < colorprofile.ANSI {
		return p.stdout, false
	}
	return &colorprofile.Writer{Forward: p.stdout, Profile: profile}, true
}
