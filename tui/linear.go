package tui

import (
	"io"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Linear is the console as questions and answers, a line at a time, for those
// who listen to their terminal and for terminals that cannot move the cursor. It
// holds a [Model] and does nothing by itself: a line is carried out with the key
// presses, pastes and commands that the screen takes, and what is written is read
// from the model's state. So a page or a dialog refuses here what it refuses there.
//
// Make one with [NewLinear] and run it without a renderer and without input. It
// writes plain lines, and waits with the next line until what the last one began
// has ended: a file of answers goes as it would by hand.
type Linear struct {
	model Model
	out   io.Writer
	// typed says that a person types the lines, who sees them as they are typed.
	typed bool

	lines []string // that have come and wait
	ended bool     // no more come
	ready chan struct{}
	cmds  []tea.Cmd // of the update under way

	begun bool   // the first prompt was there
	asked string // what the prompt that stands there asks, "" while none does
	told  told
	left  bool
	end   LinearEnd

	listed  listed
	chosen  string   // id of the service account that was named last
	seal    bool     // the form asks whom to seal to
	pasting []string // lines that are gathered for identify
}

// told is what was said already, so that it is said again only when it changes.
type told struct {
	toast    toast
	dialog   int // number of the dialog that was introduced
	live     string
	count    int
	failure  string
	progress string
	page     pageID
}

// LinearEnd is how a [Linear] ended.
type LinearEnd int

// The ends there are.
const (
	LinearLeft       LinearEnd = iota // the person left, or there were no more lines and nothing was open
	LinearUnfinished                  // the lines ended in a question; nothing was done for it
	LinearKeyLost                     // the lines ended, or the person left, without taking a new key, or not knowing whether one was made
	LinearSignedOut                   // the server refuses the key
)

type (
	// LineMsg is a line that the person answers, without its end.
	LineMsg string
	// LinesEndedMsg says that no more lines come.
	LinesEndedMsg struct{}
	// settledMsg comes when a wait is over that only Linear knows of.
	settledMsg struct{}
	// commandMsg carries out a command of the palette, by its name.
	commandMsg string
	// choiceMsg puts the cursor of the page in sight on a row.
	choiceMsg int
)

// linearWidth and linearHeight are the screen that the model thinks it has: large
// enough for all that it could show.
const linearWidth, linearHeight = 120, 40

// NewLinear makes one that writes to out. typed says that the lines come from a
// person at a terminal. Keys of the configuration are left aside: answers are words.
func NewLinear(options Options, out io.Writer, typed bool) *Linear {
	options.Keys, options.ASCII, options.Mouse = nil, true, false
	options.Clipboard = withoutSequences{options.Clipboard}
	l := &Linear{model: New(options), out: out, typed: typed, ready: make(chan struct{}, 1)}
	l.told.page = -1
	return l
}

// Ready has an element each time that a line is waited for.
func (l *Linear) Ready() <-chan struct{} { return l.ready }

// Ended says how it ended; only then it is meant.
func (l *Linear) Ended() LinearEnd { return l.end }

// Model is the console underneath.
func (l *Linear) Model() Model { return l.model }

// Init is that of the console.
func (l *Linear) Init() tea.Cmd {
	l.say("Lifeguard, " + l.model.contextWords() + ", " + l.model.options.Address + ". Answer help for what can be done.")
	if l.model.options.ReadOnly {
		l.say("This console is read-only.")
	}
	if l.model.toast.text != "" { // it would be gone when loading takes long
		l.say(l.model.toast.text)
		l.told.toast = l.model.toast
	}
	l.pass(tea.WindowSizeMsg{Width: linearWidth, Height: linearHeight})
	return tea.Batch(append(l.cmds, l.model.Init())...)
}

// View is nothing: all is written as lines.
func (l *Linear) View() tea.View { return tea.NewView("") }

// Update takes lines, and all that the console takes.
func (l *Linear) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	l.cmds = nil
	if l.left {
		return l, nil
	}
	switch msg := msg.(type) {
	case LineMsg:
		l.line(string(msg))
	case LinesEndedMsg:
		l.ended = true
	case NoticeMsg:
		l.pass(msg)
		if l.asked != "" {
			// Said at once, and then what is asked again: it may be about this moment.
			l.raw("\n")
			l.asked = ""
		}
	case settledMsg, tea.WindowSizeMsg: // there is no screen to have a size
	default:
		l.pass(msg)
	}
	l.goOn()
	return l, tea.Batch(l.cmds...)
}

