package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/feed"
)

// following is how the console follows the audit log: what others do appears
// without a reload. It begins at the log's end, which is taken before the list
// of accounts is asked for, so that nothing falls in between; what is seen twice
// does no harm.
type following struct {
	generation int
	cancel     context.CancelFunc // of the request under way
	known      bool               // position is one
	position   feed.Position
	asked      time.Time // when the server was last asked
	heard      time.Time // when it last said that this is all there is
	attempts   int       // failures in a row to wait for events
	back       bool      // the server answered since the last one
	told       bool      // and that was said
	losses     int       // times in a row that the log could not be followed from where it was read
	why        *api.Error
	off        bool // following is refused: nobody tries again by himself
	missed     bool // there was a break: what follows is what was missed
	ticked     time.Time
}

// live reports whether what is shown is what there is.
func (f following) live() bool { return f.known && (f.attempts == 0 || f.back) && !f.off }

// startFollowing takes the end of the log, in place of all that is under way.
func (m *Model) startFollowing() tea.Cmd {
	m.follow.known, m.follow.off = false, false
	return m.followWith(func(ctx context.Context, r remote, generation int) tea.Cmd {
		return r.findLogEnd(ctx, generation)
	})
}

// goOnFollowing waits for the next events. check makes sure first that the log
// is still the same one.
func (m *Model) goOnFollowing(check bool) tea.Cmd {
	position := m.follow.position
	return m.followWith(func(ctx context.Context, r remote, generation int) tea.Cmd {
		if check {
			return r.look(ctx, generation, position)
		}
		return r.follow(ctx, generation, position)
	})
}

func (m *Model) followWith(ask func(context.Context, remote, int) tea.Cmd) tea.Cmd {
	if m.follow.cancel != nil {
		m.follow.cancel()
	}
	m.follow.generation++
	m.follow.asked = m.now
	ctx, cancel := context.WithCancel(m.options.Context)
	m.follow.cancel = cancel
	return ask(ctx, m.remote(), m.follow.generation)
}

// following takes in what came of following the log.
func (m *Model) following(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case logEndFoundMsg:
		if msg.generation == m.follow.generation {
			return m.logEndFound(msg)
		}
	case followedMsg:
		if msg.generation == m.follow.generation {
			return m.followed(msg)
		}
	case logLostMsg:
		if msg.generation == m.follow.generation {
			return m.logLost(msg.reason)
		}
	case followFailedMsg:
		if msg.generation == m.follow.generation {
			return m.followFailed(msg)
		}
	case followDueMsg:
		if msg.generation == m.follow.generation {
			if !m.follow.known {
				return m.startFollowing()
			}
			return m.goOnFollowing(msg.check)
		}
	}
	return nil
}

// logEndFound loads the accounts, again if they are there: from here on nothing
// is missed, but before it there may have been something.
func (m *Model) logEndFound(msg logEndFoundMsg) tea.Cmd {
	m.follow.known, m.follow.position = true, msg.position
	m.follow.heard = m.now
	m.follow.attempts, m.follow.why, m.follow.missed = 0, nil, false
	return tea.Batch(m.goOnFollowing(false), m.beginOrReload(), m.audit.catchUp(m.environment()))
}

func (m *Model) beginOrReload() tea.Cmd {
	if !m.accounts.begun {
		return m.accounts.ask(m.environment())
	}
	return m.reload()
}

// followAgain follows the log again at once, unless that is going on.
func (m *Model) followAgain() tea.Cmd {
	switch {
	case m.follow.live():
		return nil
	case m.follow.known:
		m.follow.off, m.follow.missed = false, true
		return m.goOnFollowing(true)
	}
	return m.startFollowing()
}

// soon is how quickly an answer without events must come to be taken for one
// from a server that does not wait, or is about to stop.
const soon = 5 * time.Second

// followed takes events in and waits for the next.
func (m *Model) followed(msg followedMsg) tea.Cmd {
	f := &m.follow
	hasty := len(msg.events) == 0 && !msg.looked && m.now.Sub(f.asked) < soon
	f.position, f.heard = msg.position, m.now
	f.back, f.why = true, nil
	if !msg.looked { // where only that fails, it is tried less and less often
		f.attempts, f.losses = 0, 0
	}
	cmd := tea.Batch(m.changed(feed.Read(msg.events)), m.newsForPages(msg.events))
	if f.missed && !hasty {
		if !f.told || len(msg.events) > 0 {
			m.say(toastGood, caughtUp(len(msg.events)))
		}
		f.missed, f.told = false, msg.looked
	}
	if hasty {
		wait := m.jitter(retryWaits[0])
		return tea.Batch(cmd, after(wait, followDueMsg{generation: f.generation, check: true}))
	}
	return tea.Batch(cmd, m.goOnFollowing(len(msg.events) == 0 && !msg.looked))
}

