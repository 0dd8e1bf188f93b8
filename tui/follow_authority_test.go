package tui_test

import (
	"slices"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// grace is another administrator.
var grace = api.Actor{Type: api.IdentityUser, ID: "u-grace", Name: "grace"}

func (a *authority) me() api.Actor {
	return api.Actor{Type: a.caller.Type, ID: a.caller.ID, Name: a.caller.Name}
}

// happened writes an event about an account; the caller holds the lock.
func (a *authority) happened(actor api.Actor, action string, account api.ServiceAccount) {
	a.record(time.Now(), actor, action, api.AuditResource{Type: "service_account", ID: account.ID, Name: account.Name}, "success")
}

// deletes is another administrator who deletes accounts, all before the
// console hears of one.
func (a *authority) deletes(ids ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		i := slices.IndexFunc(a.accounts, func(account api.ServiceAccount) bool { return account.ID == id })
		account := a.accounts[i]
		a.accounts = slices.Delete(slices.Clone(a.accounts), i, i+1)
		a.happened(grace, "service_account.delete", account)
	}
}

// makes is another administrator who makes an account.
func (a *authority) makes(account api.ServiceAccount) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accounts = append(slices.Clone(a.accounts), account)
	a.happened(grace, "service_account.create", account)
}
