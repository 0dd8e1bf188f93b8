package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

// childVariable makes the test binary one of the children below instead.
const childVariable = "SQLSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "create":
		err = createForever()
	case "open":
		err = openOnce()
	case "report":
		err = openAndReport(os.Args[1])
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is this test binary as another process.
func child(t *testing.T, binary, role string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = append(os.Environ(), childVariable+"="+role)
	return command
}

// background is the context of a child, which ends by being killed.
var background = context.Background()

// openAndReport tries to open a database and says why it could not.
func openAndReport(path string) error {
	store, err := sqlstore.Open(background, "sqlite:"+path, impatient)
	var failure *sqlstore.FileError
	switch {
	case err == nil:
		return store.Close()
	case errors.As(err, &failure):
		_, err = fmt.Printf("%d %s\n", failure.Reason, failure) //nolint:forbidigo // the child's answer
	}
	return err
}

// createForever makes service accounts one after the other, and says each on
// standard output as soon as it is acknowledged.
func createForever() error {
	ctx := background
	store, err := sqlstore.Open(ctx, "sqlite:"+os.Args[1], sqlstore.Options{})
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	for i := first; ; i++ {
		if err := create(ctx, store, api.Team{ID: os.Args[2]}, i); err != nil {
			return err
		}
		if _, err := fmt.Println(i); err != nil { //nolint:forbidigo // the child's answer
			return err
		}
	}
}

// openOnce opens a database as soon as standard input ends.
func openOnce() error {
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return err
	}
	ctx := background
	store, err := sqlstore.Open(ctx, "sqlite:"+os.Args[1], sqlstore.Options{})
	if err != nil {
		return err
	}
	if _, err := store.Organization(ctx); !errors.Is(err, server.ErrNotInitialised) {
		return fmt.Errorf("a fresh database: %w", err)
	}
	return store.Close()
}

// chain checks all events of a database and that there are so many of them.
func chain(t *testing.T, path string, want int) {
	t.Helper()
	all := events(t, path)
	storetest.Chain(t, all)
	if len(all) != want {
		t.Errorf("%d audit events, want %d", len(all), want)
	}
}

func TestKilled(t *testing.T) {
	const kills = 20
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
	next := 0
	for range kills {
		command := child(t, os.Args[0], "create", path, team.ID, strconv.Itoa(next))
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines, acknowledged := bufio.NewScanner(output), next-1
		note := func() {
			if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		for range 1 + random.IntN(6) {
			if !lines.Scan() {
				t.Fatalf("the child ended by itself: %v", command.Wait())
			}
			note()
		}
		// The point within the next create at which it dies is what varies here;
		// nothing waits for it.
		<-time.After(time.Duration(random.IntN(2000)) * time.Microsecond)
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died
			note()
		}
		if err := command.Wait(); err == nil {
			t.Fatal("the child was not killed")
		}
		next = survived(t, path, acknowledged)
	}
}

// survived checks what a killed process left, and returns the number of the
// next service account.
func survived(t *testing.T, path string, acknowledged int) int {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+path, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 10_000}})
	if err != nil {
		t.Fatal(err)
	}
	// One create may have been kept whose answer was lost.
	if n := len(page.ServiceAccounts); n != acknowledged+1 && n != acknowledged+2 {
		t.Fatalf("%d service accounts are there, %d were acknowledged", n, acknowledged+1)
	}
	for i, account := range page.ServiceAccounts {
		want := fmt.Sprintf("bot-%06d", i)
		identity, err := store.IdentityByKey(t.Context(), api.HashKey(want))
		if account.Name != want || err != nil || identity.ID != account.ID || len(identity.Teams) != 1 {
			t.Fatalf("%s: %+v, its key belongs to %+v, %v", want, account, identity, err)
		}
	}
	chain(t, path, len(page.ServiceAccounts)+1)
	return len(page.ServiceAccounts)
}

func TestProcessesOpenAFreshFile(t *testing.T) {
	for round := range 3 {
		path := filepath.Join(t.TempDir(), "folder", "organization.db")
		var children []*exec.Cmd
		var starts []io.Closer
		var outputs []*strings.Builder
		for range 3 {
			command, output := child(t, os.Args[0], "open", path), &strings.Builder{}
			command.Stdout, command.Stderr = output, output
			start, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			children, starts, outputs = append(children, command), append(starts, start), append(outputs, output)
		}
		for _, start := range starts {
			if err := start.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for i, command := range children {
			if err := command.Wait(); err != nil {
				t.Errorf("round %d: %v: %s", round, err, outputs[i])
			}
		}
		initialise(t, open(t, path, sqlstore.Options{}))
	}
}

func TestStoresOpenAFreshFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "organization.db")
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			store, err := sqlstore.Open(t.Context(), "sqlite:"+path, sqlstore.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	initialise(t, open(t, path, sqlstore.Options{}))
}

func TestTwoStoresOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	first, second := open(t, path, sqlstore.Options{}), open(t, path, sqlstore.Options{})
	team := initialise(t, first)
	storetest.ConcurrentCreates(t, team, first, second)
	chain(t, path, 31)
	// What one has deleted is gone for the other.
	key := api.HashKey("bot-000001")
	if err := create(t.Context(), first, team, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := second.IdentityByKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	err := first.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
		return server.Event{ID: "d"}, tx.DeleteServiceAccount(t.Context(), "bot-000001", storetest.Epoch)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.IdentityByKey(t.Context(), key); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("a deleted key: %v, want ErrNotFound", err)
	}
}
