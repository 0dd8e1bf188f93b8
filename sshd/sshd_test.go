package sshd_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/sshd"
)

// patience bounds every wait. It is never reached unless something is broken.
const patience = 30 * time.Second

func newSigner(t testing.TB) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func hash(signer ssh.Signer) [32]byte { return sha256.Sum256(signer.PublicKey().Marshal()) }

// doors is a gate that knows who is there.
type doors struct {
	mu      sync.Mutex
	people  map[[32]byte]string
	broken  bool
	refused []string
}

var errUnknown = errors.New("unknown")

func (d *doors) Admit(_ context.Context, key [32]byte) (sshd.Person, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok := d.people[key]
	if !ok {
		return sshd.Person{}, errUnknown
	}
	return sshd.Person{ID: id, Key: key}, nil
}

func (d *doors) Refused(from net.Addr, client string, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, fmt.Sprintf("%s %s %v", from.Network(), client, why))
}

func (d *doors) Welcome(_ context.Context, people []sshd.Person) ([]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return nil, errors.New("the database does not answer")
	}
	welcome := make([]bool, len(people))
	for i, person := range people {
		welcome[i] = d.people[person.Key] == person.ID
	}
	return welcome, nil
}

// house is a server and those who may come in.
type house struct {
	t       *testing.T
	doors   *doors
	server  *sshd.Server
	address string
	key     map[string]ssh.Signer
	begun   chan *sshd.Session
}

// build starts a server for ada and eve. A session is served by serve, or waits
// for its end when that is nil.
func build(t *testing.T, options sshd.Options, serve func(context.Context, *sshd.Session) int) *house {
	t.Helper()
	h := &house{t: t, doors: &doors{people: map[[32]byte]string{}}, key: map[string]ssh.Signer{}, begun: make(chan *sshd.Session, 100)}
	for _, name := range []string{"ada", "eve"} {
		h.key[name] = newSigner(t)
		h.doors.people[hash(h.key[name])] = name
	}
	options.HostKey, options.Gate = newSigner(t), h.doors
	options.Serve = func(ctx context.Context, session *sshd.Session) int {
		h.begun <- session
		if serve != nil {
			return serve(ctx, session)
		}
		<-ctx.Done()
		return 0
	}
	if options.Notice == 0 {
		options.Notice = time.Millisecond
	}
	var err error
	if h.server, err = sshd.New(options); err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.address = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(listener) }()
	t.Cleanup(func() {
		h.server.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) dial(signers ...ssh.Signer) (*ssh.Client, error) {
	return ssh.Dial("tcp", h.address, &ssh.ClientConfig{
		User: "anybody", Auth: []ssh.AuthMethod{ssh.PublicKeys(signers...)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // made a moment ago
		Timeout: patience,
	})
}

func (h *house) connect(name string) *ssh.Client {
	h.t.Helper()
	client, err := h.dial(h.key[name])
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = client.Close() })
	return client
}

// visit is a session of somebody, with what came out of it.
type visit struct {
	*ssh.Session
	t            *testing.T
	stdout, errs *output
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (h *house) session(client *ssh.Client) visit {
	h.t.Helper()
	session, err := client.NewSession()
	if err != nil {
		h.t.Fatal(err)
	}
	v := visit{Session: session, t: h.t, stdout: new(output), errs: new(output)}
	session.Stdout, session.Stderr = v.stdout, v.errs
	return v
}

// terminal asks for one, and then for a session on it.
func (h *house) terminal(name string) visit {
	h.t.Helper()
	v := h.session(h.connect(name))
	if _, err := v.StdinPipe(); err != nil { // a keyboard, and not the end of one
		h.t.Fatal(err)
	}
	if err := errors.Join(v.RequestPty("xterm", 24, 80, ssh.TerminalModes{}), v.Shell()); err != nil {
		h.t.Fatal(err)
	}
	return v
}

// begin waits until a session is served.
func (h *house) begin() *sshd.Session {
	h.t.Helper()
	select {
	case session := <-h.begun:
		return session
	case <-time.After(patience):
		h.t.Fatal("no session has begun")
		return nil
	}
}

// ends waits for a session's end and returns its exit code, -1 when the
// connection ended without one.
func (v visit) ends() int {
	v.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- v.Wait() }()
	select {
	case err := <-ended:
		var exit *ssh.ExitError
		switch {
		case err == nil:
			return 0
		case errors.As(err, &exit):
			return exit.ExitStatus()
		}
		return -1
	case <-time.After(patience):
		v.t.Fatal("the session has not ended")
		return 0
	}
}

