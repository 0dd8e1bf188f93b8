package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

const (
	demoAccounts = 1204
	demoSeed     = 1
	// Making more accounts than this takes long enough to say so.
	demoNoticeable = 20_000
)

type demoFlags struct {
	connectFlags
	accounts int
}

func demoCommand(p process) *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Open the console on a made-up organization that is gone afterwards",
		Long: "Opens the console on a temporary organization with teams, roles and service accounts that look real and are\n" +
			"the same every time. Everything can be tried; nothing of it is kept.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if flags.connectFlags, err = flags.resolveLook(p); err != nil {
				return err
			}
			ctx, stop := untilHangup(cmd.Context())
			defer stop()
			return demo(ctx, p, flags)
		},
	}
	cmd.Flags().IntVar(&flags.accounts, "accounts", demoAccounts,
		"how many service accounts, at most "+humanize.Comma(sample.MaxAccounts))
	cmd.Flags().StringVar(&flags.config, "config", "", "configuration to read instead of the usual one")
	flags.registerLook(cmd)
	return cmd
}

func demo(ctx context.Context, p process, flags demoFlags) (err error) {
	organization, err := sample.New(demoSeed, time.Now(), flags.accounts)
	if err != nil {
		return err
	}
	if err := p.canShow(flags.connectFlags); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "lifeguard-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w; free some space or point TMPDIR elsewhere", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		return err
	}
	load := func(ctx context.Context) (*sqlstore.Store, error) {
		return loadDemo(ctx, filepath.Join(folder, "demo.db"), organization, key, p.progress(flags.accounts))
	}
	listener := newPipeListener()
	c := connectMemory(listener, key, flags.connectFlags)
	c.name, c.address = "demo", "gone when you quit"
	if flags.accounts >= demoNoticeable {
		store, err := load(ctx)
		p.clearProgress()
		if err != nil {
			return err
		}
		c.close = startAuthority(store, listener, nil, drainEmbedded, slog.New(slog.DiscardHandler)).Close
		return show(ctx, p, flags.connectFlags, c)
	}
	return showWhile(ctx, p, flags.connectFlags, c, listener, load)
}

// showWhile shows the console while its authority is still being loaded: the
// first frame does not wait for that, only the first rows do.
func showWhile(
	ctx context.Context, p process, flags connectFlags, c connection,
	listener *pipeListener, load func(context.Context) (*sqlstore.Store, error),
) error {
	ctx, fail := context.WithCancelCause(ctx)
	var loading errgroup.Group
	var running *authority
	loading.Go(func() error {
		store, err := load(ctx)
		if err != nil {
			fail(err) // ends the console
			return err
		}
		running = startAuthority(store, listener, nil, drainEmbedded, slog.New(slog.DiscardHandler))
		return nil
	})
	c.close = func() error {
		fail(nil) // nobody waits for the rest of the load
		if err := loading.Wait(); err != nil {
			return nil //nolint:nilerr // either the person left first, or it is told below
		}
		return running.Close()
	}
	err := show(ctx, p, flags, c)
	if errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// loadDemo fills a database that need not survive anything, and gives its
// administrator the key.
func loadDemo(
	ctx context.Context, path string, organization *sample.Organization, key api.Secret, progress func(int),
) (*sqlstore.Store, error) {
	store, err := sqlstore.Open(ctx, "sqlite:"+path, sqlstore.Options{Volatile: true})
	if err != nil {
		return nil, err
	}
	admin := sample.Admin{Email: "ada@northwind.example", Name: "Ada Lovelace"}
	_, err = sample.Load(ctx, store, organization, admin, progress)
	if err == nil {
		_, err = server.RestoreDeveloperKey(ctx, store, server.RestoreOptions{Email: admin.Email, Key: key, Via: via("demo")})
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// progress tells a person who waits for many accounts how far it is, on one
// line of standard error, which clearProgress takes away.
func (p process) progress(total int) func(int) {
	if total < demoNoticeable || !isTerminal(p.stderr) {
		return nil
	}
	return func(done int) {
		what := "Making"
		if done >= total {
			what = "Sorting" // the indexes, which takes a good part of the whole
		}
		_, _ = fmt.Fprintf(p.stderr, "\r\x1b[K%s service accounts: %s of %s …", what, humanize.Comma(int64(done)), humanize.Comma(int64(total)))
	}
}

func (p process) clearProgress() {
	if isTerminal(p.stderr) {
		_, _ = fmt.Fprint(p.stderr, "\r\x1b[K")
	}
}