func caughtUp(events int) string {
	if events == 0 {
		return "Connected again: nothing has happened meanwhile."
	}
	return fmt.Sprintf("Connected again, and caught up with %s of the audit log.", plural(events, "event"))
}

// logLost loads everything again, because what happened in between cannot be
// had. A log that gets lost again and again is followed with pauses.
func (m *Model) logLost(reason error) tea.Cmd {
	switch {
	case errors.Is(reason, feed.ErrBack):
		m.say(toastWarning, "The server's audit log went back, as after a restore: everything is loaded again.")
	default:
		m.say(toastWarning, "The audit log was pruned beyond what was read of it: everything is loaded again.")
	}
	m.follow.known = false
	m.follow.attempts++
	if m.follow.losses++; m.follow.losses == 1 {
		return m.startFollowing()
	}
	return after(m.jitter(retryWait(m.follow.losses, &api.Error{})), followDueMsg{generation: m.follow.generation})
}

func (m *Model) followFailed(msg followFailedMsg) tea.Cmd {
	f := &m.follow
	var cmd tea.Cmd
	if !m.accounts.begun {
		cmd = m.beginOrReload() // the list is of use without
	}
	f.attempts++
	f.why, f.missed, f.back = msg.err, f.known, false
	switch {
	case errors.Is(msg.err, api.ErrUnauthorized) && msg.session == m.session:
		f.off = true
		return tea.Batch(cmd, m.askToSignIn(msg.err))
	case lasting(msg.err):
		f.off = true
		return cmd
	}
	wait := m.jitter(retryWait(f.attempts, msg.err))
	if f.attempts == 1 && msg.err.RetryAfter == 0 {
		wait = m.jitter(time.Second) // a connection that was closed while it was silent
	}
	return tea.Batch(cmd, after(wait, followDueMsg{generation: f.generation, check: true}))
}

// jitter spreads a wait over its second half, so that consoles that lost their
// server together do not come back together.
func (m *Model) jitter(wait time.Duration) time.Duration {
	return wait/2 + time.Duration(m.options.Random()*float64(wait/2))
}

// asleep is how late a tick must be for the machine to have slept, or the
// program to have been stopped: the connection may be dead without saying so.
const asleep = 90 * time.Second

// woken follows the log anew when the machine was asleep.
func (m *Model) woken() tea.Cmd {
	// Without the monotonic clock, which stands still meanwhile.
	now := m.now.Round(0)
	slept := !m.follow.ticked.IsZero() && now.Sub(m.follow.ticked) > asleep
	m.follow.ticked = now
	if !slept || !m.follow.known || m.follow.off {
		return nil
	}
	m.follow.missed = true
	return m.goOnFollowing(true)
}

// changed takes over what events mean.
func (m *Model) changed(changes feed.Changes) tea.Cmd {
	var cmds []tea.Cmd
	if changes.Teams {
		cmds = append(cmds, m.sideLoad(sideTeams))
	}
	if changes.Caller {
		cmds = append(cmds, m.sideLoad(sideCaller))
	}
	for _, renamed := range changes.Renamed {
		m.say(toastGood, "The team "+renamed.Before+" is called "+renamed.After+" now.")
	}
	cmd, wanted := m.accounts.changed(changes, m.environment())
	cmds = append(cmds, cmd)
	if wanted != nil {
		cmds = append(cmds, m.perform(wanted, noDialog))
	}
	if len(changes.Deleted) > 0 {
		cmds = append(cmds, m.toDialogs(deletedElsewhereMsg{changes.Deleted}))
	}
	return tea.Batch(cmds...)
}

// liveness says in the header whether what is shown is what there is.
func (m *Model) liveness() string {
	f := m.follow
	s := m.styles
	dot := s.Muted.Render(" " + s.Glyphs.Dot + " ")
	switch {
	case f.live():
		return dot + s.Success.Render("live "+s.Glyphs.Live)
	case f.off && f.why != nil:
		return dot + s.Muted.Render("not live")
	case f.attempts > 0 && !f.heard.IsZero():
		words := "stale"
		if m.now.Sub(f.heard) >= time.Minute {
			words += " for " + sinceInWords(m.now, f.heard)
		}
		return dot + s.Warning.Render(words)
	case f.attempts > 0:
		return dot + s.Warning.Render("not live yet")
	}
	return ""
}
