// Package seal encrypts a new API key to those whom it is for, so that nobody
// else sees it: not on a screen, not in a pipeline's log. Recipients are SSH
// public keys and age's own; what comes out is age's ASCII armor, which
// `age -d` opens.
package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Kind is what a recipient opens a sealed key with.
type Kind string

// The kinds of recipients.
const (
	SSHEd25519 Kind = "ssh-ed25519"
	SSHRSA     Kind = "ssh-rsa"
	Age        Kind = "age"
)

// Recipient is somebody who can open a sealed key.
type Recipient struct {
	Kind Kind
	// Fingerprint is that of ssh-keygen -l for an SSH key. A short age recipient
	// is its own; of a long one (age1pq1…) it is the SHA-256.
	Fingerprint string
	// Comment is what stands behind an SSH key, cleaned, such as ada@laptop; may
	// be "".
	Comment string

	age age.Recipient
}

// Name is what a person knows the recipient by.
func (r Recipient) Name() string {
	if r.Comment != "" {
		return r.Comment
	}
	return r.Fingerprint
}

// Recipients are those whom one key is sealed to. Each of them can open it.
type Recipients []Recipient

// Fingerprints are those of all, as [api.CreateServiceAccount] takes them: in
// one order, whatever order they were named in.
func (r Recipients) Fingerprints() []string {
	var prints []string
	for _, recipient := range r {
		prints = append(prints, recipient.Fingerprint)
	}
	slices.Sort(prints)
	return prints
}

// Names lists what a person knows them by.
func (r Recipients) Names() string {
	names := make([]string, len(r))
	for i, recipient := range r {
		names[i] = recipient.Name()
	}
	return strings.Join(names, ", ")
}

// Opening is the command that opens a sealed key in file.
func (r Recipients) Opening(file string) string {
	with := "KEY-FILE"
	if len(r) > 0 {
		switch r[0].Kind {
		case SSHEd25519:
			with = "~/.ssh/id_ed25519"
		case SSHRSA:
			with = "~/.ssh/id_rsa"
		}
	}
	return "age -d -i " + with + " " + file
}

// maxFile is far more than ten recipients with comments, in bytes.
const maxFile = 256 << 10

// Parse reads recipients: ssh-ed25519 … and ssh-rsa … as they stand in a .pub
// file, age1…, and @FILE for a file with one a line. Several are separated by
// commas or line breaks. A recipient that is named twice counts once.
//
// The file is read through open, which may be nil where files are not the
// person's. Every error is a sentence part for a person, which quotes nothing
// that could be a secret.
func Parse(text string, open func(path string) (io.ReadCloser, error)) (Recipients, error) {
	var all Recipients
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		item = strings.TrimSpace(item)
		path, isFile := strings.CutPrefix(item, "@")
		var some Recipients
		var err error
		switch {
		case item == "":
			continue
		case isFile && open == nil:
			err = errors.New("files cannot be read here: paste the recipient itself instead of " + api.Clean(item))
		case isFile:
			some, err = read(strings.TrimSpace(path), open)
		default:
			some = make(Recipients, 1)
			some[0], err = parse(item)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all.checked()
}

// checked drops who is named twice, and tries the sealing: what fails does so
// before there is a key.
func (r Recipients) checked() (Recipients, error) {
	seen := map[string]bool{}
	r = slices.DeleteFunc(r, func(one Recipient) bool {
		twice := seen[one.Fingerprint]
		seen[one.Fingerprint] = true
		return twice
	})
	if len(r) == 0 {
		return nil, errors.New("no recipient is named: give ssh-ed25519 …, ssh-rsa …, age1… or @FILE")
	}
	if err := api.CheckSealedTo(r.Fingerprints()); err != nil {
		return nil, err
	}
	if _, err := r.seal([]byte("a try")); err != nil {
		return nil, fmt.Errorf("these recipients cannot be combined: %w", err)
	}
	return r, nil
}

// read takes the recipients of a file, one a line; # begins a comment.
func read(path string, open func(path string) (io.ReadCloser, error)) (Recipients, error) {
	name := api.RedactKeys(api.Clean(path))
	file, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read: %w", name, err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("the file %s is too large for a list of recipients", name)
	}
	// Before the lines, of which only the first would give it away.
	if strings.Contains(string(text), "PRIVATE KEY-----") {
		return nil, fmt.Errorf("the file %s holds a private key: name the public one, %s.pub", name, name)
	}
	var all Recipients
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d of the file %s: %w", i+1, name, err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the file %s names no recipient", name)
	}
	return all, nil
}

