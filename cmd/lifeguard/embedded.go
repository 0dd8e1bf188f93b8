package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// person is whoever sits at the keyboard: the administrator of the embedded
// authority.
type person struct{ name, email string }

// atKeyboard asks the operating system who that is. It always has an answer,
// because an account without a name must not be kept from its own keys.
func atKeyboard() person {
	login, name := "administrator", ""
	if current, err := user.Current(); err == nil {
		login, name = cmp.Or(current.Username, login), current.Name
	}
	if i := strings.LastIndexByte(login, '\\'); i >= 0 { // DOMAIN\login on Windows
		login = login[i+1:]
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	login = strings.Join(strings.Fields(api.Clean(login)), ".")
	host = strings.Join(strings.Fields(api.Clean(host)), "-")
	if name = api.Clean(name); api.CheckName(name) != nil {
		name = login
	}
	return person{name: name, email: login + "@" + host}
}

// home is where one person's embedded authority lives.
type home struct {
	folder string
	person person
	clock  func() time.Time
}

func (h home) database() string { return filepath.Join(h.folder, "lifeguard.db") }

func (h home) keyFile() keyFile {
	return keyFile{
		path: filepath.Join(h.folder, "developer-key"), clock: h.clock,
		remedy: "move it away and start again, and a new key is made for you",
	}
}

// open opens the database and returns it with the key of the person. At the
// first start it makes the organization, and says so with fresh.
//
// The key is in its file before the database knows it, so that whenever this
// is interrupted the next start goes on where it stopped, and of several that
// run at once all end up with the same key. See docs/architecture.md.
func (h home) open(ctx context.Context) (store *sqlstore.Store, key api.Secret, fresh bool, err error) {
	if err := ownFolder(h.folder); err != nil {
		return nil, api.Secret{}, false, err
	}
	store, err = sqlstore.Open(ctx, "sqlite:"+h.database(), sqlstore.Options{})
	if err != nil {
		return nil, api.Secret{}, false, err
	}
	key, fresh, err = h.settle(ctx, store)
	if err != nil {
		return nil, api.Secret{}, false, errors.Join(err, store.Close())
	}
	h.keyFile().sweep()
	return store, key, fresh, nil
}

// settle makes database and key file agree.
func (h home) settle(ctx context.Context, store server.Store) (key api.Secret, fresh bool, err error) {
	_, err = store.Organization(ctx)
	empty := errors.Is(err, server.ErrNotInitialised)
	if err != nil && !empty {
		return api.Secret{}, false, err
	}
	// Read after the question above: whoever initialised the database has
	// written the file before.
	key, err = h.keyFile().read()
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case err != nil && !missing:
		return api.Secret{}, false, err
	case missing && !empty:
		key, err = h.restoreKey(ctx, store)
		return key, false, err
	case missing:
		if key, err = api.MintKey(rand.Reader); err != nil {
			return api.Secret{}, false, err
		}
		if key, err = h.keyFile().offer(key); err != nil {
			return api.Secret{}, false, err
		}
	}
	if !empty {
		return key, false, nil
	}
	_, err = server.Initialise(ctx, store, server.InitialiseOptions{
		Organization: h.person.name + "'s organization",
		AdminEmail:   h.person.email,
		AdminName:    h.person.name,
		Developers:   true,
		Key:          key,
		Via:          via("console"),
		Clock:        h.clock,
	})
	if errors.Is(err, server.ErrInitialised) { // by another console, with the same key
		return key, false, nil
	}
	return key, err == nil, err
}

// restoreKey gives the person a further key when the file with the first one
// is gone. The database comes first here: a key in the file that the database
// does not know would be refused for ever.
func (h home) restoreKey(ctx context.Context, store server.Store) (api.Secret, error) {
	key, err := server.RestoreDeveloperKey(ctx, store, server.RestoreOptions{
		Email: h.person.email, Via: via("console"), Clock: h.clock,
	})
	if errors.Is(err, server.ErrNotFound) {
		return api.Secret{}, fmt.Errorf("the key file %s is gone and the database beside it has no user %s: "+
			"put the file back, or move the folder away to start over", h.keyFile().path, h.person.email)
	}
	if err != nil {
		return api.Secret{}, err
	}
	return h.keyFile().offer(key)
}
