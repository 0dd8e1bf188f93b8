package identify_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/identify"
)

// directory answers like a server.
type directory struct {
	answer func(hash string) ([]api.ServiceAccount, error)
	asked  atomic.Int32
}

func (d *directory) ServiceAccounts(_ context.Context, filter api.ServiceAccountFilter, _ api.ListOptions) (api.ServiceAccountList, error) {
	d.asked.Add(1)
	accounts, err := d.answer(filter.KeyHash)
	return api.ServiceAccountList{ServiceAccounts: accounts}, err
}

func manyKeys(n int) []identify.Key {
	keys := make([]identify.Key, n)
	for i := range keys {
		keys[i] = identify.Key{Hash: api.HashKey(fmt.Sprint(i)), Hint: fmt.Sprintf("ps-%04d…%04d", i, i)}
	}
	return keys
}

func TestFindOwnersKeepsTheOrder(t *testing.T) {
	t.Parallel()
	keys := manyKeys(100)
	byHash := map[string]identify.Key{}
	for i, key := range keys {
		if i%3 != 0 {
			byHash[key.Hash.String()] = key
		}
	}
	d := &directory{answer: func(hash string) ([]api.ServiceAccount, error) {
		key, known := byHash[hash]
		if !known {
			return nil, nil
		}
		return []api.ServiceAccount{{ID: key.Hint, Key: api.KeySummary{Hint: key.Hint}}}, nil
	}}
	next := 0
	err := identify.FindOwners(t.Context(), d, keys, func(key identify.Key, owner identify.Owner) {
		switch {
		case key.Hash != keys[next].Hash:
			t.Errorf("key %d came in another's place", next)
		case next%3 == 0 && (owner.Account != nil || owner.Err != nil):
			t.Errorf("key %d belongs to %+v, want nobody", next, owner)
		case next%3 != 0 && (owner.Account == nil || owner.Account.ID != key.Hint):
			t.Errorf("key %d belongs to %+v", next, owner)
		}
		next++
	})
	if err != nil || next != len(keys) || d.asked.Load() != 100 {
		t.Errorf("%d keys were told and %d asked for, %v", next, d.asked.Load(), err)
	}
}

func TestFindOwnersStopsAskingAfterAFailure(t *testing.T) {
	t.Parallel()
	refused := &api.Error{Kind: api.KindRefused, Code: api.CodeForbidden, Detail: "You may not."}
	d := &directory{answer: func(string) ([]api.ServiceAccount, error) { return nil, refused }}
	told := 0
	err := identify.FindOwners(t.Context(), d, manyKeys(1000), func(_ identify.Key, owner identify.Owner) {
		told++
		if owner.Err == nil || owner.Account != nil {
			t.Errorf("an owner is %+v although nothing was answered", owner)
		}
	})
	if !errors.Is(err, api.ErrForbidden) || told != 1000 || d.asked.Load() > 100 {
		t.Errorf("%d keys were told and %d asked for, %v", told, d.asked.Load(), err)
	}
}

// A server that does not know the filter answers with what it has.
func TestAnAnswerForAnotherKeyIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, answer := range [][]api.ServiceAccount{
		{{ID: "1", Key: api.KeySummary{Hint: "ps-xxxx…yyyy"}}},
		{{ID: "1", Key: api.KeySummary{Hint: "ps-0000…0000"}}, {ID: "2"}},
	} {
		d := &directory{answer: func(string) ([]api.ServiceAccount, error) { return answer, nil }}
		if owner, err := identify.FindOwner(t.Context(), d, manyKeys(1)[0]); err == nil || owner.Account != nil {
			t.Errorf("FindOwner = %+v, %v", owner, err)
		}
	}
}
