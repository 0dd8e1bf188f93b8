package sshd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"charm.land/wish/v2/bubbletea"
)

// Size is that of a terminal, in cells. Both may be 0: the client did not say.
type Size struct{ Width, Height int }

// The largest terminal that is drawn for, in cells. What a client says beyond
// that would only cost memory.
const maxWidth, maxHeight = 1000, 400

// usual is the size of a terminal that does not say which one it has.
var usual = Size{Width: 80, Height: 24}

// OrUsual is the size, or the usual one for what the client did not say.
func (s Size) OrUsual() Size {
	return Size{Width: cmp.Or(s.Width, usual.Width), Height: cmp.Or(s.Height, usual.Height)}
}

func sizeOf(width, height int) Size {
	return Size{Width: min(max(width, 0), maxWidth), Height: min(max(height, 0), maxHeight)}
}

// Session is what somebody opened.
type Session struct {
	Person Person
	From   net.Addr
	// Command is the command line as it came, "" for none.
	Command string
	// Terminal reports whether there is one at the other end, and Term is what
	// its TERM says.
	Terminal bool
	Term     string
	// Resized gives the terminal's size whenever it changes. Notices
	// are sentences for whoever sits there. Neither need be read.
	Resized <-chan Size
	Notices <-chan string

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	ssh     ssh.Session
	end     context.CancelCauseFunc
	notices chan string

	mu   sync.Mutex
	idle *time.Timer
	rest time.Duration
}

// Env is what the client said of its terminal and its language, as NAME=value.
func (s *Session) Env() []string {
	env := s.ssh.Environ()
	if s.Term != "" {
		env = append(env, "TERM="+s.Term)
	}
	return env
}

// ProgramOptions make a program of Bubble Tea one of this session: input,
// output, environment, colours and size are those of the terminal at the other
// end.
func (s *Session) ProgramOptions() []tea.ProgramOption {
	pty, _, _ := s.ssh.Pty()
	size := sizeOf(pty.Window.Width, pty.Window.Height).OrUsual()
	return append(bubbletea.MakeOptions(s.ssh),
		tea.WithInput(s.Stdin), tea.WithOutput(s.Stdout), tea.WithWindowSize(size.Width, size.Height), tea.WithoutSignalHandler())
}

// tell gives a session a notice, unless it has not read the last ones.
func (s *Session) tell(notice string) {
	select {
	case s.notices <- notice:
	default:
	}
}

// awake is called with every sign of life.
func (s *Session) awake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle != nil {
		s.idle.Reset(s.rest)
	}
}

// alive is a stream whose use is a sign of life, and whose end is that of the
// session when it is the one that holds it.
type alive struct {
	io.Reader
	io.Writer
	session *Session
	holds   bool
}

func (a alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	a.session.awake()
	if err != nil && a.holds {
		a.session.end(errGone)
	}
	return n, err
}

func (a alive) Write(p []byte) (int, error) {
	if !a.session.Terminal {
		a.session.awake()
	}
	return a.Writer.Write(p)
}

// newSession is what somebody opened, and the context that it lives in.
func (s *Server) newSession(over ssh.Session, person Person) (*Session, context.Context) {
	ctx, end := context.WithCancelCause(over.Context())
	pty, _, terminal := over.Pty()
	session := &Session{
		Person: person, From: over.RemoteAddr(), Command: over.RawCommand(), Terminal: terminal, Term: pty.Term,
		ssh: over, end: end, notices: make(chan string, 1), rest: s.options.Idle,
	}
	session.Notices = session.notices
	session.Stdin = alive{Reader: over, session: session, holds: terminal}
	session.Stdout = alive{Writer: over, session: session}
	session.Stderr = alive{Writer: over.Stderr(), session: session}
	session.idle = time.AfterFunc(s.options.Idle, func() { end(ErrIdle) })
	if l, ok := over.Context().Value(lineKey{}).(*line); ok {
		session.Resized = l.sizes
		go func() {
			select {
			case <-l.over:
				end(errGone)
			case <-ctx.Done():
			}
		}()
	}
	return session, ctx
}

// exitRefused is the exit code of a session that was not served.
const exitRefused = 1

// serve is the life of a session.
func (s *Server) serve(over ssh.Session) {
	a := arrivalOf(over.Context())
	person, ok := a.person(over.PublicKey())
	if !ok {
		_ = over.Exit(exitRefused)
		return
	}
	a.opens()
	defer a.closes()
	session, ctx := s.newSession(over, person)
	defer session.end(nil)
	defer session.idle.Stop()
	if err := s.enter(session); err != nil {
		session.say(err)
		_ = over.Exit(exitRefused)
		return
	}
	defer s.leave(session)
	began := time.Now()
	served := make(chan struct{})
	// Whoever does not read what is written holds the session up.
	defer context.AfterFunc(ctx, func() {
		select {
		case <-served:
		case <-time.After(patience):
			_ = a.Close()
		}
	})()
	code := s.served(ctx, session)
	close(served)
	cause := context.Cause(ctx)
	s.options.Logger.LogAttrs(context.Background(), slog.LevelInfo, "ssh session", slog.String("user_id", person.ID),
		slog.String("from", session.From.String()), slog.Bool("terminal", session.Terminal),
		slog.Duration("duration", time.Since(began)), slog.Int("exit_code", code), slog.Any("ended", cause))
	if ends(cause) {
		// It must not wait for somebody who does not read.
		defer time.AfterFunc(patience, func() { _ = a.Close() }).Stop()
		session.say(cause)
		code = max(code, exitRefused)
	}
	_ = over.Exit(code)
}

// served carries a session out. A panic ends it alone.
func (s *Server) served(ctx context.Context, session *Session) (code int) {
	defer func() {
		if value := recover(); value != nil {
			s.options.Logger.Error("an SSH session panicked", "user_id", session.Person.ID, "panic", fmt.Sprint(value))
			code = exitRefused
		}
	}()
	return s.options.Serve(ctx, session)
}

// ends reports whether a cause is one that a person is to be told of.
func ends(cause error) bool {
	return errors.Is(cause, ErrUnwelcome) || errors.Is(cause, ErrIdle) || errors.Is(cause, ErrStopping)
}

// say tells why a session is over, or does not begin.
func (s *Session) say(why error) { _, _ = fmt.Fprintf(s.Stderr, "lifeguard: %v\n", why) }

// enter counts a session, unless there are too many.
func (s *Server) enter(session *Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return ErrStopping
	}
	own := 0
	for other := range s.sessions {
		if other.Person.ID == session.Person.ID {
			own++
		}
	}
	switch {
	case own >= s.options.MaxPersonSessions:
		return fmt.Errorf("you have %d sessions open, which is as many as one person can have: end one of them first", own)
	case len(s.sessions) >= s.options.MaxSessions:
		return fmt.Errorf("%d sessions are open, which is as many as there can be: try again later", len(s.sessions))
	}
	s.sessions[session] = struct{}{}
	return nil
}

func (s *Server) leave(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session)
	close(s.ended)
	s.ended = make(chan struct{})
}
