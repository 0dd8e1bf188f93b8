package tuitest

import (
	"context"
	"strings"
	"testing/synctest"
	"time"
)

const (
	// frame is enough for a lone escape to be told from the beginning of a
	// longer sequence (50 ms) and for the renderer's tick after it (17 ms).
	frame = 100 * time.Millisecond
	// margin is what a wait in real time leaves of the test's own deadline, for
	// the failure to be reported.
	margin = 2 * time.Second
)

// Settle waits until the program has nothing left to do and its screen is
// drawn. It takes a tenth of a second of fake time. In real time there is no
// such moment: wait for what is to be seen.
func (t *Terminal) Settle() {
	t.t.Helper()
	if t.options.RealTime {
		t.t.Fatal("Settle works inside a synctest bubble only: use WaitFor")
	}
	t.Advance(frame)
}

// Advance lets fake time pass, for ticks, toasts, timeouts and retries.
func (t *Terminal) Advance(d time.Duration) {
	t.t.Helper()
	if t.options.RealTime {
		t.t.Fatal("Advance works inside a synctest bubble only: use WaitFor")
	}
	synctest.Wait()
	time.Sleep(d)
	synctest.Wait()
}

// settle follows every input.
func (t *Terminal) settle() {
	t.t.Helper()
	if !t.options.RealTime {
		t.Settle()
	}
}

// WaitFor waits until text is on the screen, and fails the test if it does not
// come.
func (t *Terminal) WaitFor(text string) {
	t.t.Helper()
	if !t.await(func(screen string) bool { return strings.Contains(screen, text) }) {
		t.t.Fatalf("%q is not on the screen:\n%s", text, t.dump())
	}
}

// WaitGone waits until text is no longer on the screen.
func (t *Terminal) WaitGone(text string) {
	t.t.Helper()
	if !t.await(func(screen string) bool { return !strings.Contains(screen, text) }) {
		t.t.Fatalf("%q is still on the screen:\n%s", text, t.dump())
	}
}

// Wait waits until done is true of the screen, and fails the test if that does
// not happen.
func (t *Terminal) Wait(done func(screen string) bool) {
	t.t.Helper()
	if !t.await(done) {
		t.t.Fatalf("the screen did not become what was waited for:\n%s", t.dump())
	}
}

// await looks at the screen again whenever something was written, and in a
// bubble at every frame, until done or out of patience.
func (t *Terminal) await(done func(screen string) bool) bool {
	ctx, cancel := t.patience()
	defer cancel()
	for !done(t.Screen()) {
		if t.Finished() {
			return done(t.Screen()) // nothing more will be written
		}
		if !t.options.RealTime {
			if ctx.Err() != nil {
				return false
			}
			t.Settle()
			continue
		}
		select {
		case <-t.written:
		case <-t.finished:
		case <-ctx.Done():
			return done(t.Screen())
		}
	}
	return true
}

// patience bounds a wait.
func (t *Terminal) patience() (context.Context, context.CancelFunc) {
	until := time.Now().Add(t.options.Patience)
	test, ok := t.t.(interface{ Deadline() (time.Time, bool) })
	if ok && t.options.RealTime {
		if deadline, set := test.Deadline(); set && deadline.Add(-margin).Before(until) {
			until = deadline.Add(-margin)
		}
	}
	return context.WithDeadline(context.Background(), until)
}
