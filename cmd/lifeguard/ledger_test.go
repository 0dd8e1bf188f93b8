package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server"
)

// kept is a service account whose key a client holds.
type kept struct {
	id, name string
	key      api.Secret
}

// attempt is a create that was not answered.
type attempt struct{ name, idempotencyKey string }

// ledger is what clients were told, and what they were not told. What was
// acknowledged must be true of the server for ever.
type ledger struct {
	t    *testing.T
	team string

	mu       sync.Mutex
	named    int
	living   map[string]kept // by id
	deleted  map[string]kept
	fresh    []string // ids of what changed since the last check
	creating []attempt
	deleting []kept
	lost     int // requests that were not answered

	chain            api.ChainVerifier
	created, removed map[string]bool // ids in the audit log
}

func newLedger(t *testing.T, team string) *ledger {
	return &ledger{
		t: t, team: team, living: map[string]kept{}, deleted: map[string]kept{},
		created: map[string]bool{}, removed: map[string]bool{},
	}
}

// create makes an account and says whether that was answered.
func (l *ledger) create(c *client.Client) bool {
	l.mu.Lock()
	l.named++
	asked := attempt{fmt.Sprintf("bot %06d", l.named), client.NewIdempotencyKey()}
	l.mu.Unlock()
	return l.try(c, asked)
}

func (l *ledger) try(c *client.Client, asked attempt) bool {
	created, err := c.CreateServiceAccount(background, api.CreateServiceAccount{Name: asked.name, TeamID: l.team}, asked.idempotencyKey)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		if refused(err) && !errors.Is(err, api.ErrIdempotencyInFlight) {
			l.t.Errorf("create %s: %v", asked.name, err)
		}
		l.creating = append(l.creating, asked)
		l.lost++
		return false
	}
	l.living[created.ServiceAccount.ID] = kept{created.ServiceAccount.ID, created.ServiceAccount.Name, created.APIKey}
	l.fresh = append(l.fresh, created.ServiceAccount.ID)
	return true
}

// remove deletes one of the accounts, which nobody else does then.
func (l *ledger) remove(c *client.Client) bool {
	l.mu.Lock()
	var account kept
	for id := range l.living { // any one
		account = l.living[id]
		delete(l.living, id)
		break
	}
	l.mu.Unlock()
	if account.id == "" {
		return l.create(c)
	}
	err := c.DeleteServiceAccount(background, account.id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		if refused(err) {
			l.t.Errorf("delete %s: %v", account.name, err)
		}
		l.deleting = append(l.deleting, account)
		l.lost++
		return false
	}
	l.deleted[account.id] = account
	l.fresh = append(l.fresh, account.id)
	return true
}

// background is the context of requests that end with the server.
var background = context.Background()

func refused(err error) bool {
	var failure *api.Error
	return errors.As(err, &failure) && failure.Kind == api.KindRefused
}

// check compares the server with the ledger, and settles what was not answered:
// a deletion has happened or not, a create is repeated until it has.
func (l *ledger) check(admin *client.Client, speak func(api.Secret) *client.Client, thorough bool) {
	l.t.Helper()
	// On PostgreSQL the killed server's last commit may still be on its way.
	// A write that is acknowledged comes after it.
	if !l.create(admin) {
		l.t.Fatal("a create on the new server was not answered")
	}
	listed := map[string]api.ServiceAccount{}
	for account, err := range admin.AllServiceAccounts(background, api.ServiceAccountFilter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		listed[account.ID] = account
	}
	for _, account := range l.deleting {
		if _, ok := listed[account.id]; ok {
			l.living[account.id] = account
		} else {
			l.deleted[account.id] = account
		}
		l.fresh = append(l.fresh, account.id)
	}
	l.deleting = nil
	l.compare(listed)
	l.audit(admin, listed)
	l.verify(speak, thorough)
	asked := l.creating
	l.creating = nil
	for _, attempt := range asked {
		l.try(admin, attempt)
	}
}

// compare holds the list of accounts against the ledger.
func (l *ledger) compare(listed map[string]api.ServiceAccount) {
	l.t.Helper()
	for id, account := range l.living {
		if got, ok := listed[id]; !ok || got.Name != account.name || got.Team.ID != l.team || got.Key.Hint == "" {
			l.t.Errorf("the acknowledged account %s is %+v", account.name, got)
		}
	}
	names := map[string]bool{}
	for id, account := range listed {
		_, known := l.living[id]
		if !known && !slices.ContainsFunc(l.creating, func(a attempt) bool { return a.name == account.Name }) {
			l.t.Errorf("nobody asked for the account %s, or it was deleted", account.Name)
		}
		if names[account.Name] {
			l.t.Errorf("there are two accounts %s", account.Name)
		}
		names[account.Name] = true
	}
}

