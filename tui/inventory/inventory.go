// Package inventory holds the service accounts that a console has loaded:
// compact, by number and by id. An account costs about 110 bytes beside its
// own text; the names of teams and creators, which many accounts share, are
// kept once.
package inventory

import (
	"math"
	"slices"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// List is the accounts in the order they came. It is a value: Append and
// Remove return another one and leave rows and marks of the old one as they
// were, so a search may go on in another goroutine while accounts come and go.
// Only the newest value may be appended to and asked by id.
//
// Rows never move. An account that is removed leaves its row behind, which is
// then gone, and one that is appended again has another row.
type List struct {
	rows      []row
	gone      []uint64 // a bit a row; replaced, never changed
	goneCount int
	ids       ids
	shared    *shared
}

// row is an account without what many have in common. Times are in
// microseconds, the precision that stores keep.
type row struct {
	id, name, hint, usedIP    string
	team                      *api.Ref
	creator                   *api.Actor
	created, keyCreated, used int64
}

// never is the last use of a key that was not used yet.
const never = math.MinInt64

// shared are the teams and creators of all rows.
type shared struct {
	teams    map[api.Ref]*api.Ref
	creators map[api.Actor]*api.Actor
}

// New makes an empty list.
func New() List {
	return List{shared: &shared{teams: map[api.Ref]*api.Ref{}, creators: map[api.Actor]*api.Actor{}}, ids: newIDs()}
}

// Grow makes room for so many accounts in all, which saves moving those that
// are there already.
func (l List) Grow(accounts int) List {
	if more := accounts - len(l.rows); more > 0 {
		l.rows = slices.Grow(l.rows, more)
		l.ids = l.ids.grow(l.rows, accounts)
	}
	return l
}

// Append adds an account. One with the same id is gone from then on.
func (l List) Append(account api.ServiceAccount) List {
	l, _, _ = l.Replace(account)
	return l
}

// Replace is Append; it returns the row of the account that had the id, if any.
func (l List) Replace(account api.ServiceAccount) (_ List, before int32, replaced bool) {
	if before, replaced = l.Lookup(account.ID); replaced {
		l, _ = l.Remove(account.ID)
	}
	team, ok := l.shared.teams[account.Team]
	if !ok {
		team = &account.Team
		l.shared.teams[account.Team] = team
	}
	creator, ok := l.shared.creators[account.CreatedBy]
	if !ok {
		creator = &account.CreatedBy
		l.shared.creators[account.CreatedBy] = creator
	}
	used := int64(never)
	if account.Key.LastUsedAt != nil {
		used = account.Key.LastUsedAt.UnixMicro()
	}
	l.rows = append(l.rows, row{
		id: account.ID, name: account.Name, hint: account.Key.Hint, usedIP: account.Key.LastUsedIP,
		team: team, creator: creator,
		created: account.CreatedAt.UnixMicro(), keyCreated: account.Key.CreatedAt.UnixMicro(), used: used,
	})
	l.ids = l.ids.put(l.rows, int32(len(l.rows)-1))
	return l, before, replaced
}

// Remove takes accounts away by their ids and returns how many were there.
func (l List) Remove(ids ...string) (List, int) {
	removed := 0
	for _, id := range ids {
		at, ok := l.Lookup(id)
		if !ok {
			continue
		}
		if removed == 0 {
			l.gone = append(make([]uint64, 0, len(l.rows)/64+1), l.gone...)
		}
		for len(l.gone) <= int(at)/64 {
			l.gone = append(l.gone, 0)
		}
		l.gone[at/64] |= 1 << (at % 64)
		removed++
	}
	l.goneCount += removed
	return l, removed
}

// Len returns how many rows there are, with those that are gone.
func (l List) Len() int { return len(l.rows) }

// Living returns how many accounts there are.
func (l List) Living() int { return len(l.rows) - l.goneCount }

// Gone reports whether the account of a row was removed.
func (l List) Gone(at int32) bool {
	word := int(at) / 64
	return word < len(l.gone) && l.gone[word]&(1<<(at%64)) != 0
}

// Lookup returns the row of the account with this id.
func (l List) Lookup(id string) (int32, bool) {
	at, ok := l.ids.get(l.rows, id)
	return at, ok && !l.Gone(at)
}

// ByID returns the account with this id.
func (l List) ByID(id string) (api.ServiceAccount, bool) {
	at, ok := l.Lookup(id)
	if !ok {
		return api.ServiceAccount{}, false
	}
	return l.At(at), true
}

// At returns the account of a row.
func (l List) At(at int32) api.ServiceAccount {
	r := &l.rows[at]
	account := api.ServiceAccount{
		ID: r.id, Name: r.name, Team: *r.team, CreatedBy: *r.creator, CreatedAt: timeOf(r.created),
		Key: api.KeySummary{Hint: r.hint, CreatedAt: timeOf(r.keyCreated), LastUsedIP: r.usedIP},
	}
	if r.used != never {
		used := timeOf(r.used)
		account.Key.LastUsedAt = &used
	}
	return account
}

// What is asked of many rows, without making an account of each.

// ID returns the id of a row's account.
func (l List) ID(at int32) string { return l.rows[at].id }

// Name returns the name of a row's account.
func (l List) Name(at int32) string { return l.rows[at].name }

// Team returns the team of a row's account.
func (l List) Team(at int32) api.Ref { return *l.rows[at].team }

// Creator returns who made a row's account.
func (l List) Creator(at int32) api.Actor { return *l.rows[at].creator }

// Hint returns what may be shown of the key of a row's account.
func (l List) Hint(at int32) string { return l.rows[at].hint }

// CreatedAt returns when a row's account was made.
func (l List) CreatedAt(at int32) time.Time { return timeOf(l.rows[at].created) }

// LastUsedIP returns from where the key of a row's account was last used, or "".
func (l List) LastUsedIP(at int32) string { return l.rows[at].usedIP }

// LastUsedAt returns when the key of a row's account was last used; ok is
// false when it never was.
func (l List) LastUsedAt(at int32) (used time.Time, ok bool) {
	if l.rows[at].used == never {
		return time.Time{}, false
	}
	return timeOf(l.rows[at].used), true
}

func timeOf(microseconds int64) time.Time { return time.UnixMicro(microseconds).UTC() }
