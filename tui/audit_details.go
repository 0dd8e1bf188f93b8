package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// eventDetails tells all that is known of an event.
func eventDetails(event api.AuditEvent, width int, e environment) []string {
	s := e.styles
	lines := []string{s.Title.Render(e.measure.Truncate(event.Action, width, s.Glyphs.Ellipsis)), ""}
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, e.field(name, value, width)...)
		}
	}
	named := func(kind, name string) string {
		return strings.TrimSpace(strings.ReplaceAll(kind, "_", " ") + " " + name)
	}
	add("Time", event.Time.Local().Format("2006-01-02 15:04:05 MST")+", "+ageInWords(e.now, event.Time))
	add("Outcome", event.Outcome)
	add("Actor", named(string(event.Actor.Type), event.Actor.Name))
	add("", event.Actor.ID)
	add("Target", named(event.Resource.Type, event.Resource.Name))
	add("", event.Resource.ID)
	add("From", event.IP)
	add("Via", event.Via)
	add("Agent", event.UserAgent)
	add("Request", event.RequestID)
	for _, key := range sortedKeys(event.Metadata) {
		add(key, api.Clean(event.Metadata[key])) // which bounds it
	}
	add("Event", fmt.Sprintf("%d, %s", event.Sequence, event.ID))
	add("Hash", event.Hash)
	return lines
}

// eventDialog shows one event whole; what does not fit is scrolled.
type eventDialog struct {
	scroll
	event api.AuditEvent
}

func newEventDialog(event api.AuditEvent) eventDialog { return eventDialog{event: event} }

func (d eventDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		d.scroll = d.wheeled(msg, len(d.lines(e)), e)
		return d, nil, nil
	}
	k := e.keys
	if account, ok := accountOf(d.event); ok && k.ShowAccount.matches(press) {
		return d, nil, showAccount{account}
	}
	if k.Back.matches(press) || k.Inspect.matches(press) || k.ShowAccount.matches(press) || k.Quit.matches(press) {
		return d, nil, closeDialog{}
	}
	d.scroll = d.moved(press, len(d.lines(e)), e)
	return d, nil, nil
}

func (d eventDialog) lines(e environment) []string { return eventDetails(d.event, e.width, e) }

func (d eventDialog) view(e environment) panel {
	return panel{content: strings.Join(d.window(d.lines(e), e), "\n")}
}

func (d eventDialog) bindings(e environment) []binding {
	bindings := d.scroll.bindings(len(d.lines(e)), e)
	if _, ok := accountOf(d.event); ok {
		return append([]binding{e.keys.ShowAccount}, bindings...)
	}
	return bindings
}

func (d eventDialog) restyle(environment) dialog { return d }
