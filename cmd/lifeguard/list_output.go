package main

import (
	"time"

	"github.com/dustin/go-humanize"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// accountListing shows accounts on a terminal with the console's columns.
func accountListing(now time.Time) listing[api.ServiceAccount] {
	return listing[api.ServiceAccount]{
		columns: []table.Column{
			{ID: "name", Title: "NAME", Width: 16, Most: 40, Keep: 10},
			{ID: "team", Title: "TEAM", Width: 12, Most: 20, Keep: 9},
			{ID: "key", Title: "KEY", Width: 12, Keep: 6},
			{ID: "created", Title: "CREATED", Width: 14, Keep: 5},
			{ID: "by", Title: "BY", Width: 10, Most: 18, Keep: 4},
			{ID: "used", Title: "LAST USED", Width: 14, Keep: 8},
		},
		cell: func(column string, account api.ServiceAccount) string { return listCell(column, account, now) },
		tabs: func(account api.ServiceAccount) []string {
			return []string{
				account.ID, account.Name, account.Team.Name, account.Key.Hint,
				account.CreatedAt.UTC().Format(time.RFC3339), account.CreatedBy.Name, usedAt(account),
			}
		},
	}
}

func listCell(column string, account api.ServiceAccount, now time.Time) string {
	switch column {
	case "name":
		return account.Name
	case "team":
		return account.Team.Name
	case "key":
		return account.Key.Hint
	case "created":
		return since(account.CreatedAt, now)
	case "by":
		return account.CreatedBy.Name
	}
	if account.Key.LastUsedAt == nil {
		return "never"
	}
	return since(*account.Key.LastUsedAt, now)
}

// since says how long ago a time was. A time ahead of this clock is now: clocks
// differ.
func since(at, now time.Time) string {
	if at.After(now) {
		at = now
	}
	return humanize.RelTime(at, now, "ago", "")
}
