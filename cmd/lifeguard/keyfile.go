package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// keyFile is the file that holds the developer key of the person at the
// keyboard: one line, mode 0600. It is written whole or not at all, and never
// overwritten, so that two consoles which start at once agree on one key.
type keyFile struct {
	path  string
	clock func() time.Time
	// remedy says what to do about a file that holds no key.
	remedy string
}

// Leftovers of a console that was killed while it wrote carry this in front.
const unfinishedKeyFile = ".developer-key-"

// read returns the key in the file. An error that is fs.ErrNotExist means that
// there is no file; every other one is a sentence without the file's content.
func (f keyFile) read() (api.Secret, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return api.Secret{}, fmt.Errorf("read the key file %s: %w", f.path, plainPathError(err))
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return api.Secret{}, fmt.Errorf("read the key file %s: %w", f.path, plainPathError(err))
	}
	if othersMay(info) {
		return api.Secret{}, fmt.Errorf("the key file %[1]s is open to other users of this machine: run chmod 600 %[1]s and start again", f.path)
	}
	// One byte more than a key and its line end: what is longer is damaged.
	content, err := io.ReadAll(io.LimitReader(file, int64(api.KeyLength)+3))
	if err != nil {
		return api.Secret{}, fmt.Errorf("read the key file %s: %w", f.path, plainPathError(err))
	}
	text := strings.TrimRight(string(content), "\r\n")
	if err := api.CheckKey(text); err != nil {
		return api.Secret{}, fmt.Errorf("the key file %s is damaged (%w): %s", f.path, err, f.remedy)
	}
	return api.NewSecret(text), nil
}

// offer writes key unless the file exists already, and returns the key that is
// in the file then: the given one, or that of whoever was first.
func (f keyFile) offer(key api.Secret) (api.Secret, error) {
	if err := f.link(key); err != nil && !errors.Is(err, fs.ErrExist) {
		return api.Secret{}, fmt.Errorf("write the key file %s: %w", f.path, plainPathError(err))
	}
	return f.read()
}

// link makes the file with a key.
func (f keyFile) link(key api.Secret) error {
	return offerFile(f.path, unfinishedKeyFile, []byte(key.Reveal()+"\n"))
}

// offerFile makes a file for its owner alone, whole or not at all: it is written
// beside its place, made durable and linked there. Unlike a rename, a link fails,
// with fs.ErrExist, when the place is taken. The name of what is left of a start
// that was killed begins with unfinished.
func offerFile(path, unfinished string, content []byte) error {
	folder := filepath.Dir(path)
	temporary, err := os.CreateTemp(folder, unfinished) // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// sweep removes what killed consoles left half-written. A minute is far more
// than a living one needs to finish.
func (f keyFile) sweep() {
	leftovers, _ := filepath.Glob(filepath.Join(filepath.Dir(f.path), unfinishedKeyFile+"*"))
	for _, path := range leftovers {
		if info, err := os.Lstat(path); err == nil && f.clock().Sub(info.ModTime()) > time.Minute {
			_ = os.Remove(path)
		}
	}
}

// syncFolder makes a new name in a folder survive a power cut. Windows cannot
// and need not.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// othersMay reports whether anybody but the owner can do anything with a file.
// Windows keeps that elsewhere, in the profile folder's access list.
func othersMay(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// plainPathError drops the operation and the path that the os package puts in
// front of a cause: the sentence around it names the path already.
func plainPathError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
