package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// form is what New API Key and New Team share: something to pick, a Name,
// Create and Cancel. New API Key can have its key sealed too.
type form struct {
	picker picker.Model
	name   textinput.Model
	seal   *sealField // nil where there is no key to seal
	focus  formFocus

	pickProblem, nameProblem, problem string
	note                              string
}

type formFocus int

const (
	focusPick formFocus = iota
	focusName
	focusSeal
	focusCreate
	focusCancel
)

// order is how tab goes through the form.
func (f *form) order() []formFocus {
	if f.seal == nil {
		return []formFocus{focusPick, focusName, focusCreate, focusCancel}
	}
	return []formFocus{focusPick, focusName, focusSeal, focusCreate, focusCancel}
}

func newForm(search, such string, e environment) (form, tea.Cmd) {
	name := textinput.New()
	name.Prompt = ""
	name.Placeholder = such
	// More than a name may have, so that one that is too long can be seen and
	// cut by its owner instead of losing its end in silence.
	name.CharLimit = 4 * api.MaxNameLength
	name.SetVirtualCursor(false)
	f := form{picker: picker.New(pickerStyles(e), search, 5), name: name}
	cmd := f.picker.Focus()
	f.fit(e)
	return f, cmd
}

// fit gives the fields the styles and the width that there are now.
func (f *form) fit(e environment) {
	f.name.SetStyles(inputStyles(e.styles))
	width := max(e.width-labelWidth-1, 1)
	f.name.SetWidth(width - 1)
	f.picker.SetWidth(width - 11)
	if f.seal != nil {
		f.seal = f.seal.fit(width-1, e)
	}
}

// typed hands a key or a pasted text to the field with the focus.
func (f *form) typed(msg tea.Msg, e environment) tea.Cmd {
	if press, ok := msg.(tea.KeyPressMsg); ok && press.String() == "ctrl+v" {
		return nil // the terminal pastes
	}
	var cmd tea.Cmd
	switch f.focus {
	case focusPick:
		f.picker, cmd = f.picker.Update(e.keys.forPicker(msg))
		f.pickProblem = ""
	case focusName:
		before := f.name.Value()
		f.name, cmd = f.name.Update(msg)
		if f.name.Value() != before {
			f.judgeName()
		}
	case focusSeal:
		f.seal, cmd = f.seal.update(msg)
	}
	return cmd
}

// judgeName says what is wrong with a name that was changed.
func (f *form) judgeName() {
	f.nameProblem = ""
	f.name.EchoMode = textinput.EchoNormal
	if api.FindKey(f.name.Value()) != "" {
		f.name.EchoMode = textinput.EchoPassword // typed or pasted, it is not for the screen
	}
	if err := api.CheckName(f.name.Value()); err != nil && !errors.Is(err, api.ErrNameEmpty) {
		f.nameProblem = err.Error()
	}
}

// pasted hands a pasted text to the field with the focus, unless it is a key.
func (f *form) pasted(content string, e environment) tea.Cmd {
	if api.FindKey(content) != "" {
		f.note = "That was an API key: it was not pasted. Paste it into the list to find its owner."
		return nil
	}
	if f.focus == focusSeal {
		var problem string
		if content, problem = pastedRecipients(content); problem != "" {
			f.note = problem
			return nil
		}
	}
	return f.typed(tea.PasteMsg{Content: strings.TrimSpace(content)}, e)
}

// move gives the focus to another field.
func (f *form) move(focus formFocus) tea.Cmd {
	f.focus = focus
	f.picker.Blur()
	f.name.Blur()
	if f.seal != nil {
		f.seal = f.seal.blurred()
	}
	var cmd tea.Cmd
	switch focus {
	case focusPick:
		cmd = f.picker.Focus()
	case focusName:
		cmd = f.name.Focus()
	case focusSeal:
		f.seal, cmd = f.seal.focused()
	}
	return cmd
}

// leads returns the field that a key leads to, if it does.
func (f *form) leads(press tea.KeyPressMsg, k keyMap) (formFocus, bool) {
	onButton := f.focus == focusCreate || f.focus == focusCancel
	order := f.order()
	here := slices.Index(order, f.focus)
	switch {
	case k.Back.matches(press) && f.focus == focusName:
		return focusPick, true
	case k.Back.matches(press) && (f.focus == focusCreate || f.focus == focusSeal):
		return focusName, true
	case k.Next.matches(press):
		return order[(here+1)%len(order)], true
	case k.Previous.matches(press):
		return order[(here+len(order)-1)%len(order)], true
	case onButton && (press.String() == "left" || press.String() == "right"):
		return focusCreate + focusCancel - f.focus, true
	}
	return f.focus, false
}

