package tui

import "time"

// toast is a sentence about what just happened, in the status line.
type toast struct {
	kind  toastKind
	text  string
	until time.Time
}

type toastKind int

const (
	toastGood toastKind = iota
	toastWarning
	toastBad
)

// How long a toast stays: long enough to be read twice. A failure stays until
// the next key after that.
const (
	goodTime   = 6 * time.Second
	badTime    = 15 * time.Second
	noticeTime = 12 * time.Second
)

func (m *Model) say(kind toastKind, text string) {
	wait := goodTime
	if kind != toastGood {
		wait = badTime
	}
	m.toast = toast{kind: kind, text: text, until: m.now.Add(wait)}
}

// at returns the toast as of now: none when its time is over.
func (t toast) at(now time.Time) toast {
	if t.text != "" && !now.Before(t.until) {
		return toast{}
	}
	return t
}

// seen is called when a key is pressed: warnings and failures that have been
// read are in the way of what comes next.
func (t toast) seen(now time.Time) toast {
	if t.kind == toastGood {
		return t.at(now)
	}
	return toast{}
}
