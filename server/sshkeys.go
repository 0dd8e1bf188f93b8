package server

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
)

// SSHFingerprint is the SHA-256 of a public key in its wire form: what a key is
// known by.
type SSHFingerprint [sha256.Size]byte

// String returns the fingerprint as ssh-keygen -l writes it.
func (f SSHFingerprint) String() string {
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(f[:])
}

// SSHFingerprintOf is the fingerprint of a public key in its wire form.
func SSHFingerprintOf(wire []byte) SSHFingerprint { return sha256.Sum256(wire) }

// SSHKey is a public key that a user may sign in with over SSH.
type SSHKey struct {
	Fingerprint SSHFingerprint
	// Line is the key as a line of an authorized_keys file: type, base64, and
	// the comment if there is one.
	Line string
}

// SSHKeyReads is what a [Store] tells of the SSH keys of users.
type SSHKeyReads interface {
	// IdentityBySSHKey returns the living user that an SSH key belongs to, with
	// its teams and their roles, or ErrNotFound. A suspended user is returned
	// with that status. The identity has no KeyID and was never used.
	IdentityBySSHKey(ctx context.Context, fingerprint SSHFingerprint) (Identity, error)
	// SSHKeyOwners returns the ids of the users that may sign in with these
	// keys, by fingerprint: a key that is unknown, or whose user is suspended or
	// deleted, has none.
	SSHKeyOwners(ctx context.Context, fingerprints []SSHFingerprint) (map[SSHFingerprint]string, error)
}

// SSHKeyWrites is what a [Tx] can do with the SSH keys of users.
type SSHKeyWrites interface {
	// SetSSHKeys makes these all the SSH keys of a living user. A key that
	// another user has is an error.
	SetSSHKeys(ctx context.Context, userID string, keys []SSHKey, at time.Time) error
	// UserBySSHKey returns the living user that an SSH key belongs to, or
	// ErrNotFound.
	UserBySSHKey(ctx context.Context, fingerprint SSHFingerprint) (User, error)
}

const (
	// maxSSHKeyLine is the longest line of a key, in bytes; one of RSA with 8192
	// bits has 1,400.
	maxSSHKeyLine = 2 << 10
	// maxSSHComment is the longest comment of a key, in bytes.
	maxSSHComment = 128
	// RSA keys have this many bits: fewer can be broken, more take a second to
	// check.
	minRSA, maxRSA = 2048, 8192
)

var (
	errSSHKeyForm = errors.New("must be a public key as in id_ed25519.pub: its type, its base64, and a comment if you like")
	errSSHOptions = errors.New("must be a public key without options: nothing stands before its type")
	errSSHPrivate = errors.New("is a private key, which nobody else may have: give the public one, from the file that ends with .pub")
	errSSHType    = errors.New("must be a key of the type ssh-ed25519, ecdsa-sha2-*, sk-* or ssh-rsa")
	errSSHRSA     = fmt.Errorf("is an RSA key of a size that is not taken: it must have %d to %d bits; better make one of the type ed25519", minRSA, maxRSA)
	errSSHComment = fmt.Errorf("has a comment that cannot be shown, or is longer than %d bytes", maxSSHComment)
	errSSHTwice   = errors.New("stands in this list twice")
)

// parseSSHKeys reads the lines of a user's keys, in the order of their text.
// Its error names the place of the line.
func parseSSHKeys(location string, texts []string) ([]SSHKey, error) {
	if len(texts) > api.MaxSSHKeys {
		return nil, invalid(location, fmt.Errorf("has more than %d keys", api.MaxSSHKeys))
	}
	var keys []SSHKey
	for i, text := range texts {
		at := fmt.Sprintf("%s[%d]", location, i)
		key, err := parseSSHKey(text)
		if err != nil {
			return nil, invalid(at, err)
		}
		if slices.ContainsFunc(keys, func(other SSHKey) bool { return other.Fingerprint == key.Fingerprint }) {
			return nil, invalid(at, errSSHTwice)
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b SSHKey) int { return strings.Compare(a.Line, b.Line) })
	return keys, nil
}

// parseSSHKey reads one line and writes it in the one form that is kept.
func parseSSHKey(text string) (SSHKey, error) {
	text = strings.TrimSpace(text)
	switch {
	case strings.Contains(text, "PRIVATE KEY"):
		return SSHKey{}, errSSHPrivate
	case len(text) > maxSSHKeyLine || strings.ContainsAny(text, "\r\n\x00"):
		return SSHKey{}, errSSHKeyForm
	}
	key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case err != nil:
		return SSHKey{}, errSSHKeyForm
	case len(options) > 0:
		return SSHKey{}, errSSHOptions
	}
	if err := checkSSHKey(key); err != nil {
		return SSHKey{}, err
	}
	comment = strings.TrimSpace(comment)
	if len(comment) > maxSSHComment || api.Clean(comment) != comment || api.FindKey(comment) != "" {
		return SSHKey{}, errSSHComment
	}
	wire := key.Marshal()
	line := key.Type() + " " + base64.StdEncoding.EncodeToString(wire)
	if comment != "" {
		line += " " + comment
	}
	return SSHKey{Fingerprint: SSHFingerprintOf(wire), Line: line}, nil
}

// checkSSHKey refuses keys that are not safe to sign in with, and certificates,
// which are not one key but whatever somebody signs.
func checkSSHKey(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		if crypto, ok := key.(ssh.CryptoPublicKey); ok {
			if public, ok := crypto.CryptoPublicKey().(*rsa.PublicKey); ok && public.N.BitLen() >= minRSA && public.N.BitLen() <= maxRSA {
				return nil
			}
		}
		return errSSHRSA
	}
	return errSSHType
}

// lines are the lines of keys, nil for none.
func lines(keys []SSHKey) []string {
	var texts []string
	for _, key := range keys {
		texts = append(texts, key.Line)
	}
	return texts
}

// fingerprints are those of the keys that only the first of two lists has, as
// an event tells them.
func fingerprints(keys, without []SSHKey) string {
	var texts []string
	for _, key := range keys {
		if !slices.Contains(without, key) {
			texts = append(texts, key.Fingerprint.String())
		}
	}
	return strings.Join(texts, " ")
}

// changeSSHKeys gives a user other SSH keys, within a transaction, and says so
// in the event's metadata. Whoever holds a key acts as its user, so nobody
// gives one to somebody who can do more than themselves; to take one away is
// everybody's who may change users.
func changeSSHKeys(ctx context.Context, tx Tx, before UserDetails, after []SSHKey, event Event) error {
	added, removed := fingerprints(after, before.SSHKeys), fingerprints(before.SSHKeys, after)
	if added == "" && removed == "" {
		return nil
	}
	if added != "" {
		event.Metadata["ssh_keys_added"] = added
		if err := mayActAs(ctx, tx, before.ID); err != nil {
			return err
		}
	}
	if removed != "" {
		event.Metadata["ssh_keys_removed"] = removed
	}
	for _, key := range after {
		switch other, err := tx.UserBySSHKey(ctx, key.Fingerprint); {
		case errors.Is(err, ErrNotFound) || err == nil && other.ID == before.ID:
		case err != nil:
			return err
		default:
			return conflict(api.CodeConflict, fmt.Sprintf(
				"Another user has the SSH key %s already. A key stands for one person: take it away there first.", key.Fingerprint), nil)
		}
	}
	return tx.SetSSHKeys(ctx, before.ID, after, event.Time)
}