// audit reads on in the audit log: it is whole, and has the changes that are
// there and no others.
func (l *ledger) audit(admin *client.Client, listed map[string]api.ServiceAccount) {
	l.t.Helper()
	for {
		events, err := admin.AuditChain(background, l.chain.Sequence)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, event := range events {
			if fault := l.chain.Check(event); fault != "" {
				l.t.Error(fault)
			}
			switch event.Action {
			case server.ActionServiceAccountCreate:
				l.created[event.Resource.ID] = true
			case server.ActionServiceAccountDelete:
				l.removed[event.Resource.ID] = true
			}
		}
	}
	for id := range l.created {
		if _, ok := listed[id]; ok == l.removed[id] {
			l.t.Errorf("account %s is listed: %t, and its deletion is in the audit log: %t", id, ok, l.removed[id])
		}
	}
	for id := range listed {
		if !l.created[id] {
			l.t.Errorf("account %s has no event", id)
		}
	}
}

// verify uses the keys: all of them, or those that are new and some others.
func (l *ledger) verify(speak func(api.Secret) *client.Client, thorough bool) {
	l.t.Helper()
	ids := l.fresh
	const others = 5
	for _, all := range []map[string]kept{l.living, l.deleted} {
		more := slices.Collect(maps.Keys(all)) // in no order
		if !thorough {
			more = more[:min(others, len(more))]
		}
		ids = append(ids, more...)
	}
	l.fresh = nil
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		account, lives := l.living[id]
		if !lives {
			account = l.deleted[id]
		}
		c := speak(account.key)
		me, err := c.Me(background)
		for errors.Is(err, api.ErrRateLimited) { // so many deleted keys from one address
			<-time.After(time.Second)
			me, err = c.Me(background)
		}
		c.Close()
		switch {
		case lives && (err != nil || me.ID != id || len(me.Teams) != 1 || me.Teams[0].ID != l.team):
			l.t.Errorf("the acknowledged key of %s: %+v, %v", account.name, me, err)
		case !lives && !errors.Is(err, api.ErrUnauthorized):
			l.t.Errorf("the key of %s, whose deletion was acknowledged: %+v, %v", account.name, me, err)
		}
	}
}

// work has clients create and delete, each on all servers in turn, until one is
// killed, at a random moment after a number of answers.
func (l *ledger) work(random *rand.Rand, speak func() []*client.Client, kill func()) {
	const clients = 6
	answers := make(chan struct{})
	var done sync.WaitGroup
	for range clients {
		choice := rand.New(rand.NewPCG(random.Uint64(), 0)) //nolint:gosec // repeatable
		done.Go(func() {
			servers := speak()
			for i := 0; ; i++ {
				act := l.create
				if choice.IntN(100) < 46 {
					act = l.remove
				}
				if !act(servers[i%len(servers)]) {
					break
				}
				answers <- struct{}{}
			}
			for _, c := range servers {
				c.Close()
			}
		})
	}
	finished := make(chan struct{})
	go func() { done.Wait(); close(finished) }()
	left := 1 + random.IntN(40)
	var dying <-chan time.Time
	for {
		select {
		case <-answers:
			if left--; left == 0 {
				// The point within the next request at which it dies is what varies.
				dying = time.After(time.Duration(random.IntN(3000)) * time.Microsecond)
			}
		case <-dying:
			kill()
		case <-finished:
			return
		}
	}
}

// halfMade counts accounts without their one key or their membership, and keys
// that outlive their account, in the database itself.
func halfMade(t *testing.T, database string) (count int) {
	t.Helper()
	driver, name := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		driver, name = "sqlite", path
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const query = `SELECT
		(SELECT count(*) FROM service_accounts a WHERE a.deleted_at IS NULL AND
			(SELECT count(*) FROM keys k WHERE k.service_account_id = a.id AND k.deleted_at IS NULL) <> 1) +
		(SELECT count(*) FROM service_accounts a WHERE NOT EXISTS
			(SELECT 1 FROM memberships m WHERE m.identity_id = a.id AND m.team_id = a.team_id)) +
		(SELECT count(*) FROM service_accounts a JOIN keys k ON k.service_account_id = a.id
			WHERE a.deleted_at IS NOT NULL AND k.deleted_at IS NULL)`
	if err := db.QueryRowContext(t.Context(), query).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}
