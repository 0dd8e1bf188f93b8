// Package postgrestest gives tests a real PostgreSQL: a temporary cluster for
// each test binary, and a fresh database in it for each test.
//
// The cluster listens on a socket in a temporary folder and on no port. It
// ends, and its folder goes, when the test binary does, however that ends.
package postgrestest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Install is how to install what these tests need.
const Install = "apt-get install postgresql"

// The cluster orders texts by Unicode's rules, as those of most organizations
// do: what must be ordered by bytes has to ask for it. It forgets everything in
// the end, so nothing is forced to the disk.
//
// The script ends when its input does, which is when the test binary is gone.
const script = `
binaries=$1 folder=$2
trap 'rm -rf "$folder"' EXIT
trap '' HUP INT TERM
"$binaries/initdb" --pgdata="$folder/data" --username=lifeguard --auth=trust --encoding=UTF8 --locale=C \
	--locale-provider=icu --icu-locale=und --no-sync >"$folder/log" 2>&1 &&
printf '%s\n' 'fsync = off' 'full_page_writes = off' >>"$folder/data/postgresql.conf" &&
"$binaries/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait start --options="-c listen_addresses='' -c unix_socket_directories='$folder' \
	-c max_connections=200 -c shared_buffers=32MB" >>"$folder/log" 2>&1 ||
{ cat "$folder/log"; exit 1; }
echo ready
cat >/dev/null
"$binaries/pg_ctl" --pgdata="$folder/data" --mode=immediate stop >/dev/null 2>&1
`

// ready is what the script says when the server takes connections.
const ready = "ready\n"

var errMissing = errors.New("PostgreSQL is not installed")

// running is the cluster of this test binary.
type running struct {
	folder string
	// input is the script's: the cluster lives as long as it is open.
	input io.WriteCloser
}

var cluster = sync.OnceValues(start)

func start() (*running, error) {
	binaries, err := find()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "postgres")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(context.Background(), "sh", "-c", script, "sh", binaries, folder)
	command.Dir = folder
	if os.Getuid() == 0 { // as whom PostgreSQL refuses to run
		someone, err := unprivileged()
		if err != nil {
			return nil, err
		}
		if err := os.Chown(folder, int(someone.Uid), int(someone.Gid)); err != nil {
			return nil, err
		}
		command.SysProcAttr = &syscall.SysProcAttr{Credential: someone}
	}
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(output)
	line, err := lines.ReadString('\n')
	if line == ready {
		return &running{folder: folder, input: input}, nil
	}
	rest, _ := io.ReadAll(lines)
	return nil, errors.Join(fmt.Errorf("the cluster did not start: %s%s", line, rest), err, command.Wait())
}

// find returns the folder of the newest version's programs. Debian keeps them
// out of PATH.
func find() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err != nil {
			return 0
		}
		return number
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", errMissing
	}
	return filepath.Dir(path), nil
}

func unprivileged() (*syscall.Credential, error) {
	someone, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(someone.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(someone.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

var databases atomic.Int64

// New makes an empty database and returns its name, as postgres://…. It is
// dropped when the test is over. Where PostgreSQL is not installed the test is
// skipped, or fails when CI=true.
func New(t testing.TB) string {
	t.Helper()
	return Make(t, "ENCODING 'UTF8'")
}

// Make is [New] with the options of CREATE DATABASE.
func Make(t testing.TB, options string) string {
	t.Helper()
	cluster, err := cluster()
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		t.Skipf("%v; install it with: %s", err, Install)
	}
	if err != nil {
		t.Fatalf("%v; it is installed with: %s", err, Install)
	}
	runtime.KeepAlive(cluster.input) // a pipe that nobody refers to is closed
	name := fmt.Sprintf("test_%d", databases.Add(1))
	admin := Connect(t, dsn(cluster.folder, "postgres"))
	if _, err := admin.ExecContext(t.Context(), `CREATE DATABASE `+name+` TEMPLATE template0 `+options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return dsn(cluster.folder, name)
}

// Connect opens a database beside the store under test. It is closed with the
// test.
func Connect(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Durable has the cluster force every commit to the disk from now on, as a
// measurement wants it.
func Durable(t testing.TB, dsn string) {
	t.Helper()
	db := Connect(t, dsn)
	for _, statement := range []string{
		`ALTER SYSTEM SET fsync = on`, `ALTER SYSTEM SET full_page_writes = on`, `SELECT pg_reload_conf()`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for {
		var setting string
		// A new connection has what was loaded again.
		if err := Connect(t, dsn).QueryRowContext(t.Context(), `SHOW fsync`).Scan(&setting); err != nil {
			t.Fatal(err)
		}
		if setting == "on" {
			return
		}
	}
}

func dsn(folder, database string) string {
	options := url.Values{"host": {folder}}
	return "postgres://lifeguard@/" + database + "?" + strings.ReplaceAll(options.Encode(), "+", "%20")
}
