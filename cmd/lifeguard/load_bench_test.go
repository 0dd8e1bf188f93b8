package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
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

// BenchmarkLoad compares two ways to have 100,000 accounts of a server on this
// machine: reading all pages one after another with encoding/json, and opening a
// console until all of them can be searched. They take turns, so that both meet
// the same machine.
func BenchmarkLoad(b *testing.B) {
	address, key := loadedServer(b, loadAccounts)
	c := dialBench(b, address, key)
	var plain, console, first time.Duration
	for b.Loop() {
		begin := time.Now()
		if n := len(plainLoad(b, address, key)); n != loadAccounts {
			b.Fatal(n)
		}
		plain += time.Since(begin)
		f, all := consoleLoad(b, c)
		first, console = first+f, console+all
	}
	n := float64(b.N)
	b.ReportMetric(plain.Seconds()*1000/n, "ms-plain")
	b.ReportMetric(console.Seconds()*1000/n, "ms-console")
	b.ReportMetric(first.Seconds()*1000/n, "ms-first-rows")
	b.ReportMetric(console.Seconds()/plain.Seconds(), "console/plain")
}

// consoleLoad opens a console and returns how long it took until there were rows
// on the screen, and until all accounts could be searched.
func consoleLoad(b *testing.B, c *client.Client) (first, all time.Duration) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	begin := time.Now()
	messages := make(chan tea.Msg, 1024)
	run := func(cmd tea.Cmd) {
		if cmd != nil {
			go func() {
				select {
				case messages <- cmd():
				case <-ctx.Done():
				}
			}()
		}
	}
	var m tea.Model = tui.New(tui.Options{
		Context: ctx, Client: c, ContextName: "bench", Clock: time.Now,
		Clipboard: clipboard.New(clipboard.Auto, func(string) string { return "" }, nil), NewIdempotencyKey: client.NewIdempotencyKey,
	})
	m, _ = m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	run(m.Init())
	for deadline := time.After(time.Minute); ; {
		select {
		case msg := <-messages:
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, cmd := range batch {
					run(cmd)
				}
				continue
			}
			var cmd tea.Cmd
			m, cmd = m.Update(msg)
			run(cmd)
		case <-deadline:
			b.Fatalf("the accounts do not come:\n%s", m.View().Content)
		}
		content := m.View().Content
		if first == 0 && strings.Contains(content, "ps-") {
			first = time.Since(begin)
		}
		if strings.Contains(content, "100,000 keys") {
			return first, time.Since(begin)
		}
	}
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
