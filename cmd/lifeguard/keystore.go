package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// keyStore keeps the key of one context for the person at the keyboard.
type keyStore interface {
	// ready reports what would keep a key from being written, before a person is
	// asked for it.
	ready(ctx context.Context) error
	// read returns the key, a zero one where none is kept.
	read(ctx context.Context) (api.Secret, error)
	// write puts the key in the place of the one that was there.
	write(ctx context.Context, key api.Secret) error
	// remove reports whether there was a key.
	remove(ctx context.Context) (bool, error)
	// String names the place to a person.
	String() string
}

// keyStore is where lifeguard login keeps the key of a context. What is kept
// belongs to the context's server too: whoever gives the context another server
// does not send the key there.
func (p process) keyStore(c config.Context, store config.Store) keyStore {
	server := canonical(c.Server)
	if store == config.File {
		return fileStore{
			folder:  filepath.Join(p.env.dataFolder(), "keys"),
			name:    c.Name + "@" + url.QueryEscape(server) + ".key",
			context: c.Name,
		}
	}
	return p.keyring(c, c.Name+" at "+server)
}

// canonical is a server's address in one way of writing it.
func canonical(server string) string {
	address, err := url.Parse(strings.TrimSpace(server))
	if err != nil {
		return server
	}
	path := strings.TrimRight(address.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, strings.TrimSuffix(api.PathMe, "/me")), "/")
	return strings.ToLower(address.Scheme+"://"+address.Host) + path
}

// fileStore keeps a key in a file of its own, mode 0600, in a folder that is
// closed to others.
type fileStore struct{ folder, name, context string }

func (s fileStore) path() string { return filepath.Join(s.folder, s.name) }

func (s fileStore) String() string { return s.path() }

// closed refuses a folder that others can look into: they might put a key of
// theirs there.
func (s fileStore) closed() error {
	info, err := os.Stat(s.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil:
		return fmt.Errorf("look at the folder %s: %w", s.folder, plainPathError(err))
	case othersMay(info):
		return fmt.Errorf("the folder %[1]s, which keys are kept in, is open to other users of this machine: run chmod 700 %[1]s and start again", s.folder)
	}
	return nil
}

func (s fileStore) ready(context.Context) error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return fmt.Errorf("make the folder %s: %w", s.folder, plainPathError(err))
	}
	return s.closed()
}

func (s fileStore) read(context.Context) (api.Secret, error) {
	err := s.closed()
	var key api.Secret
	if err == nil {
		key, err = keyFile{path: s.path(), remedy: "lifeguard login --context " + s.context + " writes it anew"}.read()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return api.Secret{}, nil
	}
	return key, err
}

func (s fileStore) write(ctx context.Context, key api.Secret) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	// Not replaceFile, which keeps the mode of what was there.
	temporary, err := writeBeside(s.path(), []byte(key.Reveal()+"\n"))
	if err != nil {
		return fmt.Errorf("write the key into %s: %w", s.folder, plainPathError(err))
	}
	defer func() { _ = os.Remove(temporary) }()
	if err = os.Rename(temporary, s.path()); err == nil {
		err = syncFolder(s.folder)
	}
	if err != nil {
		return fmt.Errorf("write the key file %s: %w", s.path(), plainPathError(err))
	}
	return nil
}

func (s fileStore) remove(context.Context) (bool, error) {
	err := os.Remove(s.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("remove the key file %s: %w", s.path(), plainPathError(err))
	}
	return true, syncFolder(s.folder)
}