// place puts what the server said of fields where they are; picked is the
// location of what is picked.
func (f *form) place(fields []api.FieldProblem, picked string) {
	for _, field := range fields {
		switch field.Location {
		case "body.name":
			f.nameProblem = field.Message
		case "body.sealed_to":
			f.sealed(field.Message)
		case picked:
			f.pickProblem = field.Message
		default:
			f.problem = field.Message
		}
	}
}

// wrong returns the field that something is wrong with, or the one that has the
// focus.
func (f *form) wrong() formFocus {
	switch {
	case f.nameProblem != "":
		return focusName
	case f.pickProblem != "":
		return focusPick
	case f.seal != nil && f.seal.problem != "":
		return focusSeal
	}
	return f.focus
}

// drawing is what a form shows of its own.
type drawing struct {
	title, label, field string
	area                func(room int) []string // what can be picked, in room lines
	unique              string                  // among what the name must be
	status              []string
	waiting             bool
}

// draw draws a form in e.height lines at most: blank lines go first, then what
// can be picked gets shorter.
func (f *form) draw(d drawing, e environment) panel {
	airy := e.height >= 14
	var lines []string
	blank := func() {
		if airy {
			lines = append(lines, "")
		}
	}
	lines = append(lines, e.styles.Title.Render(d.title))
	blank()
	pickLine := len(lines)
	lines = append(lines, formLabel(d.label, f.focus == focusPick, e)+d.field)
	fixed := 4 // name, its rule, buttons, status
	if airy {
		fixed += 3
	}
	if f.seal != nil {
		fixed += f.seal.height(airy, e)
	}
	if f.pickProblem != "" {
		lines = append(lines, indented(f.pickProblem, e.styles.Danger.Render, e)...)
	}
	lines = append(lines, d.area(e.height-len(lines)-fixed)...)
	blank()
	nameLine := len(lines)
	lines = append(lines, formLabel("Name", f.focus == focusName, e)+harmless(f.name).View())
	if f.seal == nil || airy || f.nameProblem != "" || !f.seal.shown() {
		lines = append(lines, f.nameRule(d.unique, e))
	}
	blank()
	sealLine := len(lines)
	if f.seal != nil {
		lines = append(lines, f.seal.view(airy, e)...)
	}
	lines = append(lines, strings.Repeat(" ", labelWidth)+
		button("Create", f.focus == focusCreate, false, e)+"  "+button("Cancel", f.focus == focusCancel, false, e))
	lines = append(lines, d.status...)

	p := panel{content: strings.Join(lines, "\n")}
	switch {
	case d.waiting:
	case f.focus == focusPick:
		if c := f.picker.Cursor(); c != nil {
			p.cursor = &tea.Cursor{Position: tea.Position{X: c.X + labelWidth, Y: pickLine}, Shape: tea.CursorBar}
		}
	case f.focus == focusName:
		p.cursor = inputCursor(f.name, e.measure, labelWidth, nameLine)
	case f.focus == focusSeal:
		p.cursor = inputCursor(f.seal.input, e.measure, labelWidth, sealLine)
	}
	return p
}

// nameRule says what the name must be, how long it is, or what is wrong with it.
func (f *form) nameRule(unique string, e environment) string {
	indent := strings.Repeat(" ", labelWidth)
	if f.nameProblem != "" {
		return indent + e.styles.Danger.Render(e.styles.Glyphs.Bad+" "+f.nameProblem)
	}
	used := len([]rune(f.name.Value()))
	if used == 0 {
		return indent + e.styles.Muted.Render(fmt.Sprintf("1 to %d characters, %s", api.MaxNameLength, unique))
	}
	return indent + e.styles.Muted.Render(fmt.Sprintf("%d of %d characters", used, api.MaxNameLength))
}

// inRoom indents the lines below the field that is picked from and makes them
// room lines, so that the form does not jump when the focus moves.
func inRoom(lines []string, room int) []string {
	for len(lines) < room {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = strings.Repeat(" ", labelWidth) + lines[i]
	}
	return lines[:room]
}
