package main

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The create journey over a slow line: all of it arrives, the key whole, and
// the server knows it as the far end of that line.
func TestSSHCreateJourneyOverASlowLine(t *testing.T) {
	line := newSlowLine(t)
	s := serveSSH(t)
	s.stop()
	s.host = farAddress.String()
	line.far.enter(t, func() { s.start() })
	var screen *sshScreen
	line.near.enter(t, func() { screen = s.open("ada", 100, 30) })
	screen.create("ci-deploy")
	key := screen.copied()
	if api.CheckKey(key) != nil {
		t.Errorf("copied %d bytes", len(key))
	}
	screen.see(key)
	if screen.press("\x03"); line.out.carried.Load() == 0 || line.back.carried.Load() < int64(len(screen.output())) {
		t.Errorf("the line carried %d bytes there and %d back", line.out.carried.Load(), line.back.carried.Load())
	}
	s.stop() // and again where the test can ask it
	s.host = "127.0.0.1"
	s.start()
	s.takes(key, "ci-deploy")
	made := s.events("service_account.create")
	if len(made) != 1 || made[0].Via != "ssh" || made[0].IP != nearAddress.String() {
		t.Errorf("%+v", made)
	}
}

// slowLine moves the cursor over a slow line with Debian's ssh, and compares
// with a round trip of that line just before each key.
func (s *sshBench) slowLine(b *testing.B) {
	line := newSlowLine(b)
	line.far.enter(b, func() {
		startMeasured(b, nil, s.binary, "serve", "--listen", "127.0.0.1:0", "--database", s.dsn, "--ssh", net.JoinHostPort(farAddress.String(), s.port))
	})
	p := slowPresses{line: line, roundTrip: line.roundTrip(b)}
	began := time.Now()
	line.near.enter(b, func() { p.screen = startOnTerminal(b, s.debian(b, farAddress.String(), s.port), 120, 40) })
	p.screen.waitFor("to see a cursor", func() bool { return p.marked() != "" })
	first := time.Since(began)
	once(b, func() {
		p.measure(b, "moves")
		p.screen.press(strings.Repeat("j", 20)) // past the last row that is in sight
		p.measure(b, "scrolls")
	})
	b.ReportMetric(first.Seconds(), "s-to-first-rows")
	b.ReportMetric(float64(line.out.dropped.Load()+line.back.dropped.Load()), "packets-dropped")
}

// slowPresses are presses of a key that moves the cursor, over a slow line.
type slowPresses struct {
	line      *slowLine
	screen    *sshScreen
	roundTrip func() time.Duration
}

// marked is the row with the cursor.
func (p *slowPresses) marked() string {
	for row := range strings.Lines(p.screen.text()) {
		if strings.HasPrefix(row, "▌") {
			return row
		}
	}
	return ""
}

// measure presses the key 25 times, each when nothing else is on the line.
func (p *slowPresses) measure(b *testing.B, what string) {
	b.Helper()
	var trips, presses, over []time.Duration
	var carried []int64
	for range 25 {
		p.screen.rest(time.Second)
		trip := p.roundTrip()
		before, carriedBefore := p.marked(), p.line.back.carried.Load()
		began := time.Now()
		p.screen.press("j")
		p.screen.waitFor("to see the cursor on another row", func() bool { row := p.marked(); return row != "" && row != before })
		press := time.Since(began)
		trips, presses, over = append(trips, trip), append(presses, press), append(over, press-trip)
		carried = append(carried, p.line.back.carried.Load()-carriedBefore)
	}
	slices.Sort(over)
	for unit, took := range map[string]time.Duration{
		"round-trip": median(trips), "press": median(presses),
		"over": median(over), "over-p95": over[len(over)*95/100], "over-at-most": over[len(over)-1],
	} {
		b.ReportMetric(float64(took.Microseconds())/1000, what+"-ms-"+unit)
	}
	b.ReportMetric(float64(median(carried)), what+"-B-back")
}

// rest waits until nothing is drawn any more.
func (s *sshScreen) rest(silence time.Duration) {
	for {
		select {
		case <-s.drawn:
		case <-time.After(silence):
			return
		}
	}
}
