package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// pipe serves handler over connections in memory, so that a synctest bubble
// runs it on fake time. The returned option makes a client connect to it.
func pipe(t *testing.T, handler http.HandlerFunc) client.Option {
	t.Helper()
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return client.WithDialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case listener.conns <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func TestPatience(t *testing.T) {
	const body = `{"service_accounts":[]}`
	drip := func(pause time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := range body {
				_, _ = io.WriteString(w, body[i:i+1])
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(pause):
				case <-q.Context().Done():
					return
				}
			}
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   api.ErrorKind // 0 when it works
		after  time.Duration
	}{
		"never answers": {func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }, api.KindTimeout, 10 * time.Second},
		"answers just in time": {func(w http.ResponseWriter, q *http.Request) {
			time.Sleep(9 * time.Second)
			answersJSON(200, body)(w, q)
		}, 0, 0},
		"keeps coming slowly":      {drip(2 * time.Second), 0, 0},
		"stops coming":             {drip(time.Hour), api.KindTimeout, 10 * time.Second},
		"drips beyond all measure": {drip(9 * time.Second), api.KindTimeout, 80 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := connect(t, "http://embedded", newKey(t), pipe(t, test.answer), client.WithTimeout(10*time.Second))
				start := time.Now()
				err := list(t.Context(), c)
				if test.kind == 0 {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				if e := failure(t, err, api.Secret{}); e.Kind != test.kind {
					t.Errorf("kind %d, %q; want %d", e.Kind, e.Detail, test.kind)
				}
				if waited := time.Since(start); waited != test.after {
					t.Errorf("gave up after %v, want %v", waited, test.after)
				}
			})
		})
	}
}

func TestCreateWithoutAnAnswerIsLost(t *testing.T) {
	silent := func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body) // only then does a server notice that the client left
		<-q.Context().Done()
	}
	for name, test := range map[string]struct {
		context func(context.Context) (context.Context, context.CancelFunc)
		kind    api.ErrorKind
		cause   error
	}{
		"our patience ends": {func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} }, api.KindTimeout, nil},
		"caller's deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, api.KindTimeout, context.DeadlineExceeded},
		"caller gives up": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, api.KindCanceled, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := test.context(t.Context())
				defer cancel()
				err := create(ctx, connect(t, "http://embedded", newKey(t), pipe(t, silent)))
				e := failure(t, err, api.Secret{})
				if e.Kind != test.kind || !e.Lost {
					t.Errorf("kind %d, lost %t; want %d, lost", e.Kind, e.Lost, test.kind)
				}
				if test.cause != nil && !errors.Is(err, test.cause) {
					t.Errorf("%v is not %v", e.Cause, test.cause)
				}
			})
		})
	}
}

func TestSlowDialIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "http://embedded", newKey(t), client.WithDialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		if e := failure(t, create(t.Context(), c), api.Secret{}); e.Kind != api.KindTimeout || e.Lost {
			t.Errorf("kind %d, lost %t; want a timeout with nothing sent", e.Kind, e.Lost)
		}
	})
}
