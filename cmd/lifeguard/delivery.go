package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
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

// prepare refuses what would fail once there is a key. A flag that is given and
// empty is most often a variable of a pipeline that is not set: the key must not
// go to standard output then, which may be a log.
func (d *delivery) prepare(cmd *cobra.Command) error {
	for _, name := range []string{"key-file", "idempotency-key"} {
		if cmd.Flags().Changed(name) && cmd.Flag(name).Value.String() == "" {
			return flagError(cmd, fmt.Errorf("nothing was made: --%s is empty", name))
		}
	}
	if d.keyFile != "" {
		if err := placeable(d.keyFile); err != nil {
			return err
		}
	}
	if d.idempotencyKey != "" && uuid.Validate(d.idempotencyKey) != nil {
		return errors.New("nothing was made: --idempotency-key must be a UUID, as uuidgen prints one")
	}
	if d.repeatable = d.idempotencyKey != ""; !d.repeatable {
		d.idempotencyKey = client.NewIdempotencyKey()
	}
	return nil
}

// placeable reports why no key can be put into a file.
func placeable(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("nothing was made: there is a file %s already, and it is not overwritten: name another one", path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		var probe *os.File
		if probe, err = os.CreateTemp(filepath.Dir(path), unfinishedKeyFile); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("nothing was made: the file %s cannot be written: %w; name another one", path, plainPathError(err))
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

// errInterrupted is why a key is not handed over to somebody who has given up.
var errInterrupted = errors.New("the command was interrupted")

// repeatLost repeats a create whose answer was lost, or which another request is
// still carrying out: with one Idempotency-Key there is one key. What is on its
// way when the person gives up is waited for: there may be a key by then.
func repeatLost[T any](ctx context.Context, create func(context.Context) (T, error)) (T, error) {
	for pause := time.Second; ; pause *= 2 {
		sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), client.DefaultTimeout)
		created, err := create(sending)
		cancel()
		var failure *api.Error
		if err == nil || !errors.As(err, &failure) || !failure.Lost || pause > 4*time.Second {
			return created, err
		}
		if rest(ctx, pause) != nil {
			return created, err
		}
	}
}
