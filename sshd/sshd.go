// Package sshd lets people in over SSH by their public keys, and gives each
// session to whoever serves it. It knows the protocol and nothing of what is
// served: who a key belongs to is for a [Gate] to say.
//
// There is no password, no shell, no file transfer and no forwarding of ports,
// agents or displays. A session is a terminal, or one command line that is not
// given to any shell.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	gossh "golang.org/x/crypto/ssh"
)

// Person is somebody who is let in, by one of their keys.
type Person struct {
	ID  string
	Key [32]byte // SHA-256 of the public key in its wire form
}

// Gate decides who is let in. Its methods may be called from several goroutines.
type Gate interface {
	// Admit returns whose key it is. An error refuses it; the client is not
	// told why. That the client has the private key is seen after that.
	Admit(ctx context.Context, key [32]byte) (Person, error)
	// Refused is told of a connection that ended without being let in. why is
	// the error that the last of its keys was refused with, nil when it offered
	// none.
	Refused(from net.Addr, client string, why error)
	// Welcome reports for each person whether they still are. After an error
	// everybody stays.
	Welcome(ctx context.Context, people []Person) ([]bool, error)
}

// Options are what a [Server] is made of. HostKey, Gate and Serve must be set.
type Options struct {
	// HostKey is what the server proves itself with.
	HostKey gossh.Signer
	Gate    Gate
	// Serve carries out a session and returns its exit code. When ctx ends it
	// should return at once; [context.Cause] says why.
	Serve func(ctx context.Context, session *Session) int
	// MaxSessions are open at once, and MaxPersonSessions of one person. 0 is
	// [DefaultMaxSessions] and [DefaultMaxPersonSessions].
	MaxSessions, MaxPersonSessions int
	// Idle is how long a session may be without a key press, or, without a
	// terminal, without anything read or written. 0 is [DefaultIdle].
	Idle time.Duration
	// Notice is how long sessions are told beforehand that the server stops. 0
	// is [DefaultNotice].
	Notice time.Duration
	// Logger gets one line a session; nil logs nothing.
	Logger *slog.Logger
}

// The defaults of [Options].
const (
	DefaultMaxSessions       = 256
	DefaultMaxPersonSessions = 16
	DefaultIdle              = 30 * time.Minute
	DefaultNotice            = 5 * time.Second
)

const (
	// handshakeTime is how long a client may take to be let in.
	handshakeTime = 20 * time.Second
	// maxHandshakes are in progress at once, and maxSourceHandshakes with one
	// address: who is not let in yet costs memory and the work of a handshake.
	maxHandshakes, maxSourceHandshakes = 128, 32
	// maxKeys are tried on one connection, as by OpenSSH's own server.
	maxKeys = 6
	// gateTime bounds one question to the gate.
	gateTime = 10 * time.Second
	// watch is how often people who are in are looked at.
	watch = 400 * time.Millisecond
	// patience is how long a session may take to end before its connection is
	// closed: the other end may have stopped reading.
	patience = 300 * time.Millisecond
	// lastWords is how long a stop waits for sessions without a connection.
	lastWords = 15 * time.Second
	// lingering is how long a connection may be open without a session.
	lingering = time.Minute
)

// Why a session ends that did not end by itself: the [context.Cause] of its
// context. Each is a sentence for the person.
var (
	ErrUnwelcome = errors.New("you were suspended, or your SSH key was taken away, so this session is over")
	ErrIdle      = errors.New("nothing was pressed for a long time, so this session is over: connect again")
	ErrStopping  = errors.New("the server is being stopped, so this session is over: connect again in a moment")
	errGone      = errors.New("the connection is gone")
)

// Server serves SSH on one listener.
type Server struct {
	options Options
	ssh     *ssh.Server
	stop    context.CancelFunc // ends the watch

	mu         sync.Mutex
	stopping   bool
	sessions   map[*Session]struct{}
	handshakes map[string]int // by source
	shaking    int
	ended      chan struct{} // closed and replaced with every session that ends
}

