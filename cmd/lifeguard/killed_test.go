package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// A server that is killed at any moment loses nothing that it has answered,
// and leaves nothing half done. Another one on the same database goes on.
func TestKilledServer(t *testing.T) { killedServers(t, 0, 3) }

// TestSoakKilledServer is the same at the size that is promised.
func TestSoakKilledServer(t *testing.T) {
	killedServers(t, soakSize(t, "FIRST_SEED", 1), soakSize(t, "KILLS", 200))
}

func killedServers(t *testing.T, seed, kills int) {
	for _, engine := range []struct {
		name     string
		replicas int
		database func(t *testing.T) string
	}{
		{"sqlite", 1, newFile},
		{"two on one sqlite file", 2, newFile},
		{"two on postgres", 2, func(t *testing.T) string { return postgrestest.New(t) }},
	} {
		t.Run(engine.name, func(t *testing.T) {
			k := &killing{t: t, folder: t.TempDir(), database: engine.database(t), random: rand.New(rand.NewPCG(uint64(seed), 0))} //nolint:gosec // repeatable
			k.start(engine.replicas)
			for kill := range kills {
				k.killOne(kill % engine.replicas)
			}
			k.finish()
			t.Logf("seed %d, %d kills: %d accounts live, %d were deleted, %d requests were not answered, %d audit events",
				seed, kills, len(k.books.living), len(k.books.deleted), k.books.lost, k.books.chain.Checked)
			if k.books.lost < kills {
				t.Errorf("%d kills left only %d requests without an answer", kills, k.books.lost)
			}
		})
	}
}

func newFile(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "keys.db") }

// killing is servers on one database, of which one after the other is killed.
type killing struct {
	t                *testing.T
	folder, database string
	random           *rand.Rand
	admin            api.Secret
	replicas         []served
	books            *ledger
}

func (k *killing) start(replicas int) {
	k.t.Helper()
	stdout, words, err := runOn(k.t, k.folder, k.database, "init", "--organization", "Acme", "--admin", "ada@example.com")
	if err != nil {
		k.t.Fatalf("init: %v: %s", err, words)
	}
	k.admin = api.NewSecret(strings.TrimSpace(stdout))
	for range replicas {
		k.replicas = append(k.replicas, startServingOn(k.t, k.folder, k.database))
	}
	admin := speakTo(k.t, k.replicas[0].url, k.admin)
	me, err := admin.Me(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	k.books = newLedger(k.t, me.Teams[0].ID)
}

func (k *killing) speak(to int, key api.Secret) *client.Client {
	c, err := client.New(k.replicas[to].url, key)
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

// killOne lets clients work until the victim was killed, starts
// another in its place, and checks what that or the survivor says.
func (k *killing) killOne(victim int) {
	k.t.Helper()
	everywhere := func() (clients []*client.Client) {
		for i := range k.replicas {
			clients = append(clients, k.speak(i, k.admin))
		}
		return clients
	}
	k.books.work(k.random, everywhere, func() { _ = k.replicas[victim].cmd.Process.Kill() })
	_ = k.replicas[victim].cmd.Wait()
	if len(k.replicas) == 1 {
		k.replicas[victim] = startServingOn(k.t, k.folder, k.database)
		k.check(victim, false)
		return
	}
	k.check(1-victim, false)
	k.replicas[victim] = startServingOn(k.t, k.folder, k.database)
}

func (k *killing) check(replica int, thorough bool) {
	k.t.Helper()
	admin := k.speak(replica, k.admin)
	defer admin.Close()
	k.books.check(admin, func(key api.Secret) *client.Client { return k.speak(replica, key) }, thorough)
	if k.t.Failed() {
		k.t.Fatal(k.replicas[replica].stderr)
	}
}

// finish checks everything there is once more, on each server and in the
// database itself.
func (k *killing) finish() {
	k.t.Helper()
	for i, replica := range k.replicas {
		k.check(i, true)
		if err := replica.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			k.t.Error(err)
		}
		if err := replica.cmd.Wait(); err != nil {
			k.t.Errorf("serve: %v: %s", err, replica.stderr)
		}
	}
	if n := halfMade(k.t, k.database); n > 0 {
		k.t.Errorf("%d accounts are half made", n)
	}
	if verdict, complaint, err := runOn(k.t, k.folder, k.database, "audit", "verify"); err != nil {
		k.t.Errorf("the audit log: %v: %s%s", err, verdict, complaint)
	}
}

// soakSize is what the variable LIFEGUARD_SOAK_name says, or else whole. The
// tests of `make soak` are as large as what is promised; each has a small form
// that runs with all the others.
func soakSize(t *testing.T, name string, whole int) int {
	t.Helper()
	if os.Getenv("LIFEGUARD_SOAK") == "" {
		t.Skip("takes minutes: run make soak")
	}
	text := os.Getenv("LIFEGUARD_SOAK_" + name)
	if text == "" {
		return whole
	}
	size, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("LIFEGUARD_SOAK_%s: %v", name, err)
	}
	return size
}
