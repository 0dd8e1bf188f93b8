package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// newAuthority is an organization of four teams and eight accounts.
func newAuthority() *authority {
	admin := api.Role{ID: "r1", Name: api.RoleTenantAdmin, CreatedBy: api.CreatedBySystem, Permissions: api.AllPermissions()}
	developer := api.Role{ID: "r2", Name: api.RoleDeveloper, CreatedBy: api.CreatedBySystem, Permissions: []api.Permission{}}
	runner := api.Role{ID: "r3", Name: "ci-runner", CreatedBy: api.CreatedByUser, Permissions: []api.Permission{
		{Action: api.AutoApproveCommands, Scope: api.ScopeAll},
		{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"a1", "a2"}},
		{Action: api.UseSandboxDefinitions, Scope: api.ScopeAll},
	}}
	teams := []api.Team{
		{ID: "t1", Name: "administrators", Role: admin}, {ID: "t2", Name: "data", Role: runner},
		{ID: "t3", Name: "developers", Role: developer}, {ID: "t4", Name: "platform", Role: runner},
	}
	now := time.Now()
	for i := range teams {
		teams[i].CreatedAt = now.Add(-time.Duration(i*i+1) * 60 * 24 * time.Hour)
	}
	ago := func(d time.Duration) *time.Time {
		at := now.Add(-d)
		return &at
	}
	const day = 24 * time.Hour
	account := func(n int, name string, team int, hint string, created time.Duration, by string, used *time.Time, ip string) api.ServiceAccount {
		return api.ServiceAccount{
			ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", n), Name: name, Team: api.Ref{ID: teams[team].ID, Name: teams[team].Name},
			Key:       api.KeySummary{Hint: hint, CreatedAt: now.Add(-created), LastUsedAt: used, LastUsedIP: ip},
			CreatedBy: api.Actor{Type: api.IdentityUser, ID: "u-" + by, Name: by}, CreatedAt: now.Add(-created),
		}
	}
	a := &authority{
		caller: api.Caller{
			Type: api.IdentityUser, ID: "u-ada", Name: "Ada", Email: "ada@example.com",
			Teams: []api.CallerTeam{{ID: "t1", Name: "administrators", Role: api.RoleTenantAdmin}}, Permissions: api.AllPermissions(),
		},
		teams: teams,
		accounts: []api.ServiceAccount{
			account(1, "backup-verify", 3, "ps-1a2B…3c4D", 400*day, "grace", ago(200*day), "10.0.4.9"),
			account(2, "ci-deploy-eu", 3, "ps-4f8a…9Qx2", 3*day, "ada", ago(2*time.Minute), "10.0.4.7"),
			account(3, "ci-deploy-us", 3, "ps-0aZk…77Qd", 3*day, "ada", ago(4*time.Hour), "10.0.4.8"),
			account(4, "nightly-ci-deps", 1, "ps-Zq1x…c0Fe", 240*day, "grace", nil, ""),
			account(5, "release-notes", 2, "ps-Gg7h…Ii8j", 10*day, "linus", ago(9*day), "10.2.0.1"),
			account(6, "smoke-tests", 3, "ps-Kk9l…Mm0n", 60*time.Second, "ada", nil, ""),
			account(7, "réconciliation-paie", 1, "ps-Tt5u…Vv6w", 90*day, "émile", ago(30*day), "10.1.0.3"),
			account(8, "夜間バッチ", 1, "ps-Oo1p…Qq2r", 20*day, "kenji", ago(36*time.Hour), "10.3.0.2"),
		},
		pageSize: 300, written: make(chan struct{}), calls: map[string]int{}, delay: map[string]time.Duration{},
	}
	a.recordAll()
	return a
}

// manyAccounts is an authority with n accounts whose names are ordered.
func manyAccounts(n int) *authority {
	a := newAuthority()
	now := time.Now()
	a.accounts = nil
	stems := []string{"ci-deploy", "nightly-etl", "backup", "release", "smoke-tests", "payments-sync"}
	for i := range n {
		team := a.teams[i%len(a.teams)]
		used := now.Add(-time.Duration(i*7919%100_000) * time.Minute)
		account := api.ServiceAccount{
			ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", i), Name: fmt.Sprintf("%s-%07d", stems[i%len(stems)], i),
			Team: api.Ref{ID: team.ID, Name: team.Name}, CreatedAt: now.Add(-time.Duration(i) * time.Hour),
			Key:       api.KeySummary{Hint: fmt.Sprintf("ps-%04d…%04d", i%10_000, (i*37)%10_000), CreatedAt: now.Add(-time.Duration(i) * time.Hour)},
			CreatedBy: api.Actor{Type: api.IdentityUser, ID: "u-ada", Name: "ada"},
		}
		if i%5 != 0 {
			account.Key.LastUsedAt, account.Key.LastUsedIP = &used, "10.0.0.1"
		}
		a.accounts = append(a.accounts, account)
	}
	slices.SortFunc(a.accounts, func(x, y api.ServiceAccount) int { return strings.Compare(x.Name, y.Name) })
	return a
}
