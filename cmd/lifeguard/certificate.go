package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// certificate is a TLS certificate in files, which is read again on SIGHUP:
// connections that are made later get the new one.
type certificate struct {
	file, keyFile string
	current       atomic.Pointer[tls.Certificate]
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.file, c.keyFile)
	if err != nil {
		return fmt.Errorf("the TLS certificate %s with the key %s cannot be used: %w", c.file, c.keyFile, err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// reloadOnHangup reads the files again with each SIGHUP, until stop is called.
// Files that cannot be used change nothing. Without a certificate, which is
// nil, SIGHUP changes nothing either: a supervisor that sends it to have the
// configuration read again must not end the server.
func (c *certificate) reloadOnHangup(logger *slog.Logger) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hangups:
			}
			if c == nil {
				logger.Info("there is no certificate to read again")
			} else if err := c.load(); err != nil {
				logger.Error("the certificate was not read again, the old one stays", "error", err)
			} else {
				logger.Info("the certificate was read again", "file", c.file)
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(done)
	}
}
