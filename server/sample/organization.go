// Package sample makes organizations that look real, for trying the console
// and for measuring: the same one every time for the same seed and moment.
// Nobody holds the keys of their service accounts: only hashes are made up.
package sample

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// MaxAccounts is the largest organization that can be made.
const MaxAccounts = 1_000_000

// Organization is a made-up organization.
type Organization struct {
	Name  string
	Roles []api.Role // without the system roles
	Teams []api.Team // without administrators and developers
	Users []Member   // the teams of each by name

	seed     uint64
	now      time.Time
	accounts int
}

// Member is a user and the names of that user's teams.
type Member struct {
	server.User
	Teams []string
}

// New makes an organization with a number of service accounts, from 0 to
// [MaxAccounts]. It has twelve teams, of which administrators and developers
// come with [Load]. Everything in it happened before now.
func New(seed uint64, now time.Time, accounts int) (*Organization, error) {
	if accounts < 0 || accounts > MaxAccounts {
		return nil, fmt.Errorf("a sample organization has from 0 to %d service accounts", MaxAccounts)
	}
	o := &Organization{Name: "Northwind Rescue", seed: seed, now: now.UTC().Truncate(time.Microsecond), accounts: accounts}
	founded := o.now.AddDate(-4, 0, 0)
	random := o.random(1)
	o.Roles, o.Teams = rolesAndTeams(random, founded)
	o.Users = users(random, founded, o.now)
	return o, nil
}

// random returns a stream of its own for each part, so that one part does not
// change with another.
func (o *Organization) random(part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(o.seed, part)) //nolint:gosec // sample data must be repeatable
}

// newID makes a UUID of version 7 for a moment. Its random part is a count, so
// that ids of one moment ascend, and a few bits from the stream.
func newID(random *rand.Rand, at time.Time, count int) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[0:8], uint64(at.UnixMilli())<<16|0x7000|uint64(count>>20)&0xfff)
	binary.BigEndian.PutUint64(id[8:16], 0x8000<<48|uint64(count&0xfffff)<<42|random.Uint64()>>22)
	return id.String()
}

// creator is a user who was there at that moment: also one who has left since,
// whose accounts work on. The first user always was.
func (o *Organization) creator(random *rand.Rand, at time.Time) *Member {
	for {
		user := &o.Users[random.IntN(len(o.Users))]
		left := user.Status != server.UserActive && user.UpdatedAt.Before(at)
		if !left && user.Status != server.UserCreated && !user.CreatedAt.After(at) {
			return user
		}
	}
}

// Accounts yields the service accounts from the oldest to the newest, given
// the teams by name: those of the organization and the two that come with Load.
func (o *Organization) Accounts(teams map[string]api.Team) iter.Seq[sqlstore.ImportedAccount] {
	return func(yield func(sqlstore.ImportedAccount) bool) {
		random := o.random(2)
		names := newNames(random)
		for i := range o.accounts {
			at := o.now.Add(-age(random, i, o.accounts))
			creator := o.creator(random, at)
			name, team := names.next()
			account := api.ServiceAccount{
				ID: newID(random, at, i), Name: name, Team: api.Ref{ID: teams[team].ID, Name: team},
				CreatedBy: api.Actor{Type: api.IdentityUser, ID: creator.ID, Name: creator.Name}, CreatedAt: at,
			}
			key := fakeKey(random, at, i)
			account.Key = api.KeySummary{Hint: key.Hint, CreatedAt: at}
			account.Key.LastUsedAt, account.Key.LastUsedIP = o.lastUse(random, at)
			event := server.Event{
				ID: newID(random, at, i), Time: at, Actor: account.CreatedBy, Action: server.ActionServiceAccountCreate,
				ResourceType: server.ResourceServiceAccount, ResourceID: account.ID, ResourceName: name,
				Outcome: server.OutcomeSuccess, RequestID: newID(random, at, i), IP: address(random),
				UserAgent: "lifeguard/1.0", Via: "console",
				Metadata: map[string]string{"team_id": account.Team.ID, "team_name": team},
			}
			if !yield(sqlstore.ImportedAccount{Account: account, Key: key, Event: event}) {
				return
			}
		}
	}
}
