package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// signsIn reports who a key that a command handed over belongs to.
func (s orgServer) signsIn(text string) (api.Caller, error) {
	s.t.Helper()
	c, err := client.New(s.url, api.NewSecret(strings.TrimSpace(text)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return c.Me(s.t.Context())
}

// A user from the command line: made, given a key, suspended, deleted.
func TestAUserFromTheCommandLine(t *testing.T) {
	s := startOrgServer(t)
	id, _ := s.run(exitDone, "user", "create", "--email", "eve@example.com", "--name", "Eve", "--team", "administrators")
	if err := uuid.Validate(strings.TrimSpace(id)); err != nil {
		t.Errorf("the id %q: %v", id, err)
	}
	list, _ := s.run(exitDone, "user", "list")
	if want := "eve@example.com\tcreated\tEve\t" + id; !strings.HasPrefix(list, "ada@example.com\tactive\tada\t") || !strings.HasSuffix(list, want) {
		t.Errorf("the list is %q", list)
	}
	if list, _ := s.run(exitDone, "user", "list", "--jsonl"); strings.Count(list, "\n") != 2 || !strings.Contains(list, `"email":"eve@example.com"`) {
		t.Errorf("as JSON: %s", list)
	}

	key, words := s.run(exitDone, "user", "key", "--email", "EVE@example.com")
	if strings.Count(key, "\n") != 1 || strings.Contains(words, strings.TrimSpace(key)) || !strings.HasPrefix(words, "The line on standard output is a developer key of eve@example.com") {
		t.Errorf("the words are %q", words)
	}
	if me, err := s.signsIn(key); err != nil || me.ID != strings.TrimSpace(id) {
		t.Errorf("the key is of %+v, %v", me, err)
	}

	_, said := s.run(exitDone, "user", "suspend", "--email", "eve@example.com")
	if _, err := s.signsIn(key); said != "eve@example.com is suspended.\n" || !errors.Is(err, api.ErrUnauthorized) {
		t.Errorf("%s%v", said, err)
	}
	_, said = s.run(exitFailed, "user", "key", "--email", "eve@example.com")
	if !strings.HasPrefix(said, "lifeguard: This user is suspended") {
		t.Error(said)
	}
	s.run(exitDone, "user", "unsuspend", "--email", "eve@example.com")
	if _, err := s.signsIn(key); err != nil {
		t.Error(err)
	}

	_, said = s.run(exitFailed, "user", "delete", "--email", "eve@example.com")
	if said != "lifeguard: nothing was changed: there is nobody to ask here, so say --yes\n" {
		t.Error(said)
	}
	s.run(exitDone, "user", "delete", "--email", "eve@example.com", "--yes")
	if _, err := s.signsIn(key); !errors.Is(err, api.ErrUnauthorized) {
		t.Errorf("signed in with the key of a user who was deleted: %v", err)
	}
	if list, _ := s.run(exitDone, "user", "list", "--deleted"); !strings.HasPrefix(list, "eve@example.com\tdeleted\t") {
		t.Error(list)
	}
	_, said = s.run(exitFailed, "user", "delete", "--email", "ada@example.com", "--yes")
	if !strings.Contains(said, "without an active user whose team has the role tenant-admin") {
		t.Error(said)
	}
	for _, args := range [][]string{{"user", "key"}, {"user", "suspend"}, {"user", "delete"}, {"user", "create"}} {
		if _, said := s.run(exitFailed, args...); !strings.HasPrefix(said, "lifeguard: missing: --email; see lifeguard user ") {
			t.Error(said)
		}
	}
	if _, said := s.run(exitFailed, "user", "key", "--email", "eve@example.com"); !strings.Contains(said, "has no user with the email eve@example.com: lifeguard user list shows") {
		t.Error(said)
	}
	if _, said := s.run(exitFailed, "user", "create", "--email", "x@example.com", "--team", "nowhere"); !strings.Contains(said, `has no team "nowhere"`) {
		t.Error(said)
	}
}

// A key goes into a file of its own, never over another; repeated, it is the
// same key with a fresh text.
func TestAUsersKeyGoesIntoAFile(t *testing.T) {
	s := startOrgServer(t)
	s.run(exitDone, "user", "create", "--email", "eve@example.com")
	idempotencyKey := client.NewIdempotencyKey()
	create := func(code int, file string) (stdout, stderr string) {
		t.Helper()
		return s.run(code, "user", "key", "--email", "eve@example.com", "--key-file", file, "--idempotency-key", idempotencyKey)
	}
	stdout, words := create(exitDone, "eve.key")
	first := s.read("eve.key")
	if stdout != "" || !strings.HasPrefix(words, "In eve.key is a developer key of eve@example.com") || strings.Contains(words, strings.TrimSpace(first)) {
		t.Errorf("%q and %q", stdout, words)
	}
	if info, err := os.Stat(filepath.Join(s.folder, "eve.key")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	_, words = create(exitFailed, "eve.key")
	if !strings.Contains(words, "nothing was made: there is a file eve.key already") || s.read("eve.key") != first {
		t.Error(words)
	}
	// The file was lost on the way: the key in it is worth nothing any more.
	create(exitDone, "again.key")
	if _, err := s.signsIn(first); !errors.Is(err, api.ErrUnauthorized) {
		t.Errorf("signed in with the first: %v", err)
	}
	if _, err := s.signsIn(s.read("again.key")); err != nil {
		t.Error(err)
	}
	_, words = create(exitFailed, "third.key")
	if !strings.Contains(words, "already in use") {
		t.Error(words)
	}
	_, words = s.run(exitFailed, "user", "key", "--email", "eve@example.com", "--key-file", "nowhere/eve.key")
	if !strings.Contains(words, "nothing was made: the file nowhere/eve.key cannot be written: no such file or directory; name another one") {
		t.Error(words)
	}
}

func (s orgServer) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}
