package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
)

// How often the console looks at the clock: often while something is under
// way, each second while something counts down, and else only so that ages
// stay true. An idle console that shows nothing new writes nothing.
const (
	spinnerTick = 120 * time.Millisecond
	secondTick  = time.Second
	ageTick     = 30 * time.Second
)

func (m Model) firstTick() tea.Cmd { return nextTick(spinnerTick, 0) }

func nextTick(wait time.Duration, id int) tea.Cmd {
	return tea.Tick(wait, func(at time.Time) tea.Msg { return tickMsg{id: id, at: at} })
}

// pace returns how soon the clock must be looked at again.
func (m Model) pace() time.Duration {
	pace := ageTick
	for id := range pageCount {
		pace = min(pace, m.page(id).pace())
	}
	for _, d := range m.dialogs {
		if w, ok := d.dialog.(waiter); ok && w.waiting() {
			return spinnerTick
		}
	}
	if m.toast.text != "" {
		pace = min(pace, secondTick)
	}
	return pace
}

// wantTick starts a quicker tick when something has begun that needs it. The
// slower one, when it comes, is recognised by its id and dropped.
func (m *Model) wantTick() tea.Cmd {
	pace := m.pace()
	if m.ticking != 0 && tickPace(m.ticking) <= pace {
		return nil
	}
	m.ticks++
	m.ticking = m.ticks<<paceBits | paceNumber(pace)
	return nextTick(pace, m.ticking)
}

// A tick's id carries its pace in the lowest bits.
const paceBits = 2

func paceNumber(pace time.Duration) int {
	switch pace {
	case spinnerTick:
		return 1
	case secondTick:
		return 2
	}
	return 3
}

func tickPace(id int) time.Duration {
	return [...]time.Duration{0, spinnerTick, secondTick, ageTick}[id&(1<<paceBits-1)]
}

func (m *Model) tick(msg tickMsg) tea.Cmd {
	if msg.id != m.ticking {
		return nil
	}
	m.ticking = 0
	m.frame++
	m.toast = m.toast.at(m.now)
	return tea.Batch(m.woken(), m.toPages(msg))
}

// age says how long ago something was, as short as a column wants it: now, 12m
// ago, 4h ago, 3d ago, 8mo ago, 2y ago. Seconds are not told: they would be
// wrong before they are read. A time ahead of this clock is "now": clocks differ.
func age(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh ago", d/time.Hour)
	case d < 60*24*time.Hour:
		return fmt.Sprintf("%dd ago", d/(24*time.Hour))
	case d < 730*24*time.Hour:
		return fmt.Sprintf("%dmo ago", d/(730*time.Hour))
	}
	return fmt.Sprintf("%dy ago", d/(8766*time.Hour))
}

// ageInWords is age for a sentence: 2 minutes ago.
func ageInWords(now, then time.Time) string {
	if now.Sub(then) < time.Minute {
		return "just now"
	}
	return sinceInWords(now, then) + " ago"
}

// sinceInWords says how long ago something was, a minute at least: 2 minutes.
func sinceInWords(now, then time.Time) string {
	d := now.Sub(then)
	words := func(n time.Duration, unit string) string {
		if n <= 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d < time.Hour:
		return words(d/time.Minute, "minute")
	case d < 24*time.Hour:
		return words(d/time.Hour, "hour")
	case d < 60*24*time.Hour:
		return words(d/(24*time.Hour), "day")
	case d < 730*24*time.Hour:
		return words(d/(730*time.Hour), "month")
	}
	return words(d/(8766*time.Hour), "year")
}

// date writes a time for the details: in the person's own zone, to the minute.
func date(at time.Time) string { return at.Local().Format("2006-01-02 15:04") }
