package sshd

import (
	"slices"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

const (
	// maxEnv is how many variables a client may set, and maxEnvValue how long
	// each may be, in bytes.
	maxEnv, maxEnvValue = 16, 256
	// maxCommand is the longest command line, in bytes.
	maxCommand = 16 << 10
)

// terminalVariables are what a client may say of its terminal and its language.
// Others are not taken: nothing here is meant to be configured from outside.
var terminalVariables = []string{
	"COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG", "LC_ALL", "LC_CTYPE",
}

// openSession lets a session begin behind a filter of what may be asked of it.
func (s *Server) openSession(server *ssh.Server, conn *gossh.ServerConn, offered gossh.NewChannel, ctx ssh.Context) {
	a := arrivalOf(ctx)
	if !a.takes() {
		_ = offered.Reject(gossh.ResourceShortage, "too many sessions on this connection")
		return
	}
	ssh.DefaultSessionHandler(server, conn, filtered{offered, a.gives}, ctx)
}

// filtered is a channel that passes on only those requests that are served.
type filtered struct {
	gossh.NewChannel
	ended func()
}

func (f filtered) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	channel, asked, err := f.NewChannel.Accept()
	if err != nil {
		f.ended()
		return nil, nil, err
	}
	passed := make(chan *gossh.Request)
	go func() {
		defer f.ended()
		defer close(passed)
		filter := requests{to: passed}
		for request := range asked {
			filter.pass(request)
		}
	}()
	return channel, passed, nil
}

// requests are those of one session.
type requests struct {
	to      chan<- *gossh.Request
	env     int
	started bool
	// size is a change of the terminal's size from before the session began:
	// nobody is there yet to take it.
	size *gossh.Request
}

// pass passes a request on or refuses it. What is not named here is refused:
// agents, displays, subsystems, signals.
func (r *requests) pass(request *gossh.Request) {
	switch request.Type {
	case "pty-req":
	case "env":
		var variable struct{ Name, Value string }
		r.env++
		if gossh.Unmarshal(request.Payload, &variable) != nil || r.env > maxEnv || len(variable.Value) > maxEnvValue ||
			!slices.Contains(terminalVariables, variable.Name) {
			refuse(request)
			return
		}
	case "window-change":
		if !r.started {
			r.size = request
			return
		}
	case "shell", "exec":
		if r.started || len(request.Payload) > maxCommand {
			refuse(request)
			return
		}
		r.started = true
		r.to <- request
		if r.size != nil {
			r.to <- r.size
			r.size = nil
		}
		return
	default:
		refuse(request)
		return
	}
	r.to <- request
}

func refuse(request *gossh.Request) {
	_ = request.Reply(false, nil) // a connection that is gone needs no answer
}
