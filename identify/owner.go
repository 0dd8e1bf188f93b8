package identify

import (
	"cmp"
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Accounts is what is needed of a client.
type Accounts interface {
	ServiceAccounts(ctx context.Context, filter api.ServiceAccountFilter, options api.ListOptions) (api.ServiceAccountList, error)
}

// Owner is whose a key is.
type Owner struct {
	// Account is whose key it is, nil when no service account of the
	// organization has it: it is deleted, a person's own, or of elsewhere.
	Account *api.ServiceAccount
	Err     error // why that is not known
}

// FindOwner asks whose key this is, by its hash. An answer is believed only when
// its key looks like the one that was asked for: a server that does not know the
// filter would answer with all accounts.
func FindOwner(ctx context.Context, accounts Accounts, key Key) (Owner, error) {
	list, err := accounts.ServiceAccounts(ctx, api.ServiceAccountFilter{KeyHash: key.Hash.String()}, api.ListOptions{})
	found := list.ServiceAccounts
	switch {
	case err != nil:
		return Owner{Err: err}, err
	case len(found) == 0:
		return Owner{}, nil
	case len(found) > 1 || found[0].Key.Hint != key.Hint:
		err := &api.Error{Kind: api.KindMalformed, Detail: "this server cannot look a key up."}
		return Owner{Err: err}, err
	}
	return Owner{Account: &found[0]}, nil
}

// atOnce is how many keys are asked for at the same time.
const atOnce = 8

// errSkipped is why a key was not asked for: an earlier one failed in a way that
// would be the same for all.
var errSkipped = errors.New("not asked, because the server did not answer for an earlier key")

// FindOwners asks for every key and calls each with its owner, in the order of
// the keys, as the answers come. It stops asking after the first failure, which
// it returns; each is called for the other keys all the same.
func FindOwners(ctx context.Context, accounts Accounts, keys []Key, each func(Key, Owner)) error {
	owners := make([]chan Owner, len(keys))
	for i := range owners {
		owners[i] = make(chan Owner, 1)
	}
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	started := make(chan error, 1)
	go func() {
		for i, key := range keys {
			group.Go(func() error {
				if asking.Err() != nil {
					owners[i] <- Owner{Err: errSkipped}
					return nil
				}
				owner, err := FindOwner(asking, accounts, key)
				owners[i] <- owner
				return err
			})
		}
		started <- group.Wait()
	}()
	for i, key := range keys {
		each(key, <-owners[i])
	}
	return cmp.Or(<-started, ctx.Err())
}
