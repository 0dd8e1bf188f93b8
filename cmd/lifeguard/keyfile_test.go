package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lifeguard-keys/lifeguard/api"
)

func newKeyFile(t *testing.T) keyFile {
	t.Helper()
	return keyFile{path: filepath.Join(t.TempDir(), "developer-key"), clock: time.Now}
}

func mintKey(t *testing.T) api.Secret {
	t.Helper()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeyFileIsWrittenOnceForItsOwnerOnly(t *testing.T) {
	file, first, second := newKeyFile(t), mintKey(t), mintKey(t)
	if _, err := file.read(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("reading no file: %v, want fs.ErrNotExist", err)
	}
	for _, key := range []api.Secret{first, second} {
		kept, err := file.offer(key)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Reveal() != first.Reveal() {
			t.Fatal("a later offer replaced the key")
		}
	}
	info, err := os.Stat(file.path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %v, want 0600", mode)
	}
	entries, err := os.ReadDir(filepath.Dir(file.path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the key file alone", entries, err)
	}
}

// However many consoles start at once, all work with the same key.
func TestKeyFileAgreesOnOneKey(t *testing.T) {
	file := newKeyFile(t)
	kept := make([]string, 16)
	var group errgroup.Group
	for i := range kept {
		key := mintKey(t)
		group.Go(func() error {
			secret, err := file.offer(key)
			kept[i] = secret.Reveal()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, text := range kept {
		if text != kept[0] {
			t.Fatal("two consoles hold different keys")
		}
	}
}

func TestKeyFileRefuses(t *testing.T) {
	key := mintKey(t).Reveal()
	tests := []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"open to the group", key + "\n", 0o640, "chmod 600"},
		{"open to all", key + "\n", 0o604, "chmod 600"},
		{"empty", "", 0o600, "damaged"},
		{"cut off", key[:20], 0o600, "damaged"},
		{"changed", key[:len(key)-1] + "!", 0o600, "damaged"},
		{"two keys", key + "\n" + key + "\n", 0o600, "damaged"},
		{"something else", strings.Repeat("\x00\x1b[2J", 1000), 0o600, "damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := newKeyFile(t)
			if err := os.WriteFile(file.path, []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := file.read()
			if err == nil {
				t.Fatal("the file was accepted")
			}
			text := err.Error()
			if !strings.Contains(text, test.want) || !strings.Contains(text, file.path) {
				t.Errorf("error %q does not say %q and the path", text, test.want)
			}
			if strings.Contains(text, key[3:12]) || strings.ContainsAny(text, "\n\x1b") {
				t.Error("the error shows what is in the file")
			}
		})
	}
}

func TestKeyFileSweepsWhatKilledConsolesLeft(t *testing.T) {
	file := newKeyFile(t)
	leftover := filepath.Join(filepath.Dir(file.path), unfinishedKeyFile+"1")
	if err := os.WriteFile(leftover, []byte("ps-"), 0o600); err != nil {
		t.Fatal(err)
	}
	file.sweep()
	if _, err := os.Stat(leftover); err != nil {
		t.Fatalf("a file that may still be written was removed: %v", err)
	}
	file.clock = func() time.Time { return time.Now().Add(2 * time.Minute) }
	file.sweep()
	if _, err := os.Stat(leftover); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
}
