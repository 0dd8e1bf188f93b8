package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

type serveFlags struct {
	listen       string
	database     string
	certificate  string
	key          string
	insecureHTTP bool
	auditDays    int
	stopDelay    time.Duration
	ssh          sshFlags
}

func serveCommand(p process) *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve --listen ADDR --database DSN",
		Short: "Serve the HTTP API",
		Long: "Serves the HTTP API and prints one line with its address when it is ready. SIGTERM and SIGINT let the\n" +
			"running requests finish; a second one ends at once. Keys travel in every request, so plain HTTP is for\n" +
			"this machine's own addresses only, unless --insecure-http says that something in front encrypts.\n" +
			"SIGHUP reads the TLS certificate and its key again, and never ends the server.",
		Example: "lifeguard serve --listen 127.0.0.1:8080 --database sqlite:keys.db\n" +
			"lifeguard serve --listen :8443 --database sqlite:keys.db --tls-cert cert.pem --tls-key key.pem\n" +
			"lifeguard serve --listen :8443 --database postgres://lifeguard@db.example.com/keys --tls-cert cert.pem --tls-key key.pem",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "listen", "database"); err != nil {
				return err
			}
			if (flags.certificate == "") != (flags.key == "") {
				return flagError(cmd, errors.New("--tls-cert and --tls-key go together"))
			}
			if err := checkAuditDays(cmd, flags.auditDays); err != nil {
				return err
			}
			if flags.stopDelay < 0 {
				return flagError(cmd, errors.New("--stop-delay must be 0 or more, such as 10s"))
			}
			if err := flags.ssh.check(cmd, flags.database); err != nil {
				return err
			}
			return serve(cmd.Context(), p, flags)
		},
	}
	cmd.Flags().StringVar(&flags.listen, "listen", "", "address to listen on, such as 127.0.0.1:8080; port 0 takes a free one")
	cmd.Flags().StringVar(&flags.database, "database", "", "the database, as sqlite:PATH or postgres://USER@HOST/DATABASE")
	cmd.Flags().StringVar(&flags.certificate, "tls-cert", "", "file with the TLS certificate and its chain, PEM")
	cmd.Flags().StringVar(&flags.key, "tls-key", "", "file with the certificate's private key, PEM")
	cmd.Flags().BoolVar(&flags.insecureHTTP, "insecure-http", false, "serve plain HTTP to other machines, behind a proxy that encrypts")
	registerAuditDays(cmd, &flags.auditDays, "")
	cmd.Flags().DurationVar(&flags.stopDelay, "stop-delay", 0, "how long /readyz says no before the server stops taking connections, for a balancer to notice")
	flags.ssh.register(cmd)
	return cmd
}

// ballast is memory that counts as used and is never touched, in bytes, so it
// takes none. The garbage collector comes when there is as much garbage as
// there is used: a server that uses a few megabytes would have it come 25 times
// a second. One that uses much is not made to wait longer. Measured: docs/speed.md.
const ballast = 32 << 20

func serve(ctx context.Context, p process, flags serveFlags) error {
	defer runtime.KeepAlive(make([]byte, ballast))
	logger := slog.New(slog.NewJSONHandler(p.stderr, nil))
	var pair *certificate
	var config *tls.Config
	if flags.certificate != "" {
		pair = &certificate{file: flags.certificate, keyFile: flags.key}
		if err := pair.load(); err != nil {
			return err
		}
		config = pair.config()
	}
	defer pair.reloadOnHangup(logger)()
	listener, err := listen(ctx, flags, config)
	if err != nil {
		return err
	}
	store, err := openInitialised(ctx, flags.database)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	running := startAuthority(store, listener, config, drainServed, logger)
	sessions, err := flags.ssh.start(ctx, running, logger)
	if err != nil {
		return errors.Join(err, running.Close())
	}
	stopPruning := func() {}
	if flags.auditDays > 0 {
		stopPruning = keepAudit(running.server, auditDays(flags.auditDays), logger)
	}
	scheme := "http"
	if config != nil {
		scheme = "https"
	}
	_, err = fmt.Fprintf(p.stdout, "lifeguard listens on %s://%s\n%s", scheme, listener.Addr(), sessions.ready())
	if err == nil {
		select {
		case <-ctx.Done():
			running.server.Leave()
			time.Sleep(flags.stopDelay) // a second signal ends the process
		case err = <-running.ended:
		case err = <-sessions.ended:
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	stopPruning()
	return errors.Join(err, sessions.Close(), running.Close())
}

// listen takes the port and looks at the address that it really got: a name
// may stand for any address.
func listen(ctx context.Context, flags serveFlags, config *tls.Config) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", flags.listen)
	if err != nil {
		var cause *net.OpError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another address with --listen", flags.listen, err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if config == nil && !flags.insecureHTTP && (!ok || !address.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("keys would travel unencrypted to %s: give --tls-cert and --tls-key, "+
			"or --insecure-http if a proxy in front encrypts", flags.listen), listener.Close())
	}
	return listener, nil
}

// openInitialised opens a database that init has made. It makes none: a
// mistyped path is better told than served empty.
func openInitialised(ctx context.Context, dsn string) (*sqlstore.Store, error) {
	const remedy = "make one with lifeguard init"
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok && path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database at %s: %s", path, remedy)
		}
	}
	store, err := sqlstore.Open(ctx, dsn, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if _, err := store.Organization(ctx); err != nil {
		if errors.Is(err, server.ErrNotInitialised) {
			err = fmt.Errorf("the database %s holds no organization yet: %s", sqlstore.Shown(dsn), remedy)
		}
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}
