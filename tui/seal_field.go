package tui

import (
	"io"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
)

// sealField is the optional third field of New API Key: who the key is sealed
// to. Whoever does not need it never meets it: enter on the name creates. Its
// methods return the next value and change none.
type sealField struct {
	input   textinput.Model
	problem string
}

func newSealField(e environment) *sealField {
	input := textinput.New()
	input.Prompt = ""
	input.Placeholder = "optional: ssh-ed25519 …, age1… or @FILE"
	if e.noFiles {
		input.Placeholder = "optional: ssh-ed25519 … or age1…"
	}
	input.CharLimit = 64 << 10 // ten of the longest there are
	input.SetVirtualCursor(false)
	return &sealField{input: input}
}

func (f sealField) fit(width int, e environment) *sealField {
	f.input.SetStyles(inputStyles(e.styles))
	f.input.SetWidth(width)
	return &f
}

func (f sealField) blurred() *sealField {
	f.input.Blur()
	return &f
}

func (f sealField) focused() (*sealField, tea.Cmd) {
	cmd := f.input.Focus()
	return &f, cmd
}

func (f sealField) update(msg tea.Msg) (*sealField, tea.Cmd) {
	before := f.input.Value()
	var cmd tea.Cmd
	f.input, cmd = f.input.Update(msg)
	if f.input.Value() != before {
		f.problem = ""
		f.input.EchoMode = textinput.EchoNormal
		if isSecret(f.input.Value()) {
			f.input.EchoMode = textinput.EchoPassword // typed or pasted, it is not for the screen
		}
	}
	return &f, cmd
}

// isSecret reports what is never a recipient and not for the screen.
func isSecret(text string) bool {
	return api.FindKey(text) != "" || strings.Contains(text, "PRIVATE KEY-----") || strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-")
}

// pastedRecipients makes one line of a pasted text, or says why it is none.
func pastedRecipients(content string) (line, problem string) {
	if isSecret(content) {
		return "", "That was a private key: it was not pasted. Paste the public one."
	}
	return strings.Join(strings.FieldsFunc(content, func(r rune) bool { return r == '\n' || r == '\r' }), ", "), ""
}

// sealed puts a problem at the field, if there is one, and else at the form.
func (f *form) sealed(problem string) {
	if f.seal == nil {
		f.problem = problem
		return
	}
	next := *f.seal
	next.problem = problem
	f.seal = &next
}

// text is what was entered, without the spaces around it.
func (f *sealField) text() string { return strings.TrimSpace(f.input.Value()) }

// shown reports whether the field is in use, so that it is drawn also where
// there is little room.
func (f *sealField) shown() bool { return f.input.Focused() || f.text() != "" || f.problem != "" }

// height is how many lines the field takes that others did not have before.
func (f *sealField) height(airy bool, e environment) int {
	lines := len(f.view(airy, e))
	if !airy { // it stands in the place of what a name must be
		lines = max(lines-1, 0)
	}
	return lines
}

func (f *sealField) view(airy bool, e environment) []string {
	if !airy && !f.shown() {
		return nil
	}
	input := harmless(f.input)
	if e.styles.Glyphs.Ellipsis != "…" {
		input.Placeholder = strings.ReplaceAll(input.Placeholder, "…", e.styles.Glyphs.Ellipsis)
	}
	lines := []string{formLabel("Seal", f.input.Focused(), e) + input.View()}
	hint := ""
	if f.shown() {
		hint = "Encrypted to them, and shown to nobody: age -d opens it."
	}
	switch {
	case f.problem != "":
		return append(lines, indented(e.styles.Glyphs.Bad+" "+f.problem, e.styles.Danger.Render, e)...)
	case airy:
		return append(lines, strings.Repeat(" ", labelWidth)+e.styles.Muted.Render(hint))
	}
	return lines
}

// resolveRecipients reads what the form's field names, files too.
type resolveRecipients struct {
	turn string
	text string
}

func (resolveRecipients) isAction() {}

// recipientsReadMsg are those whom a form named.
type recipientsReadMsg struct {
	turn       string
	recipients seal.Recipients
	err        error
}

// readRecipients is a command because a file may be on a network that hangs.
func readRecipients(a resolveRecipients, open func(path string) (io.ReadCloser, error)) tea.Cmd {
	if open != nil {
		read := open
		open = func(path string) (io.ReadCloser, error) { return read(expand(path)) }
	}
	return func() tea.Msg {
		recipients, err := seal.Parse(a.text, open)
		return recipientsReadMsg{turn: a.turn, recipients: recipients, err: err}
	}
}