// parse reads one recipient.
func parse(text string) (Recipient, error) {
	words := strings.Fields(text)
	switch kind := words[0]; {
	case strings.Contains(text, "PRIVATE KEY") || strings.HasPrefix(strings.ToUpper(kind), "AGE-SECRET-KEY-"):
		return Recipient{}, errors.New("that is a private key, which is for its owner alone: give the public one")
	case api.FindKey(text) != "":
		return Recipient{}, errors.New("that is an API key, and not a recipient")
	case kind == string(SSHEd25519) || kind == string(SSHRSA):
		return parseSSH(Kind(kind), words)
	case strings.HasPrefix(kind, "age1"):
		return parseAge(words)
	case strings.HasPrefix(kind, "ssh-") || strings.HasPrefix(kind, "ecdsa-") || strings.HasPrefix(kind, "sk-"):
		return Recipient{}, fmt.Errorf("nothing can be sealed to keys of the kind %s: give ssh-ed25519 or ssh-rsa", shortened(kind))
	}
	return Recipient{}, fmt.Errorf("%q is no recipient: give ssh-ed25519 …, ssh-rsa …, age1… or @FILE", shortened(words[0]))
}

func parseSSH(kind Kind, words []string) (Recipient, error) {
	if len(words) < 2 {
		return Recipient{}, fmt.Errorf("the %s key is not whole: copy the whole line of the .pub file", kind)
	}
	for _, word := range words[2:] {
		if word == string(SSHEd25519) || word == string(SSHRSA) || strings.HasPrefix(word, "age1") || strings.HasPrefix(word, "@") {
			return Recipient{}, errors.New("there are two recipients without a comma between them")
		}
	}
	wire, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return Recipient{}, fmt.Errorf("the %s key is not whole: copy the whole line of the .pub file", kind)
	}
	public, err := ssh.ParsePublicKey(wire)
	if err != nil || public.Type() != string(kind) {
		return Recipient{}, fmt.Errorf("the %s key is not whole: copy the whole line of the .pub file", kind)
	}
	r := Recipient{Kind: kind, Fingerprint: ssh.FingerprintSHA256(public), Comment: shortened(strings.Join(words[2:], " "))}
	if kind == SSHRSA {
		r.age, err = agessh.NewRSARecipient(public)
	} else {
		r.age, err = agessh.NewEd25519Recipient(public)
	}
	if err != nil {
		return Recipient{}, fmt.Errorf("the %s key %s cannot be sealed to: %w", kind, r.Fingerprint, err)
	}
	return r, nil
}

func parseAge(words []string) (Recipient, error) {
	r := Recipient{Kind: Age, Fingerprint: words[0]}
	var err error
	if len(words) > 1 {
		return r, errors.New("there is something behind an age1 recipient: put a comma between two of them")
	}
	if strings.HasPrefix(words[0], "age1pq1") {
		digest := sha256.Sum256([]byte(words[0]))
		r.Fingerprint = "SHA256:" + base64.RawStdEncoding.EncodeToString(digest[:])
		r.age, err = age.ParseHybridRecipient(words[0])
	} else {
		r.age, err = age.ParseX25519Recipient(words[0])
	}
	if err != nil {
		return r, fmt.Errorf("%s is not a whole age recipient: copy it again", shortened(words[0]))
	}
	return r, nil
}

// shortened makes a person's text fit for a sentence.
func shortened(text string) string {
	const most = 40
	text = api.RedactKeys(api.Clean(text))
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}
