package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/anmitsu/go-shlex"
	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/sshd"
)

// sshFlags are those of serve that are about SSH.
type sshFlags struct {
	listen   string
	hostKey  string
	sessions int
	idle     time.Duration
}

func (f *sshFlags) register(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.listen, "ssh", "", "address to serve the console over SSH on, such as :2222")
	set.StringVar(&f.hostKey, "ssh-host-key", "", "file with the host's private key; without it one is kept beside the SQLite database")
	set.IntVar(&f.sessions, "ssh-sessions", sshd.DefaultMaxSessions, "SSH sessions that may be open at once")
	set.DurationVar(&f.idle, "ssh-idle", sshd.DefaultIdle, "how long an SSH session may be without a key press")
}

// check refuses what contradicts itself, and finds the host key's file.
func (f *sshFlags) check(cmd *cobra.Command, database string) error {
	if f.listen == "" {
		for _, name := range []string{"ssh-host-key", "ssh-sessions", "ssh-idle"} {
			if cmd.Flags().Changed(name) {
				return flagError(cmd, fmt.Errorf("--%s is about --ssh, which is not given", name))
			}
		}
		return nil
	}
	switch {
	case f.sessions < 1:
		return flagError(cmd, errors.New("--ssh-sessions must be 1 or more"))
	case f.idle < time.Minute:
		return flagError(cmd, errors.New("--ssh-idle must be 1m or more"))
	}
	if f.hostKey == "" {
		path, ok := strings.CutPrefix(database, "sqlite:")
		if !ok {
			return flagError(cmd, errors.New("--ssh needs --ssh-host-key where the database is no file: all replicas must have the same one"))
		}
		f.hostKey = hostKeyBeside(path)
	}
	return nil
}

// sshService serves the console and the commands over SSH. Each session talks
// to the authority through connections in memory that belong to its user.
// The zero value serves nothing.
type sshService struct {
	address      net.Addr
	authority    *server.Server
	organization string
	logger       *slog.Logger
	sessions     *pipeListener
	http         *http.Server
	ssh          *sshd.Server
	ended        chan error
}

// start serves SSH on the address that was given, if one was.
func (f sshFlags) start(ctx context.Context, a *authority, logger *slog.Logger) (*sshService, error) {
	if f.listen == "" {
		return new(sshService), nil
	}
	organization, err := a.store.Organization(ctx)
	if err != nil {
		return nil, err
	}
	key, err := loadHostKey(f.hostKey)
	if err != nil {
		return nil, err
	}
	listener, err := f.take(ctx)
	if err != nil {
		return nil, err
	}
	s, err := startSSH(a, organization.Name, listener, sshd.Options{HostKey: key, MaxSessions: f.sessions, Idle: f.idle, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return s, nil
}

// take takes the port.
func (f sshFlags) take(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.listen)
	if err == nil {
		return listener, nil
	}
	var cause *net.OpError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; choose another address with --ssh", f.listen, err)
}

// startSSH serves an authority over SSH on a listener, which it takes over when
// there is no error.
func startSSH(a *authority, organization string, listener net.Listener, options sshd.Options) (*sshService, error) {
	s := &sshService{
		address: listener.Addr(), authority: a.server, organization: organization, logger: options.Logger,
		sessions: newPipeListener(), http: server.NewHTTPServer(a.server.Handler()), ended: make(chan error, 1),
	}
	options.Gate, options.Serve = gate{a.server}, s.serve
	var err error
	if s.ssh, err = sshd.New(options); err != nil {
		return nil, err
	}
	s.http.ErrorLog = slog.NewLogLogger(options.Logger.Handler(), slog.LevelWarn)
	s.http.ConnContext = actAsSession
	go func() { _ = s.http.Serve(s.sessions) }()
	go func() { s.ended <- s.ssh.Serve(listener) }()
	return s, nil
}

// ready is the line that says where it listens, "" when it does not.
func (s *sshService) ready() string {
	if s.ssh == nil {
		return ""
	}
	return fmt.Sprintf("lifeguard listens on ssh://%s\n", s.address)
}

// Close ends the sessions, after they were told, and what they asked for.
func (s *sshService) Close() error {
	if s.ssh == nil {
		return nil
	}
	s.ssh.Close()
	ctx, cancel := context.WithTimeout(context.Background(), drainEmbedded)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	return err
}

// sessionConn is a connection in memory of somebody who signed in over SSH. Its
// remote address is that of the SSH client.
type sessionConn struct {
	net.Conn
	login server.SSHLogin
	from  net.Addr
}

func (c sessionConn) RemoteAddr() net.Addr { return c.from }

// actAsSession makes the requests on a session's connection those of its user.
// Only the listener of sessions has such connections.
func actAsSession(ctx context.Context, conn net.Conn) context.Context {
	if session, ok := conn.(sessionConn); ok {
		return server.ActAs(ctx, session.login)
	}
	return ctx // which the server then knows nobody by
}

// client is one that acts as the person of a session.
func (s *sshService) client(session *sshd.Session, options ...client.Option) (*client.Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.sessions.dial(ctx, func(conn net.Conn) net.Conn {
			return sessionConn{Conn: conn, login: loginOf(session.Person), from: session.From}
		})
	}
	return client.New("http://localhost", api.Secret{},
		append(options, client.WithName(s.organization), client.WithUserAgent("lifeguard/"+buildVersion()), client.WithDialer(dial))...)
}

// serve carries out a session.
func (s *sshService) serve(ctx context.Context, session *sshd.Session) int {
	if session.Command == "" {
		return s.console(ctx, session)
	}
	// Words as a shell would make them of the line; there is no shell.
	args, err := shlex.Split(session.Command, true)
	if err != nil {
		_, _ = fmt.Fprintln(session.Stderr, "lifeguard: the command has a quote that does not end")
		return exitFailed
	}
	return s.command(ctx, session, args...)
}

// command carries out the command that words make.
func (s *sshService) command(ctx context.Context, session *sshd.Session, words ...string) int {
	p := process{
		stdin: session.Stdin, stdout: session.Stdout, stderr: session.Stderr, env: session.Env(),
		reach: func(options ...client.Option) (*client.Client, error) { return s.client(session, options...) },
	}
	return runVerbs(ctx, words, p, s.linearCommand(session))
}

func loginOf(person sshd.Person) server.SSHLogin {
	return server.SSHLogin{UserID: person.ID, Key: person.Key}
}

// gate lets those in who have an SSH key in the organization.
type gate struct{ authority *server.Server }

func (g gate) Admit(ctx context.Context, key [32]byte) (sshd.Person, error) {
	login, err := g.authority.AdmitSSH(ctx, key)
	return sshd.Person{ID: login.UserID, Key: login.Key}, err
}

func (g gate) Refused(from net.Addr, program string, why error) {
	g.authority.RefusedSSH(hostOf(from), program, why)
}

func (g gate) Welcome(ctx context.Context, people []sshd.Person) ([]bool, error) {
	logins := make([]server.SSHLogin, len(people))
	for i, person := range people {
		logins[i] = loginOf(person)
	}
	return g.authority.StillAdmitted(ctx, logins)
}

// hostOf is an address without its port.
func hostOf(from net.Addr) string {
	host, _, err := net.SplitHostPort(from.String())
	if err != nil {
		return ""
	}
	return host
}
