package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// A server that is killed at any moment loses nothing that it has answered,
// and leaves nothing half done.
func TestKilledServer(t *testing.T) { killedServer(t, 0, 5) }

// TestSoakKilledServer is the same at the size that is promised.
func TestSoakKilledServer(t *testing.T) {
	killedServer(t, soakSize(t, "FIRST_SEED", 1), soakSize(t, "KILLS", 200))
}

func killedServer(t *testing.T, seed, kills int) {
	t.Run("sqlite", func(t *testing.T) {
		killAgainAndAgain(t, "sqlite:"+filepath.Join(t.TempDir(), "keys.db"), seed, kills)
	})
	t.Run("postgres", func(t *testing.T) { killAgainAndAgain(t, postgrestest.New(t), seed, kills) })
}

func killAgainAndAgain(t *testing.T, database string, seed, kills int) {
	folder := t.TempDir()
	stdout, words, err := runOn(t, folder, database, "init", "--organization", "Acme", "--admin", "ada@example.com")
	if err != nil {
		t.Fatalf("init: %v: %s", err, words)
	}
	key := api.NewSecret(strings.TrimSpace(stdout))
	random := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // repeatable
	var books *ledger
	for round := range kills + 1 {
		replica := startServingOn(t, folder, database)
		speak := func(key api.Secret) *client.Client {
			c, err := client.New(replica.url, key)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		admin := speak(key)
		if books == nil {
			me, err := admin.Me(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			books = newLedger(t, me.Teams[0].ID)
		}
		books.check(admin, speak, round == kills)
		admin.Close()
		kill := func() { _ = replica.cmd.Process.Kill() }
		if round == kills {
			kill()
		} else {
			books.work(random, func() *client.Client { return speak(key) }, kill)
		}
		_ = replica.cmd.Wait()
		if t.Failed() {
			t.Fatalf("after kill %d: %s", round, replica.stderr)
		}
	}
	if n := halfMade(t, database); n > 0 {
		t.Errorf("%d accounts are half made", n)
	}
	if verdict, complaint, err := runOn(t, folder, database, "audit", "verify"); err != nil {
		t.Errorf("the audit log: %v: %s%s", err, verdict, complaint)
	}
	if books.lost < kills {
		t.Errorf("%d kills left only %d requests without an answer", kills, books.lost)
	}
	t.Logf("seed %d, %d kills: %d accounts live, %d were deleted, %d requests were not answered, %d audit events",
		seed, kills, len(books.living), len(books.deleted), books.lost, books.chain.Checked)
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
