package tui

import (
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/identify"
)

// identifyDialog says whose the keys in a pasted text are. It holds their hashes
// and hints, never their text.
type identifyDialog struct {
	run     string // names the paste, so that late answers to another are dropped
	reading bool   // a large text is being looked through
	read    bool   // there was a paste
	found   identify.Found
	problem error
	owners  []keyOwner // one for each key
	next    int        // the key that is asked for next
	stopped bool       // an answer said that asking is pointless for now
	cursor  int
}

// keyOwner is what is known of whose a key is.
type keyOwner struct {
	identify.Owner
	known bool // the answer is there
}

// keysFoundMsg says what a pasted text holds.
type keysFoundMsg struct {
	run   string
	found identify.Found
	err   error
}

// keyIdentifiedMsg says whose a key of the dialog is.
type keyIdentifiedMsg struct {
	session int
	run     string
	key     int
	owner   identify.Owner
}

// identifyInline is up to how many bytes a pasted text is looked through at once
// in Update: a millisecond or two. A longer one is looked through beside the screen.
const identifyInline = 1 << 20

// identifyAtOnce is how many keys are asked for at the same time.
const identifyAtOnce = 8

// newIdentifyDialog waits for a paste.
func newIdentifyDialog() identifyDialog { return identifyDialog{} }

// newFoundDialog shows what was found, and asks whose the keys are.
func newFoundDialog(found identify.Found, e environment) (identifyDialog, tea.Cmd) {
	d := identifyDialog{run: e.newKey()}
	cmd := d.take(found, nil, e)
	return d, cmd
}

// findKeys looks through a text beside the screen.
func (r remote) findKeys(run, text string) tea.Cmd {
	return func() tea.Msg {
		found, err := identify.Scan(r.ctx, strings.NewReader(text))
		return keysFoundMsg{run: run, found: found, err: err}
	}
}

func (r remote) identifyKey(run string, number int, key identify.Key) tea.Cmd {
	return func() tea.Msg {
		owner, err := identify.FindOwner(r.ctx, r.client, key)
		if err != nil {
			owner.Err = asAPIError(err)
		}
		return keyIdentifiedMsg{session: r.session, run: run, key: number, owner: owner}
	}
}

func (d identifyDialog) waiting() bool {
	return d.reading || slices.ContainsFunc(d.owners[:d.next], func(o keyOwner) bool { return !o.known })
}

func (d identifyDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		cmd := d.paste(lineEnds.Replace(msg.Content), e)
		return d, cmd, nil
	case keysFoundMsg:
		if msg.run != d.run || !d.reading {
			return d, nil, nil
		}
		cmd := d.take(msg.found, msg.err, e)
		return d, cmd, nil
	case keyIdentifiedMsg:
		return d.identified(msg, e)
	case signedInMsg:
		cmd := d.again(e)
		return d, cmd, nil
	case tea.KeyPressMsg:
		return d.press(msg, e)
	}
	return d, nil, nil
}

// paste looks through another text.
func (d *identifyDialog) paste(text string, e environment) tea.Cmd {
	*d = identifyDialog{run: e.newKey()}
	if len(text) > identifyInline {
		d.reading = true
		return e.remote.findKeys(d.run, text)
	}
	found, err := identify.Scan(e.remote.ctx, strings.NewReader(text))
	return d.take(found, err, e)
}

// take shows what was found and begins to ask.
func (d *identifyDialog) take(found identify.Found, err error, e environment) tea.Cmd {
	d.reading, d.read = false, true
	d.found, d.problem = found, err
	d.owners = make([]keyOwner, len(found.Keys))
	return d.ask(identifyAtOnce, e)
}

// ask asks for so many more keys.
func (d *identifyDialog) ask(more int, e environment) tea.Cmd {
	var cmds []tea.Cmd
	for ; more > 0 && d.next < len(d.owners) && !d.stopped; d.next++ {
		if d.owners[d.next].known {
			continue
		}
		cmds = append(cmds, e.remote.identifyKey(d.run, d.next, d.found.Keys[d.next]))
		more--
	}
	return tea.Batch(cmds...)
}

// identified takes an answer in. The keys are not asked for one after another in
// vain: after a failure that all would share, asking stops until it is asked to go on.
func (d identifyDialog) identified(msg keyIdentifiedMsg, e environment) (dialog, tea.Cmd, action) {
	if msg.run != d.run {
		return d, nil, nil
	}
	refused := errors.Is(msg.owner.Err, api.ErrUnauthorized)
	if refused && msg.session != e.remote.session {
		return d, e.remote.identifyKey(d.run, msg.key, d.found.Keys[msg.key]), nil // it was the old key that was refused
	}
	d.owners = slices.Clone(d.owners)
	d.owners[msg.key] = keyOwner{Owner: msg.owner, known: true}
	if msg.owner.Err == nil {
		cmd := d.ask(1, e)
		return d, cmd, nil
	}
	first := !d.stopped
	d.stopped = true
	if first && refused {
		return d, nil, askForKey{asAPIError(msg.owner.Err)}
	}
	return d, nil, nil
}

// again asks for the keys whose owner is not known.
func (d *identifyDialog) again(e environment) tea.Cmd {
	if !d.stopped {
		return nil
	}
	d.stopped, d.next = false, 0
	d.owners = slices.Clone(d.owners)
	for i, owner := range d.owners {
		if owner.Err != nil {
			d.owners[i] = keyOwner{}
		}
	}
	return d.ask(identifyAtOnce, e)
}

func (d identifyDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case k.Back.matches(press):
		return d, nil, closeDialog{}
	case k.Retry.matches(press):
		cmd := d.again(e)
		return d, cmd, nil
	case k.Take.matches(press):
		if account := d.current().Account; account != nil {
			return d, nil, showAccount{api.Ref{ID: account.ID, Name: account.Name}}
		}
		return d, nil, nil
	}
	rows := d.rows(e)
	if b, ok := k.movementWhileTyping(press); ok {
		switch b.name {
		case k.Down.name:
			d.cursor++
		case k.Up.name:
			d.cursor--
		case k.PageDown.name:
			d.cursor += rows
		case k.PageUp.name:
			d.cursor -= rows
		}
	}
	d.cursor = max(min(d.cursor, len(d.owners)-1), 0)
	return d, nil, nil
}

// current is what is known of the key under the cursor.
func (d identifyDialog) current() keyOwner {
	if d.cursor >= len(d.owners) {
		return keyOwner{}
	}
	return d.owners[d.cursor]
}

func (d identifyDialog) bindings(e environment) []binding {
	k := e.keys
	var bindings []binding
	if d.current().Account != nil {
		bindings = append(bindings, k.Take.as("to its account"))
	}
	if d.stopped {
		bindings = append(bindings, k.Retry)
	}
	if len(d.owners) > 1 {
		bindings = append(bindings, k.Down.whileTyping(), k.Up.whileTyping())
	}
	return append(bindings, k.Back, k.Interrupt)
}

func (d identifyDialog) restyle(environment) dialog { return d }
