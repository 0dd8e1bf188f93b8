package query

import (
	"strconv"
	"strings"
	"time"
)

// moment is what a time is compared with: nothing at all, ages or calendar
// dates. It is a span of time as soon as it is known what time it is.
type moment struct {
	never    bool
	aged     bool
	op       Op
	ranged   bool
	from, to point
}

// point is one end: an age, or a date as exact as it was given.
type point struct {
	count int
	unit  string // of an age, or of a date: "y", "mo", "d", "m", "s"
	day   int    // today is 0, yesterday -1
	named bool   // today or yesterday
	at    time.Time
	zoned bool // the date names its zone; otherwise it is in the person's own
}

func (f fieldRule) checkTime(test *Test) wrong {
	word := strings.ToLower(test.Text)
	if word == "never" {
		switch {
		case !f.never:
			return says("%s is never empty: nothing is %s:never", f.name, f.name)
		case test.Op != Has && test.Op != Is:
			return says("never cannot be compared: %s:never", f.name)
		}
		test.moment = moment{never: true}
		return wrong{}
	}
	m := moment{op: test.Op}
	first, last, ranged := strings.Cut(word, "..")
	if ranged && test.Op != Has && test.Op != Is {
		return says("a range takes no %s: %s:%s..%s", test.Op, f.name, first, last)
	}
	var aged, known bool
	m.from, m.aged, known = parsePoint(first)
	m.to = m.from
	if known && ranged {
		m.ranged = true
		m.to, aged, known = parsePoint(last)
		known = known && aged == m.aged
	}
	switch {
	case !known:
		return says("%s wants an age, as in <7d, or a date, as in 2026-01-31", f.name)
	case m.aged && !ranged && (test.Op == Has || test.Op == Is):
		return says("younger or older? %s:<%s is within that time, %s:>%s is longer ago", f.name, word, f.name, word)
	}
	test.moment = m
	return wrong{}
}

// maxAge is the greatest age that can be asked for, in years.
const maxAge = 100

// perYear is how many of a unit a year has at most.
var perYear = map[string]int{"m": 366 * 24 * 60, "h": 366 * 24, "d": 366, "w": 53, "mo": 12, "y": 1}

func parsePoint(word string) (p point, aged, known bool) {
	switch word {
	case "today":
		return point{named: true, unit: "d"}, false, true
	case "yesterday":
		return point{named: true, day: -1, unit: "d"}, false, true
	}
	digits := word[:len(word)-len(strings.TrimLeft(word, "0123456789"))]
	if limit, is := perYear[word[len(digits):]]; is && digits != "" {
		count, err := strconv.Atoi(digits)
		return point{count: count, unit: word[len(digits):]}, true, err == nil && count <= limit*maxAge
	}
	for _, form := range []struct {
		layout, unit string
		zoned        bool
	}{
		{"2006", "y", false}, {"2006-01", "mo", false}, {"2006-01-02", "d", false},
		{"2006-01-02t15:04", "m", false}, {"2006-01-02t15:04:05", "s", false},
		{"2006-01-02t15:04z07:00", "m", true}, {"2006-01-02t15:04:05z07:00", "s", true},
	} {
		// The word is in lower case; a layout's z must be a capital letter.
		layout := strings.ReplaceAll(form.layout, "z07", "Z07")
		if at, err := time.Parse(layout, strings.ReplaceAll(word, "z", "Z")); err == nil && at.Year() >= 1 {
			return point{at: at, unit: form.unit, zoned: form.zoned}, false, true
		}
	}
	return point{}, false, false
}

// bounds returns the half-open span of time that is meant; a zero end is open.
func (m moment) bounds(now time.Time) (from, to time.Time) {
	if m.aged {
		near, far := m.from.ago(now), m.to.ago(now)
		switch {
		case m.ranged && far.After(near):
			return near, far
		case m.ranged:
			return far, near
		case m.op == Less || m.op == LessEqual:
			return near, time.Time{} // what is ahead of this clock is young: clocks differ
		}
		return time.Time{}, near
	}
	start, _ := m.from.span(now)
	_, end := m.to.span(now)
	switch m.op {
	case Less:
		return time.Time{}, start
	case LessEqual:
		return time.Time{}, end
	case Greater:
		return end, time.Time{}
	case GreaterEqual:
		return start, time.Time{}
	}
	return start, end
}

func (p point) ago(now time.Time) time.Time {
	switch p.unit {
	case "m":
		return now.Add(-time.Duration(p.count) * time.Minute)
	case "h":
		return now.Add(-time.Duration(p.count) * time.Hour)
	case "d":
		return now.Add(-time.Duration(p.count) * 24 * time.Hour)
	case "w":
		return now.Add(-time.Duration(p.count) * 7 * 24 * time.Hour)
	case "mo":
		return now.AddDate(0, -p.count, 0)
	}
	return now.AddDate(-p.count, 0, 0)
}

// span is the time that a date covers: a year, a month, a day, a minute, a
// second.
func (p point) span(now time.Time) (start, end time.Time) {
	start = p.at
	switch {
	case p.named:
		year, month, day := now.Date()
		start = time.Date(year, month, day+p.day, 0, 0, 0, 0, now.Location())
	case !p.zoned:
		year, month, day := p.at.Date()
		start = time.Date(year, month, day, p.at.Hour(), p.at.Minute(), p.at.Second(), 0, now.Location())
	}
	switch p.unit {
	case "y":
		return start, start.AddDate(1, 0, 0)
	case "mo":
		return start, start.AddDate(0, 1, 0)
	case "d":
		return start, start.AddDate(0, 0, 1)
	case "m":
		return start, start.Add(time.Minute)
	}
	return start, start.Add(time.Second)
}
