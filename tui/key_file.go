package tui

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// fileName makes a name for a file of an account's name: letters, digits, dots
// and dashes, and never a hidden file or a path.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, name)
	safe = strings.TrimLeft(safe, ".-")
	if safe == "" {
		return "service-account"
	}
	return safe
}

// suggestion is the file name that is offered.
func (d keyDialog) suggestion() string {
	name := fileName(d.created.ServiceAccount.Name) + ".key"
	if d.sealTo != nil {
		name += ".age"
	}
	return name
}

func (d keyDialog) restyle(e environment) dialog {
	d.path.SetStyles(inputStyles(e.styles))
	d.path.SetWidth(max(e.screen-12, 1))
	return d
}

func (d keyDialog) typePath(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	switch {
	case e.keys.Back.matches(press):
		d.writing, d.problem = false, ""
		d.path.Blur()
		return d, nil, nil
	case d.saving:
		return d, nil, nil
	case e.keys.Take.matches(press):
		if strings.TrimSpace(d.path.Value()) == "" {
			d.problem = "Enter the file's name."
			return d, nil, nil
		}
		d.saving, d.since, d.problem = true, e.now, ""
		return d, nil, writeSecret{
			account: d.created.ServiceAccount.ID, secret: d.created.APIKey, path: expand(strings.TrimSpace(d.path.Value())),
		}
	case press.String() == "ctrl+v":
		return d, nil, nil
	}
	var cmd tea.Cmd
	d.path, cmd = d.path.Update(press)
	return d, cmd, nil
}

// expand turns ~/ into the person's home folder, as a shell would have done,
// and a name alone into a whole path: where the file went must be said.
func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

func (d *keyDialog) writeDone(msg keyWrittenMsg) {
	d.saving = false
	switch {
	case msg.err == nil:
		d.written, d.delivered, d.writing, d.leaving, d.problem = msg.path, true, false, false, ""
		d.path.Blur()
	case errors.Is(msg.err, fs.ErrExist):
		d.problem = "There is a file of this name already; it was left as it is. Choose another name."
	case errors.Is(msg.err, fs.ErrPermission):
		d.problem = "You may not write there. Choose another folder."
	case errors.Is(msg.err, fs.ErrNotExist):
		d.problem = "There is no such folder. Choose another one, or make it first."
	default:
		d.problem = "The file could not be written, and nothing was left behind: " + plainCause(msg.err) + "."
	}
}

// plainCause is the last part of an operating system's error, without paths.
func plainCause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
