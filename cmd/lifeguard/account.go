package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// mostNamed is how many accounts of one name an error lists.
const mostNamed = 5

// accountFor finds a service account by its id, or by its name if no other has
// it. An id that is not there, or no more, is api.ErrNotFound.
func accountFor(ctx context.Context, c *client.Client, named string) (api.ServiceAccount, error) {
	named = norm.NFC.String(named) // as the server keeps names
	// Also a name may look like an id, so an id that is not there is looked for
	// as a name.
	var gone error
	if uuid.Validate(named) == nil {
		account, err := c.ServiceAccount(ctx, named)
		if !errors.Is(err, api.ErrNotFound) {
			return account, err
		}
		gone = err
	}
	var found []api.ServiceAccount
	for account, err := range c.AllServiceAccounts(ctx, api.ServiceAccountFilter{Query: named}) {
		if err != nil {
			return account, err
		}
		if account.Name == named {
			found = append(found, account)
		}
	}
	switch {
	case len(found) == 0 && gone != nil:
		return api.ServiceAccount{}, gone
	case len(found) == 0:
		return api.ServiceAccount{}, fmt.Errorf("%s has no service account named %q: lifeguard list --query finds names that are like it", c.Name(), named)
	case len(found) == 1:
		return found[0], nil
	}
	var ids []string
	for _, account := range found[:min(len(found), mostNamed)] {
		ids = append(ids, account.ID+" in "+account.Team.Name)
	}
	if len(found) > mostNamed {
		ids = append(ids, "…")
	}
	return api.ServiceAccount{}, fmt.Errorf("%d service accounts are named %q: say which by its id (%s)", len(found), named, strings.Join(ids, ", "))
}

// usedAt is when the key of an account was used last, for a program.
func usedAt(account api.ServiceAccount) string {
	if account.Key.LastUsedAt == nil {
		return "never"
	}
	return account.Key.LastUsedAt.UTC().Format(time.RFC3339)
}

// lastUse says when and from where the key of an account was used last.
func lastUse(account api.ServiceAccount, now time.Time) string {
	if account.Key.LastUsedAt == nil {
		return "never used"
	}
	used := "last used " + since(*account.Key.LastUsedAt, now)
	if account.Key.LastUsedIP != "" {
		used += " from " + account.Key.LastUsedIP
	}
	return used
}
