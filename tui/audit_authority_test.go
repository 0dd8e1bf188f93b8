package tui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (a *authority) AuditEvents(ctx context.Context, filter api.AuditFilter, options api.ListOptions) (api.AuditEventList, error) {
	switch {
	case filter == api.AuditFilter{NewestFirst: true} && options.PageSize == 1:
		return a.logEnd(ctx)
	case filter == api.AuditFilter{After: filter.After}:
		return a.logAfter(ctx, "check", filter.After, options.PageSize)
	}
	return a.events(ctx, filter, int64(len(a.log)), options)
}

// logEnd is the newest event alone.
func (a *authority) logEnd(ctx context.Context) (api.AuditEventList, error) {
	if err := a.enter(ctx, "end"); err != nil {
		return api.AuditEventList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return api.AuditEventList{AuditEvents: slices.Clone(a.log[max(len(a.log)-1, 0):])}, nil
}

// logAfter is the log after a sequence, oldest first.
func (a *authority) logAfter(ctx context.Context, call string, after int64, limit int) (api.AuditEventList, error) {
	if err := a.enter(ctx, call); err != nil {
		return api.AuditEventList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	list := api.AuditEventList{AuditEvents: []api.AuditEvent{}}
	for _, event := range a.log {
		if event.Sequence > after && len(list.AuditEvents) < limit {
			list.AuditEvents = append(list.AuditEvents, event)
		}
	}
	return list, nil
}

func (a *authority) AwaitAuditEvents(ctx context.Context, filter api.AuditFilter, wait time.Duration) (api.AuditEventList, error) {
	for until := time.After(wait); ; {
		a.mu.Lock()
		written := a.written
		a.mu.Unlock()
		list, err := a.logAfter(ctx, "await", filter.After, a.pageSize)
		if err != nil || len(list.AuditEvents) > 0 {
			return list, err
		}
		select {
		case <-written:
		case <-until:
			return list, nil
		case <-ctx.Done():
			return list, ctx.Err()
		}
	}
}

func (a *authority) NextAuditEvents(ctx context.Context, next string) (api.AuditEventList, error) {
	var from int64
	var filter api.AuditFilter
	link, rest, _ := strings.Cut(next, "?")
	if _, err := fmt.Sscanf(link, "/events/%d", &from); err != nil {
		return api.AuditEventList{}, err
	}
	if err := json.Unmarshal([]byte(rest), &filter); err != nil {
		return api.AuditEventList{}, err
	}
	return a.events(ctx, filter, from, api.ListOptions{})
}

// events answers with the events up to a sequence, newest first.
func (a *authority) events(ctx context.Context, filter api.AuditFilter, from int64, options api.ListOptions) (api.AuditEventList, error) {
	if err := a.enter(ctx, "events"); err != nil {
		return api.AuditEventList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	list := api.AuditEventList{AuditEvents: []api.AuditEvent{}}
	met := func(event api.AuditEvent) bool {
		return (filter.ResourceID == "" || event.Resource.ID == filter.ResourceID) && (filter.ActorID == "" || event.Actor.ID == filter.ActorID) &&
			(filter.Action == "" || event.Action == filter.Action) && !event.Time.Before(filter.Since) &&
			(filter.Until.IsZero() || event.Time.Before(filter.Until))
	}
	if options.IncludeTotals {
		total := len(slices.DeleteFunc(slices.Clone(a.log), func(event api.AuditEvent) bool { return !met(event) }))
		list.Total = &total
	}
	for from = min(from, int64(len(a.log))); from > 0; from-- {
		event := a.log[from-1]
		if !met(event) {
			continue
		}
		if len(list.AuditEvents) == a.pageSize {
			asked, err := json.Marshal(filter)
			list.Links.Next = fmt.Sprintf("/events/%d?%s", from, asked)
			if err != nil {
				return list, err
			}
			break
		}
		list.AuditEvents = append(list.AuditEvents, event)
	}
	return list, nil
}

// record appends an event to the authority's audit log.
func (a *authority) record(at time.Time, actor api.Actor, action string, resource api.AuditResource, outcome string) {
	n := int64(1)
	if len(a.log) > 0 {
		n += a.log[len(a.log)-1].Sequence
	}
	event := api.AuditEvent{
		Sequence: n, ID: fmt.Sprintf("01890000-0000-7000-9000-%012d", n), Time: at, Actor: actor, Action: action, Resource: resource,
		Outcome: outcome, RequestID: fmt.Sprintf("req-%d", n), IP: "10.0.4.7", UserAgent: "lifeguard/1.0", Via: "console",
		Metadata: map[string]string{"team_name": "platform"}, Hash: fmt.Sprintf("%064x", n),
	}
	a.log = append(a.log, event)
	close(a.written)
	a.written = make(chan struct{})
}

// recordAll gives the authority the audit log of what it has, and a few more.
func (a *authority) recordAll() {
	ada := api.Actor{Type: api.IdentityUser, ID: "u-ada", Name: "ada"}
	now := time.Now()
	a.record(now.Add(-401*24*time.Hour), api.Actor{Type: api.IdentitySystem}, "organization.create", api.AuditResource{Type: "organization", ID: "o1", Name: "Acme"}, "success")
	for _, account := range slices.SortedFunc(slices.Values(a.accounts), func(x, y api.ServiceAccount) int { return x.CreatedAt.Compare(y.CreatedAt) }) {
		target := api.AuditResource{Type: "service_account", ID: account.ID, Name: account.Name}
		a.record(account.CreatedAt, account.CreatedBy, "service_account.create", target, "success")
	}
	a.record(now.Add(-90*time.Minute), ada, "service_account.delete", api.AuditResource{Type: "service_account", ID: "gone", Name: "old-pipeline"}, "success")
	a.record(now.Add(-80*time.Minute), ada, "team.create", api.AuditResource{Type: "team", ID: "t4", Name: "platform"}, "success")
	robot := api.Actor{Type: api.IdentityServiceAccount, ID: a.accounts[1].ID, Name: a.accounts[1].Name}
	a.record(now.Add(-70*time.Minute), robot, "authorization.deny", api.AuditResource{Type: "operation", ID: "list-users"}, "denied")
	a.record(now.Add(-5*time.Minute), api.Actor{Type: api.IdentityAnonymous}, "authentication.fail", api.AuditResource{Type: "operation"}, "denied")
}