// line takes a line in. While something is under way, the word that stops it does
// not wait in the queue, if a person has typed it.
func (l *Linear) line(text string) {
	text = strings.TrimRight(text, "\r\n")
	if l.typed && len(l.model.dialogs) > 0 && means(text, wordsBack) && l.busy() {
		l.press("esc")
		return
	}
	l.lines = append(l.lines, text)
}

// pass gives the model a message.
func (l *Linear) pass(msg tea.Msg) {
	next, cmd := l.model.Update(msg)
	l.model = next.(Model)
	l.cmds = append(l.cmds, cmd)
}

func (l *Linear) press(names ...string) {
	for _, name := range names {
		l.pass(linearPress(name))
	}
}

// linearPress is the press of a key of the default ones, which are the only ones here.
func linearPress(name string) tea.KeyPressMsg {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "space": {Code: ' ', Text: " "},
		"end": {Code: tea.KeyEnd}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+r": {Code: 'r', Mod: tea.ModCtrl},
	}
	if press, ok := special[name]; ok {
		return press
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// write puts a text into the field with the focus, in place of what is there.
func (l *Linear) write(text string) {
	l.press("end", "ctrl+u")
	if text != "" {
		l.pass(tea.PasteMsg{Content: text})
	}
}

// goOn answers what was asked with the lines that wait, as long as nothing is
// under way.
func (l *Linear) goOn() {
	for !l.left {
		if l.busy() {
			l.tellProgress()
			return
		}
		if l.shows() {
			continue
		}
		if now := l.question(); l.asked != now.step || l.asked == "" {
			if l.asked != "" {
				l.raw("\n") // it came by itself, behind a prompt
			}
			l.tell(now)
			l.asked, l.begun = now.step, true
			l.raw(now.prompt)
			select {
			case l.ready <- struct{}{}:
			default:
			}
		}
		if len(l.lines) == 0 {
			if l.ended {
				l.finish()
			}
			return
		}
		line := l.lines[0]
		l.lines = slices.Delete(l.lines, 0, 1)
		if !l.typed {
			l.raw("\n") // nobody has ended the line of the prompt
		}
		l.asked, l.told.progress = "", ""
		l.answer(line)
	}
}

// busy reports whether something is under way that the next line must wait for.
func (l *Linear) busy() bool {
	m := &l.model
	if len(m.dialogs) > 0 {
		switch d := m.topDialog().(type) {
		case keyDialog:
			if rest := settleTime - m.options.Clock().Sub(d.appeared); !d.waiting() && rest > 0 {
				l.cmds = append(l.cmds, after(rest, settledMsg{}))
				return true
			}
		case detailsDialog:
			return d.facts.asked && d.facts.history == nil && m.caller != nil && m.environment().mayAudit()
		case teamDetailsDialog:
			return d.facts.members == nil && m.teamsPage.asking != 0
		}
		w, ok := m.topDialog().(waiter)
		return ok && w.waiting() && !l.givesUp()
	}
	if !l.begun && m.accounts.failure == nil && (m.caller == nil && m.sides[sideCaller].failures == 0 ||
		!m.teamsPage.known && m.sides[sideTeams].failures == 0 && m.teamsFailed == nil) {
		return true
	}
	switch m.at {
	case pageAudit:
		return m.audit.load.running
	case pageTeams:
		return !m.teamsPage.known && m.teamsPage.failure == nil
	}
	return m.accounts.load.running && m.accounts.failure == nil || m.accounts.busy() || m.accounts.lookups != m.accounts.answered
}

// lostPatience is how many tries of a create whose answer was lost are waited for
// when nobody is there to stop it.
const lostPatience = 6

func (l *Linear) givesUp() bool {
	form, ok := l.model.topDialog().(createDialog)
	return ok && l.ended && len(l.lines) == 0 && form.retry != nil && form.retry.attempt > lostPatience
}

// command is what [commandMsg] does.
func (m *Model) command(name string) tea.Cmd {
	m.toast = m.toast.seen(m.now)
	return m.run(name)
}

// choose is what [choiceMsg] does: a row of the page in sight.
func (m *Model) choose(row int) tea.Cmd {
	p, ok := m.current().(listingPage)
	if !ok || len(m.dialogs) > 0 || row < 0 || row >= p.rows().table.Length() {
		return nil
	}
	m.toast = m.toast.seen(m.now)
	p.rows().table.Select(row)
	return p.moved(m.environment())
}