func TestWhoIsLetIn(t *testing.T) {
	h := build(t, sshd.Options{}, func(_ context.Context, session *sshd.Session) int {
		_, _ = fmt.Fprintf(session.Stdout, "%s: %s", session.Person.ID, session.Command)
		return 7
	})
	v := h.session(h.connect("eve"))
	if err := v.Start("say  'this'"); err != nil {
		t.Fatal(err)
	}
	if code := v.ends(); code != 7 || v.stdout.String() != "eve: say  'this'" {
		t.Errorf("%d %q", code, v.stdout)
	}
	// The person is who proved a key, whichever was asked about last.
	client, err := h.dial(newSigner(t), stolen{h.key["eve"].PublicKey(), newSigner(t)}, h.key["ada"])
	if err == nil {
		_ = client.Close()
		t.Error("a connection with a wrong signature goes on") // the client gives up there
	}
	client, err = h.dial(newSigner(t), h.key["ada"], h.key["eve"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	v = h.session(client)
	if err := v.Start("x"); err != nil {
		t.Fatal(err)
	}
	if v.ends(); v.stdout.String() != "ada: x" {
		t.Errorf("%q", v.stdout)
	}
}

// stolen claims a key and signs with another.
type stolen struct {
	public ssh.PublicKey
	ssh.Signer
}

func (s stolen) PublicKey() ssh.PublicKey { return s.public }

func TestWhoIsRefused(t *testing.T) {
	h := build(t, sshd.Options{}, nil)
	if _, err := h.dial(newSigner(t), newSigner(t)); err == nil {
		t.Error("a stranger is let in")
	}
	if _, err := h.dial(stolen{h.key["ada"].PublicKey(), newSigner(t)}); err == nil {
		t.Error("a key is not proved")
	}
	for name, method := range map[string]ssh.AuthMethod{
		"password":             ssh.Password(""),
		"keyboard-interactive": ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { return nil, nil }),
	} {
		config := &ssh.ClientConfig{User: "ada", Auth: []ssh.AuthMethod{method}, HostKeyCallback: ssh.InsecureIgnoreHostKey()} //nolint:gosec // as above
		if _, err := ssh.Dial("tcp", h.address, config); err == nil || !strings.Contains(err.Error(), "no supported methods remain") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Neither who looks whether the port is open, nor who is let in, is told of.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	h.connect("ada")
	want := []string{"tcp SSH-2.0-Go unknown", "tcp SSH-2.0-Go <nil>", "tcp SSH-2.0-Go <nil>", "tcp SSH-2.0-Go <nil>"}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		h.doors.mu.Lock()
		refused := slices.Sorted(slices.Values(h.doors.refused))
		h.doors.mu.Unlock()
		if len(refused) == len(want) {
			slices.Sort(want)
			if !slices.Equal(refused, want) {
				t.Errorf("%q", refused)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q", refused)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	h := build(t, sshd.Options{}, nil)
	client := h.connect("ada")
	for _, kind := range []string{"direct-tcpip", "direct-streamlocal@openssh.com", "x11", "auth-agent@openssh.com", "tun@openssh.com"} {
		if _, _, err := client.OpenChannel(kind, nil); err == nil {
			t.Errorf("a channel of the kind %s is opened", kind)
		}
	}
	for _, kind := range []string{"tcpip-forward", "streamlocal-forward@openssh.com", "no-such-request"} {
		if ok, _, err := client.SendRequest(kind, true, ssh.Marshal(struct {
			Address string
			Port    uint32
		}{"127.0.0.1", 0})); err != nil || ok {
			t.Errorf("%s: %t, %v", kind, ok, err)
		}
	}
	v := h.session(client)
	for _, kind := range []string{"auth-agent-req@openssh.com", "x11-req", "subsystem", "signal", "break", "xon-xoff", "eow@openssh.com"} {
		payload := ssh.Marshal(struct{ Name string }{"sftp"})
		if ok, err := v.SendRequest(kind, true, payload); err != nil || ok {
			t.Errorf("%s: %t, %v", kind, ok, err)
		}
	}
	for name, want := range map[string]bool{
		"COLORTERM": true, "LC_ALL": true, "PATH": false, "LD_PRELOAD": false, "LIFEGUARD_API_KEY": false, "LIFEGUARD_SERVER": false,
		"SSH_AUTH_SOCK": false, "HOME": false, "GODEBUG": false, "TERM": false,
	} {
		if err := v.Setenv(name, "x"); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.Setenv("LANG", strings.Repeat("x", 300)); err == nil {
		t.Error("a variable without end is taken")
	}
	if err := v.Start(strings.Repeat("x", 20<<10)); err == nil {
		t.Error("a command line without end is taken")
	}
}

func TestTheTerminalIsThePersonsOwn(t *testing.T) {
	h := build(t, sshd.Options{}, nil)
	v := h.session(h.connect("ada"))
	if err := errors.Join(v.Setenv("COLORTERM", "truecolor"), v.RequestPty("xterm-kitty", 24, 80, ssh.TerminalModes{}),
		v.WindowChange(30, 100), v.WindowChange(31, 101), v.Shell()); err != nil {
		t.Fatal(err)
	}
	session := h.begin()
	if !session.Terminal || session.Term != "xterm-kitty" || !slices.Contains(session.Env(), "COLORTERM=truecolor") || !slices.Contains(session.Env(), "TERM=xterm-kitty") {
		t.Errorf("%q %q", session.Term, session.Env())
	}
	sees := func(want sshd.Size) {
		t.Helper()
		for {
			select {
			case size := <-session.Resized:
				if size == want {
					return
				}
			case <-time.After(patience):
				t.Fatalf("never %v", want)
			}
		}
	}
	sees(sshd.Size{Width: 101, Height: 31})
	for range 50 { // nobody reads these, and nothing is held up
		if err := v.WindowChange(10, 10); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.WindowChange(1<<30, 1<<31-1); err != nil {
		t.Fatal(err)
	}
	sees(sshd.Size{Width: 1000, Height: 400})
	if err := v.WindowChange(0, 0); err != nil {
		t.Fatal(err)
	}
	sees(sshd.Size{})
}

func TestSessionsAreLimited(t *testing.T) {
	h := build(t, sshd.Options{MaxSessions: 3, MaxPersonSessions: 2}, nil)
	first := h.terminal("ada")
	h.begin()
	h.terminal("ada")
	h.begin()
	refused := h.terminal("ada")
	if code := refused.ends(); code != 1 || !strings.Contains(refused.errs.String(), "you have 2 sessions open") {
		t.Errorf("%d %q", code, refused.errs)
	}
	h.terminal("eve")
	h.begin()
	refused = h.terminal("eve")
	if code := refused.ends(); code != 1 || !strings.Contains(refused.errs.String(), "3 sessions are open") {
		t.Errorf("%d %q", code, refused.errs)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for { // its place is free a moment later
		v := h.terminal("eve")
		select {
		case <-h.begun:
			return
		case <-time.After(50 * time.Millisecond):
			v.ends()
		}
	}
}

func TestChannelsOfAConnectionAreLimited(t *testing.T) {
	h := build(t, sshd.Options{}, nil)
	client := h.connect("ada")
	for range 16 {
		h.session(client)
	}
	if _, err := client.NewSession(); err == nil {
		t.Error("channels without end are opened")
	}
}

func TestASilentSessionEnds(t *testing.T) {
	h := build(t, sshd.Options{Idle: 200 * time.Millisecond}, func(ctx context.Context, session *sshd.Session) int {
		go func() { _, _ = io.Copy(io.Discard, session.Stdin) }()
		for ctx.Err() == nil { // that something is drawn is no sign of life
			_, _ = session.Stdout.Write([]byte("."))
			time.Sleep(time.Millisecond)
		}
		return 0
	})
	v := h.terminal("ada")
	if code := v.ends(); code != 1 || !strings.Contains(v.errs.String(), "nothing was pressed for a long time") {
		t.Errorf("%d %q", code, v.errs)
	}
}

func TestWhoIsNotWelcomeAnyMoreIsPutOut(t *testing.T) {
	h := build(t, sshd.Options{}, nil)
	ada, eve := h.terminal("ada"), h.terminal("eve")
	h.begin()
	h.begin()
	h.doors.mu.Lock()
	h.doors.broken = true // everybody stays
	delete(h.doors.people, hash(h.key["eve"]))
	h.doors.mu.Unlock()
	time.Sleep(600 * time.Millisecond) // more than once looked at
	h.doors.mu.Lock()
	h.doors.broken = false
	h.doors.mu.Unlock()
	if code := eve.ends(); code != 1 || !strings.Contains(eve.errs.String(), "you were suspended") {
		t.Errorf("%d %q", code, eve.errs)
	}
	if err := ada.WindowChange(1, 1); err != nil {
		t.Errorf("somebody else was put out: %v", err)
	}
}

// Whoever does not read what is written to them is put out all the same.
func TestWhoDoesNotReadIsPutOut(t *testing.T) {
	gone := make(chan struct{})
	h := build(t, sshd.Options{}, func(_ context.Context, session *sshd.Session) int {
		defer close(gone)
		for {
			if _, err := session.Stdout.Write(make([]byte, 32<<10)); err != nil {
				return 0
			}
		}
	})
	client := h.connect("eve")
	channel, requests, err := client.OpenChannel("session", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(requests)
	if ok, err := channel.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{"x"})); err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	h.begin()
	h.doors.mu.Lock()
	delete(h.doors.people, hash(h.key["eve"]))
	h.doors.mu.Unlock()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("it is still being written to")
	}
}

func TestAPanicEndsItsSessionAlone(t *testing.T) {
	h := build(t, sshd.Options{}, func(ctx context.Context, session *sshd.Session) int {
		if session.Command == "panic" {
			panic("ps-secret")
		}
		<-ctx.Done()
		return 0
	})
	other := h.terminal("ada")
	h.begin()
	v := h.session(h.connect("eve"))
	if err := v.Start("panic"); err != nil {
		t.Fatal(err)
	}
	if code := v.ends(); code != 1 || strings.Contains(v.errs.String(), "secret") {
		t.Errorf("%d %q", code, v.errs)
	}
	if err := other.WindowChange(1, 1); err != nil {
		t.Errorf("the other session ended: %v", err)
	}
}

func TestCloseTellsBeforehand(t *testing.T) {
	told := make(chan string, 1)
	h := build(t, sshd.Options{Notice: 50 * time.Millisecond}, func(ctx context.Context, session *sshd.Session) int {
		told <- <-session.Notices
		<-ctx.Done()
		return 0
	})
	v := h.terminal("ada")
	h.begin()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		h.server.Close()
	}()
	if notice := <-told; !strings.HasPrefix(notice, "The server is being stopped.") {
		t.Errorf("%q", notice)
	}
	if code := v.ends(); code != 1 || !strings.Contains(v.errs.String(), "the server is being stopped, so this session is over") {
		t.Errorf("%d %q", code, v.errs)
	}
	<-closed
	if _, err := h.dial(h.key["ada"]); err == nil {
		t.Error("somebody comes in after that")
	}
}
