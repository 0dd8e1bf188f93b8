package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// runOn runs a command of the program on a database and returns what it said.
func runOn(t *testing.T, folder, database string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := program(t, folder, append(args, "--database", database)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	return out.String(), complaint.String(), err
}

func speakTo(t *testing.T, url string, key api.Secret) *client.Client {
	t.Helper()
	c, err := client.New(url, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Two servers on one PostgreSQL behave as one, whoever is asked.
func TestReplicas(t *testing.T) {
	const password = "hunter2"
	folder := t.TempDir()
	database := strings.Replace(postgrestest.New(t), "lifeguard@", "lifeguard:"+password+"@", 1)
	stdout, words, err := runOn(t, folder, database, "init", "--organization", "Acme", "--admin", "ada@example.com")
	if err != nil {
		t.Fatalf("init: %v: %s", err, words)
	}
	_, refusal, err := runOn(t, folder, database, "init", "--organization", "Other", "--admin", "eve@example.com")
	if err == nil || !strings.Contains(refusal, "holds an organization already") {
		t.Errorf("a second init: %v, %s", err, refusal)
	}
	replicas := []served{startServingOn(t, folder, database), startServingOn(t, folder, database)}
	key := api.NewSecret(strings.TrimSpace(stdout))
	admins := []*client.Client{speakTo(t, replicas[0].url, key), speakTo(t, replicas[1].url, key)}
	me, err := admins[0].Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	team := me.Teams[0].ID

	for i := range 6 {
		one, other := i%2, 1-i%2
		created, err := admins[one].CreateServiceAccount(t.Context(),
			api.CreateServiceAccount{Name: fmt.Sprintf("bot %d", i), TeamID: team}, client.NewIdempotencyKey())
		if err != nil {
			t.Fatal(err)
		}
		robot := speakTo(t, replicas[other].url, created.APIKey)
		if _, err := robot.Me(t.Context()); err != nil {
			t.Errorf("a new key at the other replica: %v", err)
		}
		if i < 2 {
			continue
		}
		if err := admins[one].DeleteServiceAccount(t.Context(), created.ServiceAccount.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := robot.Me(t.Context()); !errors.Is(err, api.ErrUnauthorized) {
			t.Errorf("a deleted key at the other replica: %v", err)
		}
	}
	atOnce(t, admins, replicas, team)

	for i, replica := range replicas {
		if err := replica.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := replica.cmd.Wait(); err != nil {
			t.Errorf("replica %d: %v: %s", i, err, replica.stderr)
		}
		words += replica.stderr.String()
	}
	verdict, complaint, err := runOn(t, folder, database, "audit", "verify")
	if err != nil {
		t.Errorf("the audit events: %v: %s%s", err, verdict, complaint)
	}
	if said := words + refusal + verdict + complaint; strings.Contains(said, password) {
		t.Errorf("the password was shown: %s", said)
	}
}

// atOnce sends one create to all replicas at the same time, several times. Each
// key that was handed out must be of the one account, and work.
func atOnce(t *testing.T, admins []*client.Client, replicas []served, team string) {
	t.Helper()
	const rounds = 5
	for round := range rounds {
		request := api.CreateServiceAccount{Name: fmt.Sprintf("at once %d", round), TeamID: team}
		idempotencyKey := client.NewIdempotencyKey()
		var lock sync.Mutex
		var made []api.CreatedServiceAccount
		var work sync.WaitGroup
		for _, admin := range admins {
			work.Go(func() {
				created, err := admin.CreateServiceAccount(t.Context(), request, idempotencyKey)
				lock.Lock()
				defer lock.Unlock()
				switch {
				case err == nil:
					made = append(made, created)
				case !errors.Is(err, api.ErrIdempotencyInFlight):
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		work.Wait()
		if len(made) != 1 {
			t.Errorf("round %d: %d keys were handed out, want one, and the other asked to wait", round, len(made))
		}
		for _, created := range made {
			if _, err := speakTo(t, replicas[0].url, created.APIKey).Me(t.Context()); err != nil {
				t.Errorf("round %d: the key does not work: %v", round, err)
			}
		}
	}
	page, err := admins[1].ServiceAccounts(t.Context(), api.ServiceAccountFilter{Query: "at once"}, api.ListOptions{})
	if err != nil || len(page.ServiceAccounts) != rounds {
		t.Errorf("%d accounts, %v; want %d", len(page.ServiceAccounts), err, rounds)
	}
}
