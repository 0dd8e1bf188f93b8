package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"

	system "github.com/zalando/go-keyring"
	secret "github.com/zalando/go-keyring/secret_service"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// keyringService is what keys are filed under in the keyring.
const keyringService = "lifeguard"

// How long the keyring may take. One that hangs must not hang the program; one
// that asks for its password in a window must leave the time to type it.
const (
	keyringLimit   = 3 * time.Second
	keyringPatient = time.Minute
)

// keyring is what is needed of the system's: the Secret Service on Linux and
// the BSDs, the Keychain on macOS, the Credential Manager on Windows.
type keyring interface {
	Get(service, account string) (string, error)
	Set(service, account, password string) error
	Delete(service, account string) error
}

type systemKeyring struct{}

func (systemKeyring) Get(service, account string) (string, error) {
	return system.Get(service, account)
}

func (systemKeyring) Set(service, account, password string) error {
	return system.Set(service, account, password)
}

func (systemKeyring) Delete(service, account string) error { return system.Delete(service, account) }

// locked reports whether a question may open a window that asks for the
// keyring's password. On macOS that is not known before.
func (systemKeyring) locked() bool {
	switch runtime.GOOS {
	case "windows":
		return false
	case "darwin":
		return true
	}
	service, err := secret.NewSecretService()
	if err != nil {
		return true
	}
	answer, err := service.GetLoginCollection().GetProperty("org.freedesktop.Secret.Collection.Locked")
	locked, known := answer.Value().(bool)
	return err != nil || !known || locked
}

// keyringStore keeps a key in the keyring of the operating system.
type keyringStore struct {
	ring             keyring
	context, account string
	login            string // the command that signs in to the context
	// patient gives a person the time to unlock the keyring in a window, and
	// says so on words.
	patient bool
	words   io.Writer
	// unattended asks nothing that may open a window.
	unattended bool
	// missing says why there can be no keyring here, "" when there may be one.
	missing string
}

func (p process) keyring(c config.Context, account string) keyringStore {
	s := keyringStore{ring: systemKeyring{}, context: c.Name, account: account, login: "lifeguard login --context " + c.Name, words: p.stderr}
	if c.Line == 0 { // of no configuration yet
		s.login = "lifeguard login --server " + c.Server + " --context " + c.Name
	}
	window := runtime.GOOS == "darwin" || runtime.GOOS == "windows" || p.env.get("DISPLAY") != "" || p.env.get("WAYLAND_DISPLAY") != ""
	s.patient = window && isTerminal(p.stderr)
	if runtime.GOOS == "linux" && p.env.get("DBUS_SESSION_BUS_ADDRESS") == "" {
		// Asked without a bus, the library would start one that nobody ends.
		if _, err := os.Stat("/run/user/" + strconv.Itoa(os.Getuid()) + "/bus"); err != nil {
			s.missing = "there is no D-Bus session"
		}
	}
	return s
}

func (s keyringStore) String() string { return "the keyring" }

func (s keyringStore) ready(ctx context.Context) error {
	_, err := s.get(ctx)
	return err
}

func (s keyringStore) read(ctx context.Context) (api.Secret, error) {
	text, err := s.get(ctx)
	if err != nil || text == "" {
		return api.Secret{}, err
	}
	if err := api.CheckKey(text); err != nil {
		return api.Secret{}, fmt.Errorf("what the keyring keeps for the context %s is no key (%w): %s keeps a new one", s.context, err, s.login)
	}
	return api.NewSecret(text), nil
}

func (s keyringStore) get(ctx context.Context) (string, error) {
	return askKeyring(ctx, s, func() (string, error) {
		if s.unattended && (systemKeyring{}).locked() {
			return "", errNotUnattended
		}
		text, err := s.ring.Get(keyringService, s.account)
		if errors.Is(err, system.ErrNotFound) {
			return "", nil
		}
		return text, err
	})
}

func (s keyringStore) write(ctx context.Context, key api.Secret) error {
	_, err := askKeyring(ctx, s, func() (bool, error) { return true, s.ring.Set(keyringService, s.account, key.Reveal()) })
	return err
}

func (s keyringStore) remove(ctx context.Context) (bool, error) {
	return askKeyring(ctx, s, func() (bool, error) {
		err := s.ring.Delete(keyringService, s.account)
		if errors.Is(err, system.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
}

// askKeyring waits for the keyring, but not for ever: nothing can end a question that
// the system does not answer, so it is left behind.
func askKeyring[T any](ctx context.Context, s keyringStore, question func() (T, error)) (T, error) {
	var none T
	remedy := fmt.Sprintf("set %s, or keep the key in a file that you alone can read with %s --store file", envAPIKey, s.login)
	if s.missing != "" {
		return none, fmt.Errorf("there is no keyring here (%s): %s", s.missing, remedy)
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() {
			if recover() != nil { // the library's, when the keyring ends in the middle of a question
				answers <- answer{err: errors.New("it broke off")}
			}
		}()
		value, err := question()
		answers <- answer{value, err}
	}()
	limit := time.NewTimer(keyringLimit)
	defer limit.Stop()
	waited := keyringLimit
	for {
		select {
		case a := <-answers:
			if a.err != nil {
				return none, fmt.Errorf("the keyring cannot be used (%s): unlock or start it, %s", api.RedactKeys(api.Clean(a.err.Error())), remedy)
			}
			return a.value, nil
		case <-ctx.Done():
			return none, ctx.Err()
		case <-limit.C:
			if !s.patient || waited == keyringPatient {
				return none, fmt.Errorf("the keyring did not answer within %v; it may wait to be unlocked: unlock it, %s", waited, remedy)
			}
			waited = keyringPatient
			limit.Reset(keyringPatient - keyringLimit)
			_, _ = fmt.Fprintln(s.words, "The keyring has not answered yet: look for a window that asks for its password, or press ctrl+c.")
		}
	}
}
