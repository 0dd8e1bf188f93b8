package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
)

// hostKeyBeside is where the host key of a database file is kept.
func hostKeyBeside(database string) string {
	return filepath.Join(filepath.Dir(database), "ssh_host_ed25519_key")
}

// maxHostKey is more than any private key takes, in bytes.
const maxHostKey = 64 << 10

// loadHostKey reads the host's private key, and makes one when there is none: a
// host whose key changes looks like somebody else to every client.
func loadHostKey(path string) (ssh.Signer, error) {
	signer, err := readHostKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return signer, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the SSH host key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, "lifeguard")
	if err != nil {
		return nil, fmt.Errorf("make the SSH host key: %w", err)
	}
	if err := offerFile(path, unfinishedHostKey, pem.EncodeToMemory(block)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("write the SSH host key %s: %w", path, plainPathError(err))
	}
	return readHostKey(path) // of whoever was first
}

// Leftovers of a start that was killed while it wrote carry this in front.
const unfinishedHostKey = ".ssh-host-key-"

func readHostKey(path string) (ssh.Signer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the SSH host key %s: %w", path, plainPathError(err))
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the SSH host key %s: %w", path, plainPathError(err))
	case othersMay(info):
		return nil, fmt.Errorf("the SSH host key %[1]s is open to other users of this machine: run chmod 600 %[1]s, "+
			"or move it away for a new one if somebody may have read it", path)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxHostKey))
	if err != nil {
		return nil, fmt.Errorf("read the SSH host key %s: %w", path, plainPathError(err))
	}
	signer, err := ssh.ParsePrivateKey(content)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fmt.Errorf("the SSH host key %s has a passphrase, which nobody is there to type: take it off with ssh-keygen -p", path)
	case err != nil:
		// Its own words might quote the file.
		return nil, fmt.Errorf("the SSH host key %s is no private key of OpenSSH or in PEM: move it away, and a new one is made", path)
	}
	return signer, nil
}
