package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// loadAccounts is how many service accounts BenchmarkLoad reads.
const loadAccounts = 100_000

// loadedServer serves a sample organization on a port of this machine.
func loadedServer(b *testing.B, accounts int) (address string, key api.Secret) {
	b.Helper()
	store, err := sqlstore.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "load.db"), sqlstore.Options{Volatile: true})
	if err != nil {
		b.Fatal(err)
	}
	organization, err := sample.New(1, time.Now(), accounts)
	if err != nil {
		b.Fatal(err)
	}
	key, err = sample.Load(b.Context(), store, organization, sample.Admin{Name: "Ada", Email: "ada@example.com"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	authority := startAuthority(store, listener, nil, drainEmbedded, slog.New(slog.DiscardHandler))
	b.Cleanup(func() {
		if err := authority.Close(); err != nil {
			b.Error(err)
		}
	})
	return "http://" + listener.Addr().String(), key
}

// plainLoad reads all pages of 300 one after another with encoding/json.
func plainLoad(b *testing.B, address string, key api.Secret) []api.ServiceAccount {
	b.Helper()
	var all []api.ServiceAccount
	for next := api.PathServiceAccounts + "?page_size=300"; next != ""; {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address+next, nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key.Reveal())
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		var list api.ServiceAccountList
		err = json.NewDecoder(response.Body).Decode(&list)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			b.Fatal(response.Status, err)
		}
		all = append(all, list.ServiceAccounts...)
		next = list.Links.Next
	}
	return all
}

func BenchmarkLoad(b *testing.B) {
	address, key := loadedServer(b, loadAccounts)
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if n := len(plainLoad(b, address, key)); n != loadAccounts {
				b.Fatal(n)
			}
		}
	})
	b.Run("client", func(b *testing.B) {
		c := dialBench(b, address, key)
		for b.Loop() {
			n := 0
			for page, err := range c.ServiceAccountPages(b.Context(), api.ServiceAccountFilter{}) {
				if err != nil {
					b.Fatal(err)
				}
				n += len(page.ServiceAccounts)
			}
			if n != loadAccounts {
				b.Fatal(n)
			}
		}
	})
}

func dialBench(b *testing.B, address string, key api.Secret) *client.Client {
	b.Helper()
	c, err := client.New(address, key)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}
