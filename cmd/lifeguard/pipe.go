package main

import (
	"context"
	"net"
	"sync"
)

// pipeListener is a listener without a port: connections exist in memory only
// and nobody outside the process can reach them.
type pipeListener struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{incoming: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next DialContext. After Close it returns net.ErrClosed.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and DialContext; open connections stay.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr names the kind of listener; there is no address.
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

// DialContext connects to the listener, whatever the address.
func (l *pipeListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.dial(ctx, func(conn net.Conn) net.Conn { return conn })
}

// dial connects to the listener, whose end of the connection is what accepted
// makes of it.
func (l *pipeListener) dial(ctx context.Context, accepted func(net.Conn) net.Conn) (net.Conn, error) {
	ours, theirs := net.Pipe()
	var err error
	select {
	case l.incoming <- accepted(theirs):
		return ours, nil
	case <-l.closed:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	_, _ = ours.Close(), theirs.Close()
	return nil, err
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
