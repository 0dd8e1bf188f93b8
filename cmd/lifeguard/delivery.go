package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// delivery is how a command hands over a key that it has made: alone on
// standard output, or in a file that was not there before.
type delivery struct {
	keyFile        string
	idempotencyKey string
	// repeatable is true when the caller chose the idempotency key, and so can
	// repeat the command by itself.
	repeatable bool
}

func (d *delivery) register(cmd *cobra.Command, p process) {
	if p.reach == nil {
		cmd.Flags().StringVar(&d.keyFile, "key-file", "", "write the key to this file, mode 0600, which must not exist yet")
	}
	cmd.Flags().StringVar(&d.idempotencyKey, "idempotency-key", "", "a UUID: the same one for every repetition")
}

// prepare refuses what would fail once there is a key.
func (d *delivery) prepare() error {
	if d.keyFile != "" {
		if _, err := os.Lstat(d.keyFile); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("nothing was made: there is a file %s already, and it is not overwritten: name another one", d.keyFile)
		}
	}
	if d.repeatable = d.idempotencyKey != ""; !d.repeatable {
		d.idempotencyKey = client.NewIdempotencyKey()
	}
	return nil
}

// again says how to get a key that did not arrive.
func (d *delivery) again() string {
	return "repeat the command with --idempotency-key " + d.idempotencyKey
}

// handOver gives the key to whoever started the program, and says where it is.
func (d *delivery) handOver(p process, key api.Secret) (where string, err error) {
	if d.keyFile == "" {
		return "The line on standard output", plainPathError(writeKey(p.stdout, key))
	}
	return "In " + d.keyFile, plainPathError(keyFile{path: d.keyFile}.link(key))
}

// repeatLost repeats a create whose answer was lost, or which another request is
// still carrying out: with one Idempotency-Key there is one key.
func repeatLost[T any](ctx context.Context, create func() (T, error)) (T, error) {
	for pause := time.Second; ; pause *= 2 {
		created, err := create()
		var failure *api.Error
		if err == nil || !errors.As(err, &failure) || !failure.Lost || pause > 4*time.Second {
			return created, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return created, err
		}
	}
}