// New makes a server; see [Server.Serve].
func New(options Options) (*Server, error) {
	if options.MaxSessions <= 0 {
		options.MaxSessions = DefaultMaxSessions
	}
	if options.MaxPersonSessions <= 0 {
		options.MaxPersonSessions = DefaultMaxPersonSessions
	}
	if options.Idle <= 0 {
		options.Idle = DefaultIdle
	}
	if options.Notice <= 0 {
		options.Notice = DefaultNotice
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: options, sessions: map[*Session]struct{}{}, handshakes: map[string]int{}, ended: make(chan struct{})}
	server, err := wish.NewServer(
		wish.WithPublicKeyAuth(s.admit),
		wish.WithVersion("Lifeguard"),
		ssh.EmulatePty(),
		ssh.WrapConn(s.arrive),
		wish.WithMiddleware(func(ssh.Handler) ssh.Handler { return s.serve }),
		func(server *ssh.Server) error { server.AddHostKey(options.HostKey); return nil },
	)
	if err != nil {
		return nil, fmt.Errorf("prepare SSH: %w", err)
	}
	server.ServerConfigCallback = config
	server.HandshakeTimeout = handshakeTime
	// Only sessions, each behind a filter: no forwarding, no subsystems.
	server.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.openSession}
	server.RequestHandlers = map[string]ssh.RequestHandler{"keepalive@openssh.com": keepAlive}
	server.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
	s.ssh = server
	return s, nil
}

func keepAlive(ssh.Context, *ssh.Server, *gossh.Request) (bool, []byte) { return true, nil }

// Serve lets people in on a listener until Close. It takes the listener over.
func (s *Server) Serve(listener net.Listener) error {
	ctx, stop := context.WithCancel(context.Background())
	s.mu.Lock()
	s.stop = stop
	s.mu.Unlock()
	defer stop()
	go s.watch(ctx)
	if err := s.ssh.Serve(listener); !errors.Is(err, ssh.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve SSH: %w", err)
	}
	return nil
}

// Close takes no further connections, tells those who are in that the server
// stops, and ends their sessions after the notice. It returns when all have
// ended.
func (s *Server) Close() {
	s.mu.Lock()
	s.stopping = true
	told := s.open()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Notice)
	defer cancel()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = s.ssh.Shutdown(context.Background()) // waits until everybody has hung up
	}()
	for _, session := range told {
		session.tell(fmt.Sprintf("The server is being stopped. This session ends in %.0f seconds.", s.options.Notice.Seconds()))
	}
	s.wait(ctx)
	s.mu.Lock()
	left := s.open()
	s.mu.Unlock()
	for _, session := range left {
		session.end(ErrStopping)
	}
	final, cancelFinal := context.WithTimeout(context.Background(), 2*patience)
	defer cancelFinal()
	s.wait(final)
	select {
	case <-gone:
	case <-time.After(patience):
	}
	_ = s.ssh.Close() // its listener is closed already
	// What is still being served has no connection any more, and writes down
	// what there is to write down of it.
	written, cancelWritten := context.WithTimeout(context.Background(), lastWords)
	defer cancelWritten()
	s.wait(written)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
}

// open are the sessions that are open. It must be called with mu held.
func (s *Server) open() []*Session {
	open := make([]*Session, 0, len(s.sessions))
	for session := range s.sessions {
		open = append(open, session)
	}
	return open
}

// wait returns when no session is open or ctx ends.
func (s *Server) wait(ctx context.Context) {
	for {
		s.mu.Lock()
		left, ended := len(s.sessions), s.ended
		s.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return
		}
	}
}

// watch ends the sessions of people who are not welcome any more.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		open := s.open()
		s.mu.Unlock()
		if len(open) == 0 {
			continue
		}
		people := make([]Person, len(open))
		for i, session := range open {
			people[i] = session.Person
		}
		asking, cancel := context.WithTimeout(ctx, gateTime)
		welcome, err := s.options.Gate.Welcome(asking, people)
		cancel()
		if err != nil {
			continue // their own requests fail too, and say so
		}
		for i, session := range open {
			if !welcome[i] {
				session.end(ErrUnwelcome)
			}
		}
	}
}

// sourceOf is what counts as one source: an address without its port.
func sourceOf(from net.Addr) string {
	if host, _, err := net.SplitHostPort(from.String()); err == nil {
		return host
	}
	return strings.TrimSpace(from.String())
}
