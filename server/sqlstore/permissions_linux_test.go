package sqlstore_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// nobody is a user whom mode bits bind: they do not bind root.
const nobody = 65534

// openAsNobody opens a database as a user who is not root, in another process,
// and returns the reason of the failure with its sentence.
func openAsNobody(t *testing.T, binary, path string) (sqlstore.Reason, string) {
	t.Helper()
	command := child(t, binary, "report", path)
	command.Dir = "/"
	if os.Getuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var complaint strings.Builder
	command.Stderr = &complaint
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	number, sentence, _ := strings.Cut(strings.TrimSpace(string(output)), " ")
	reason, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("the database was opened: %q", output)
	}
	return sqlstore.Reason(reason), sentence
}

// place makes a folder that nobody can reach, with a copy of this test binary.
func place(t *testing.T) (folder, binary string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "sqlstore")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(folder, "sqlstore.test")
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, from.Close(), to.Close()); err != nil {
		t.Fatal(err)
	}
	return folder, binary
}

func TestPermissions(t *testing.T) {
	folder, binary := place(t)
	for what, c := range map[string]struct {
		file, folder os.FileMode
		fresh        bool // there is no file yet
		want         sqlstore.Reason
	}{
		"a file that may not be read":         {0o000, 0o777, false, sqlstore.ReasonUnreadable},
		"a file that may not be written":      {0o444, 0o777, false, sqlstore.ReasonReadOnly},
		"a folder that may not be entered":    {0o666, 0o000, false, sqlstore.ReasonUnreadable},
		"a folder that may not be written":    {0o666, 0o555, false, sqlstore.ReasonReadOnly},
		"a new file in a read-only folder":    {0, 0o555, true, sqlstore.ReasonReadOnly},
		"a new file in an unenterable folder": {0, 0o000, true, sqlstore.ReasonUnreadable},
	} {
		t.Run(what, func(t *testing.T) {
			home, err := os.MkdirTemp(folder, "home")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(home, "organization.db")
			if !c.fresh {
				store := open(t, path, sqlstore.Options{})
				initialise(t, store)
				if err := errors.Join(store.Close(), os.Chmod(path, c.file)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(home, c.folder); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(home, 0o700) })
			reason, sentence := openAsNobody(t, binary, path)
			if reason != c.want || !strings.Contains(sentence, path) {
				t.Errorf("reason %d, want %d: %s", reason, c.want, sentence)
			}
			t.Log(sentence)
		})
	}
}

// A disk that is really full, not only a limit of the database's own.
func TestFullFileSystem(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=600k"); err != nil {
		t.Skipf("a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(folder, "organization.db")
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	before := fill(t, store, team, func(err error) {
		var failure *sqlstore.FileError
		if !errors.As(err, &failure) || failure.Reason != sqlstore.ReasonFull {
			t.Fatalf("%v (%v), want that the disk is full", err, errors.Unwrap(err))
		}
	})
	chain(t, path, before+1)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	ballast, err := os.Create(filepath.Join(folder, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ballast.Write(make([]byte, 512))
	}
	if err := ballast.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(folder, "another.db"), impatient)
	var failure *sqlstore.FileError
	if !errors.As(err, &failure) || failure.Reason != sqlstore.ReasonFull {
		t.Errorf("a new database on a full disk: %v (%v)", err, errors.Unwrap(err))
	}
	_, err = sqlstore.Open(t.Context(), "sqlite:"+path, impatient)
	if err != nil && (!errors.As(err, &failure) || failure.Reason != sqlstore.ReasonFull) {
		t.Errorf("an old database on a full disk: %v (%v)", err, errors.Unwrap(err))
	}
}
