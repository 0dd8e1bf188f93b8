package tui

import (
	"errors"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// signInDialog stands over everything when the server refuses the key. What
// was being done stays below it. The new key is typed or pasted unseen.
type signInDialog struct {
	reason    *api.Error
	canSignIn bool
	key       textinput.Model
	trying    bool
	try       string // names the try that is under way
	noKey     bool   // there was none to be refused
	nextTime  string // what saves this the next time, may be ""
	problem   string
}

func newSignInDialog(reason *api.Error, canSignIn, noKey bool, e environment) (signInDialog, tea.Cmd) {
	key := textinput.New()
	key.Prompt = ""
	key.Placeholder = "paste your developer API key (ps-" + e.styles.Glyphs.Ellipsis + ")"
	key.EchoMode = textinput.EchoPassword
	key.CharLimit = 256
	key.SetVirtualCursor(false)
	if e.styles.Glyphs.Ellipsis != "…" {
		key.EchoCharacter = '*'
	}
	d := signInDialog{reason: reason, canSignIn: canSignIn, noKey: noKey, key: key}
	d = d.restyle(e).(signInDialog)
	cmd := d.key.Focus()
	return d, cmd
}

func (d signInDialog) restyle(e environment) dialog {
	d.key.SetStyles(inputStyles(e.styles))
	d.key.SetWidth(max(e.width-labelWidth-1, 1))
	return d
}

func (d signInDialog) waiting() bool { return d.trying }

func (d signInDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case signInFailedMsg:
		if !d.trying || msg.try != d.try {
			break
		}
		d.trying = false
		d.problem = msg.err.Error()
		if errors.Is(msg.err, api.ErrUnauthorized) {
			d.problem = "The server does not accept this key either."
		}
	case tea.PasteMsg:
		if !d.trying {
			var cmd tea.Cmd
			d.key, cmd = d.key.Update(tea.PasteMsg{Content: strings.TrimSpace(msg.Content)})
			return d, cmd, nil
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	}
	return d, nil, nil
}

func (d signInDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	switch {
	case e.keys.Back.matches(press):
		d.key.SetValue("")
		return d, nil, closeDialog{}
	case d.trying || press.String() == "ctrl+v":
		return d, nil, nil
	case e.keys.Retry.matches(press):
		d.key.SetValue("")
		return d, nil, retryWithOldKey{}
	case e.keys.SignIn.matches(press) && d.canSignIn:
		text := d.key.Value()
		if err := api.CheckKey(text); err != nil {
			d.problem = "Nothing was sent: " + err.Error() + "."
			return d, nil, nil
		}
		// The field forgets the key before it is used: from here it is boxed.
		d.key.SetValue("")
		d.trying, d.problem, d.try = true, "", e.newKey()
		return d, nil, signIn{try: d.try, key: api.NewSecret(text)}
	}
	var cmd tea.Cmd
	d.key, cmd = d.key.Update(press)
	d.problem = ""
	return d, cmd, nil
}

func (d signInDialog) bindings(e environment) []binding {
	k := e.keys
	return []binding{k.SignIn, k.Retry, k.Back, k.Interrupt.because("")}
}

func (d signInDialog) view(e environment) panel {
	s := e.styles
	lines := []string{s.Title.Render("Sign in")}
	why := "The server does not accept your key: it was mistyped, deleted, or its user suspended."
	if d.noKey {
		why = "No API key was given. Enter yours."
	}
	if d.nextTime != "" {
		why += " For the next time, " + d.nextTime + "."
	}
	lines = append(lines, wrapped(why, e.width, s.Text.Render, e)...)
	if d.reason.RequestID != "" {
		lines = append(lines, s.Muted.Render("Request "+d.reason.RequestID))
	}
	lines = append(lines, "")
	line := len(lines)
	lines = append(lines, s.Key.Render("Key    ")+d.key.View(), "")
	switch {
	case d.trying:
		lines = append(lines, e.spinner()+" Asking the server who this is.")
	case d.problem != "":
		lines = append(lines, wrapped(s.Glyphs.Bad+" "+d.problem, e.width, s.Danger.Render, e)...)
	default:
		lines = append(lines, s.Muted.Render("What you were doing waits below. "+e.keys.Back.Help().Key+" goes back to it."))
	}
	return panel{content: strings.Join(lines, "\n"), cursor: inputCursor(d.key, e.measure, labelWidth, line)}
}
