package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/lifeguard-keys/lifeguard/server"
)

// How long a stopping authority waits for the requests that are running. The
// longest answer of a served one takes a minute; a console has told its own
// requests to stop already.
const (
	drainServed   = time.Minute
	drainEmbedded = 2 * time.Second
)

// authority is a running server over a store, on a port or in memory.
type authority struct {
	store  server.Store
	server *server.Server
	http   *http.Server
	drain  time.Duration
	// ended gets the error that serving ended with.
	ended chan error
}

// startAuthority serves store on listener, with TLS unless config is nil. It
// takes both over: Close closes them.
func startAuthority(store server.Store, listener net.Listener, config *tls.Config, drain time.Duration, logger *slog.Logger) *authority {
	a := &authority{
		store:  store,
		server: server.New(server.Options{Store: store, Logger: logger, Version: buildVersion()}),
		drain:  drain,
		ended:  make(chan error, 1),
	}
	a.http = server.NewHTTPServer(a.server.Handler())
	a.http.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
	a.http.TLSConfig = config
	go func() {
		if config == nil {
			a.ended <- a.http.Serve(listener)
		} else {
			a.ended <- a.http.ServeTLS(listener, "", "")
		}
	}()
	return a
}

// Close lets the running requests finish, writes what is known of the last
// use of keys, and closes the store.
func (a *authority) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), a.drain)
	defer cancel()
	a.server.Drain()
	err := a.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("requests were still running after %s and were cut off", a.drain), a.http.Close())
	}
	// The time may be used up, and the last uses are to be written all the same.
	final, cancelFinal := context.WithTimeout(context.Background(), drainEmbedded)
	defer cancelFinal()
	return errors.Join(err, a.server.Close(final), a.store.Close())
}
