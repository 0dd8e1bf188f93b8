package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// A pipeline gets a key of its own, and loses it again.
func ExampleClient() {
	ctx := context.Background()
	address, key, stop := startAuthority(ctx)
	defer stop()

	c, err := client.New(address, key)
	if err != nil {
		log.Print(err)
		return
	}
	defer c.Close()

	teams, err := c.Teams(ctx, api.TeamFilter{Name: "developers"}, api.ListOptions{})
	if err != nil || len(teams.Teams) == 0 {
		log.Print("no team developers: ", err)
		return
	}

	// Every retry of one create takes the same Idempotency-Key, so there is one
	// account whatever happens to the answers.
	create := api.CreateServiceAccount{Name: "ci-deploy", TeamID: teams.Teams[0].ID}
	idempotencyKey := client.NewIdempotencyKey()
	created, err := c.CreateServiceAccount(ctx, create, idempotencyKey)
	var failure *api.Error
	for attempt := 1; attempt < 3 && errors.As(err, &failure) && failure.Lost; attempt++ {
		created, err = c.CreateServiceAccount(ctx, create, idempotencyKey)
	}
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println("created", created.ServiceAccount.Name, "with the key", created.APIKey)

	for account, err := range c.AllServiceAccounts(ctx, api.ServiceAccountFilter{Query: "deploy"}) {
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println("found", account.Name, "of team", account.Team.Name)
	}

	if err := c.DeleteServiceAccount(ctx, created.ServiceAccount.ID); err != nil {
		log.Print(err)
		return
	}
	_, err = c.ServiceAccount(ctx, created.ServiceAccount.ID)
	fmt.Println("gone:", errors.Is(err, api.ErrNotFound))

	// Output:
	// created ci-deploy with the key [redacted]
	// found ci-deploy of team developers
	// gone: true
}

// startAuthority serves a new organization on a loopback port. It returns the
// address, its administrator's key, and what ends it.
func startAuthority(ctx context.Context) (address string, key api.Secret, stop func()) {
	folder, err := os.MkdirTemp("", "lifeguard-example-")
	if err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(folder, "lifeguard.db"), sqlstore.Options{Volatile: true})
	if err != nil {
		log.Fatal(err)
	}
	made, err := server.Initialise(ctx, store, server.InitialiseOptions{
		Organization: "Example", AdminEmail: "ada@example.com", Developers: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	authority := server.New(server.Options{Store: store})
	listener := httptest.NewServer(authority.Handler())
	return listener.URL, made.Key, func() {
		listener.Close()
		if err := errors.Join(authority.Close(ctx), store.Close(), os.RemoveAll(folder)); err != nil {
			log.Print(err)
		}
	}
}
