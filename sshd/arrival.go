package sshd

import (
	"context"
	"crypto/sha256"
	"net"
	"sync"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// arrival is a connection, from before its person is let in.
type arrival struct {
	net.Conn
	// release gives the handshake's place back.
	release func()
	// ended is called once, when it is closed.
	ended func()

	mu      sync.Mutex
	asked   bool // to be let in
	in      bool
	refusal error               // of the last key, nil when none was offered
	people  map[[32]byte]Person // by the keys that were not refused
	client  string              // the program at the other end
	taken   int                 // channels, with a session on them or not yet
	open    int                 // sessions
	linger  *time.Timer
}

type arrivalKey struct{}

// arrive takes note of a connection before anything is read from it. Nil
// refuses it.
func (s *Server) arrive(ctx ssh.Context, conn net.Conn) net.Conn {
	source := sourceOf(conn.RemoteAddr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.shaking >= maxHandshakes || s.handshakes[source] >= maxSourceHandshakes {
		return nil
	}
	s.shaking++
	s.handshakes[source]++
	a := &arrival{Conn: conn, people: map[[32]byte]Person{}}
	a.release = sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shaking--
		if s.handshakes[source]--; s.handshakes[source] == 0 {
			delete(s.handshakes, source)
		}
	})
	a.ended = sync.OnceFunc(func() {
		a.release()
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.linger != nil {
			a.linger.Stop()
		}
		// Who only looked whether the port is open is nobody who was refused.
		if a.asked && !a.in {
			s.options.Gate.Refused(conn.RemoteAddr(), a.client, a.refusal)
		}
	})
	ctx.SetValue(arrivalKey{}, a)
	return a
}

func arrivalOf(ctx ssh.Context) *arrival {
	a, _ := ctx.Value(arrivalKey{}).(*arrival)
	return a
}

// Close ends the connection.
func (a *arrival) Close() error {
	a.ended()
	return a.Conn.Close()
}

// config is that of one connection.
func config(ctx ssh.Context) *gossh.ServerConfig {
	return &gossh.ServerConfig{
		MaxAuthTries: maxKeys,
		// Without ssh-rsa, whose signatures are over SHA-1; keys of that type
		// sign with SHA-2 under the other two names.
		PublicKeyAuthAlgorithms: []string{
			gossh.KeyAlgoED25519, gossh.KeyAlgoSKED25519, gossh.KeyAlgoSKECDSA256,
			gossh.KeyAlgoECDSA256, gossh.KeyAlgoECDSA384, gossh.KeyAlgoECDSA521,
			gossh.KeyAlgoRSASHA512, gossh.KeyAlgoRSASHA256,
		},
		AuthLogCallback: func(conn gossh.ConnMetadata, _ string, err error) {
			a := arrivalOf(ctx)
			a.mu.Lock()
			defer a.mu.Unlock()
			a.asked, a.client = true, string(conn.ClientVersion())
			if err == nil {
				a.in = true
				a.release()
				a.linger = time.AfterFunc(lingering, func() { _ = a.Conn.Close() })
			}
		},
	}
}

// admit asks the gate about a key that is offered. That it was proved is known
// later, and then it may not be the last one.
func (s *Server) admit(ctx ssh.Context, key ssh.PublicKey) bool {
	a := arrivalOf(ctx)
	asking, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	hash := sha256.Sum256(key.Marshal())
	person, err := s.options.Gate.Admit(asking, hash)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.refusal = err
		return false
	}
	a.people[hash] = person
	return true
}

// person is who was let in, by the key that was proved.
func (a *arrival) person(proved gossh.PublicKey) (Person, bool) {
	if proved == nil {
		return Person{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	person, ok := a.people[sha256.Sum256(proved.Marshal())]
	return person, ok
}

// maxChannels are open at once on one connection.
const maxChannels = 16

// takes and gives count the channels of a connection.
func (a *arrival) takes() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken >= maxChannels {
		return false
	}
	a.taken++
	return true
}

func (a *arrival) gives() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken--
}

// opens and closes count the sessions of a connection: without any it does not
// stay for long.
func (a *arrival) opens() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	a.linger.Stop()
}

func (a *arrival) closes() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open--; a.open == 0 {
		a.linger.Reset(lingering)
	}
}
