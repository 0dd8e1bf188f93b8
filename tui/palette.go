package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// ownBindings are the console's own, on every page.
func (m *Model) ownBindings() []binding {
	k := m.keys
	bindings := []binding{k.Help, k.Quit, k.Palette, k.NextPage, k.PreviousPage, k.Mouse}
	if m.cameFrom != m.at {
		back := k.Return
		back.SetHelp(back.Help().Key, "back to "+m.page(m.cameFrom).name())
		bindings = slices.Insert(bindings, 0, back)
	}
	return append(append(bindings, k.pages()...), k.Identify)
}

// themeNamed is what the name of a command begins with that chooses a theme.
const themeNamed = "theme-"

// runOwn carries out one of the console's own bindings or commands.
func (m *Model) runOwn(b binding) tea.Cmd {
	k := m.keys
	switch b.name {
	case k.Help.name:
		m.open(newHelpDialog(m.keys, m.current().name(), m.bindings()))
	case k.Quit.name:
		return tea.Quit
	case k.Palette.name:
		d, cmd := newPaletteDialog(m.commands(), m.environment())
		m.open(d)
		return cmd
	case k.Mouse.name:
		m.toggleMouse()
	case k.Identify.name:
		m.open(newIdentifyDialog())
	case k.NextPage.name:
		return m.turn((m.at + 1) % pageCount)
	case k.PreviousPage.name:
		return m.turn((m.at + pageCount - 1) % pageCount)
	case k.Return.name:
		return m.turn(m.cameFrom)
	}
	for id, to := range k.pages() {
		if to.name == b.name {
			return m.turn(pageID(id))
		}
	}
	if theme, ok := strings.CutPrefix(b.name, themeNamed); ok {
		m.options.Theme = styles.Theme(theme)
		m.restyle()
	}
	return nil
}

// ownCommands are the console's own bindings, and what it can do beside them.
func (m *Model) ownCommands() []binding {
	var commands []binding
	for _, b := range m.ownBindings() {
		if b.name != m.keys.Palette.name && b.name != m.keys.pages()[m.at].name {
			commands = append(commands, b)
		}
	}
	for _, theme := range styles.Themes() {
		b := bind(themeNamed+string(theme), "").means("Theme: " + string(theme))
		if theme == m.options.Theme || theme == styles.Auto && m.options.Theme == "" {
			b = b.because("This theme is chosen.")
		}
		commands = append(commands, b)
	}
	return commands
}

// commands are all that can be done on the page in sight, movements left out.
func (m *Model) commands() []binding {
	moves := m.keys.movements()
	moving := func(b binding) bool {
		return slices.ContainsFunc(moves, func(move binding) bool { return move.name == b.name })
	}
	page := slices.DeleteFunc(m.current().bindings(m.environment()), moving)
	return slices.Concat(page, m.current().commands(), m.ownCommands())
}

// run carries out a command by its name, if it can still be carried out.
func (m *Model) run(name string) tea.Cmd {
	named := func(b binding) bool { return b.name == name }
	commands := m.commands()
	at := slices.IndexFunc(commands, named)
	switch {
	case at < 0:
		return nil
	case commands[at].off != "":
		m.say(toastWarning, commands[at].off)
		return nil
	case m.refuses(commands[at]):
		return nil
	case slices.ContainsFunc(m.ownCommands(), named):
		return m.runOwn(commands[at])
	}
	cmd := m.carryOut(m.current().run(commands[at], m.environment()))
	if m.at == pageAccounts { // as after a key
		cmd = tea.Batch(cmd, m.accounts.watchHistory(m.environment()))
	}
	return cmd
}

// paletteDialog finds a command by a few letters.
type paletteDialog struct {
	picker   picker.Model
	commands []binding
	problem  string
}

func newPaletteDialog(commands []binding, e environment) (paletteDialog, tea.Cmd) {
	d := paletteDialog{picker: picker.New(pickerStyles(e), "type to search commands", 5), commands: commands}
	items := make([]picker.Item, len(commands))
	for i, b := range commands {
		items[i] = picker.Item{ID: b.name, Title: b.title(), Notes: []string{strings.Join(b.Keys(), " ")}}
		if b.off != "" {
			items[i].Notes = append(items[i].Notes, b.off)
		}
	}
	d.picker.SetItems(items)
	cmd := d.picker.Focus()
	return d.restyle(e).(paletteDialog), cmd
}

// title is what a binding is called in the palette.
func (b binding) title() string {
	if b.words != "" {
		return b.words
	}
	help := b.Help().Desc
	return strings.ToUpper(help[:1]) + help[1:]
}

func (d paletteDialog) restyle(e environment) dialog {
	d.picker.SetWidth(max(e.width-3, 1))
	return d
}

func (d paletteDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch {
		case e.keys.Back.matches(msg):
			return d, nil, closeDialog{}
		case e.keys.Take.matches(msg):
			return d.take()
		case msg.String() == "ctrl+v":
			return d, nil, nil // the terminal pastes
		}
	case tea.PasteMsg:
	default:
		return d, nil, nil
	}
	d.problem = ""
	d.picker.SetHeight(d.rows(e))
	var cmd tea.Cmd
	d.picker, cmd = d.picker.Update(e.keys.forPicker(msg))
	return d, cmd, nil
}

// take runs the command under the cursor. One that is off says why.
func (d paletteDialog) take() (dialog, tea.Cmd, action) {
	item, ok := d.picker.Selected()
	if !ok {
		return d, nil, nil
	}
	for _, b := range d.commands {
		if b.name == item.ID && b.off != "" {
			d.problem = b.off
			return d, nil, nil
		}
	}
	return d, nil, runCommand{item.ID}
}

// rows is how many commands are shown at a time.
func (d paletteDialog) rows(e environment) int { return min(max(e.height-3, 1), 14) }

func (d paletteDialog) view(e environment) panel {
	list := d.picker
	list.SetHeight(d.rows(e))
	lines := []string{e.styles.Key.Render(":") + " " + list.InputView()}
	shown := strings.Split(list.ItemsView(e.width, e.measure), "\n")
	for len(shown) < d.rows(e) {
		shown = append(shown, "")
	}
	lines = append(lines, shown...)
	if d.problem != "" {
		lines = append(lines, wrapped(e.styles.Glyphs.Warn+" "+d.problem, e.width, e.styles.Warning.Render, e)...)
	} else {
		lines = append(lines, "")
	}
	p := panel{content: strings.Join(lines, "\n")}
	if c := list.Cursor(); c != nil {
		p.cursor = &tea.Cursor{Position: tea.Position{X: c.X + 2, Y: 0}, Shape: tea.CursorBar}
	}
	return p
}

func (d paletteDialog) bindings(e environment) []binding {
	k := e.keys
	return []binding{k.Take.as("run"), k.Down.whileTyping(), k.Up.whileTyping(), k.Back, k.Interrupt}
}
