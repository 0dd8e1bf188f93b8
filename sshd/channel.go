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
	l := &line{sizes: make(chan Size, 1), over: make(chan struct{})}
	ssh.DefaultSessionHandler(server, conn, filtered{offered, l, a.gives}, onLine{ctx, l})
}

// line is what a session hears of its channel while it runs.
type line struct {
	sizes chan Size     // of the terminal, the last one alone
	over  chan struct{} // closed when the other end has closed the channel
}

func (l *line) resize(size Size) {
	select {
	case <-l.sizes:
	default:
	}
	l.sizes <- size // there is room: nobody else writes
}

type lineKey struct{}

// onLine is the context of a connection, for a session on one of its channels.
type onLine struct {
	ssh.Context
	line *line
}

func (c onLine) Value(key any) any {
	if key == (lineKey{}) {
		return c.line
	}
	return c.Context.Value(key)
}

// filtered is a channel that passes on only those requests that are served.
type filtered struct {
	gossh.NewChannel
	line  *line
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
		defer close(f.line.over)
		defer close(passed)
		filter := requests{to: passed, line: f.line}
		for request := range asked {
			filter.pass(request)
		}
	}()
	return channel, passed, nil
}

// requests are those of one session.
type requests struct {
	to      chan<- *gossh.Request
	line    *line
	env     int
	started bool
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
		var window struct{ Width, Height, PixelWidth, PixelHeight uint32 }
		if gossh.Unmarshal(request.Payload, &window) != nil {
			refuse(request)
			return
		}
		r.line.resize(sizeOf(int(window.Width), int(window.Height)))
		_ = request.Reply(true, nil) // a connection that is gone needs no answer
		return
	case "shell", "exec":
		if r.started || len(request.Payload) > maxCommand {
			refuse(request)
			return
		}
		r.started = true
	default:
		refuse(request)
		return
	}
	r.to <- request
}

func refuse(request *gossh.Request) {
	_ = request.Reply(false, nil) // a connection that is gone needs no answer
}
