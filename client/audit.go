package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const whatEvents = "audit events"

// AuditEvents returns one page of the audit log. It needs the permission
// [api.ViewAuditLog].
func (c *Client) AuditEvents(
	ctx context.Context, filter api.AuditFilter, options api.ListOptions,
) (api.AuditEventList, error) {
	return get[api.AuditEventList](ctx, c, api.PathAuditEvents, auditQuery(filter, options), whatEvents)
}

// NextAuditEvents returns the page that the Links of another page name as next.
func (c *Client) NextAuditEvents(ctx context.Context, next string) (api.AuditEventList, error) {
	return getNext[api.AuditEventList](ctx, c, api.PathAuditEvents, next, whatEvents)
}

// AwaitAuditEvents returns the first page of events after filter.After. When
// there are none the server holds the answer for up to wait, at most
// [api.MaxAuditWait]; the page is then empty, and the caller asks again.
func (c *Client) AwaitAuditEvents(
	ctx context.Context, filter api.AuditFilter, wait time.Duration,
) (api.AuditEventList, error) {
	query := auditQuery(filter, wholePages)
	query.Set("wait", strconv.Itoa(int(min(wait, api.MaxAuditWait)/time.Second)))
	list, _, err := do[api.AuditEventList](ctx, c, call{
		method: http.MethodGet, url: c.url(api.PathAuditEvents, query), what: whatEvents, wait: wait,
	})
	return list, err
}

// AllAuditEvents yields every event that the filter lets through, page by
// page. It ends after the first error, which it yields with a zero event.
func (c *Client) AllAuditEvents(ctx context.Context, filter api.AuditFilter) iter.Seq2[api.AuditEvent, error] {
	return getAll(ctx, c, api.PathAuditEvents, c.reading(api.PathAuditEvents, auditQuery(filter, wholePages), whatEvents),
		func(list api.AuditEventList) ([]api.AuditEvent, api.Links) { return list.AuditEvents, list.Links })
}

// FollowAuditEvents yields every event after filter.After, those that are
// there and those to come, until ctx ends or the server fails; the error is
// the last thing that it yields.
func (c *Client) FollowAuditEvents(ctx context.Context, filter api.AuditFilter) iter.Seq2[api.AuditEvent, error] {
	return func(yield func(api.AuditEvent, error) bool) {
		for {
			list, err := c.AwaitAuditEvents(ctx, filter, api.MaxAuditWait)
			if err != nil {
				yield(api.AuditEvent{}, err)
				return
			}
			for _, event := range list.AuditEvents {
				if event.Sequence <= filter.After {
					yield(api.AuditEvent{}, c.wrongNext("its audit log goes backwards"))
					return
				}
				filter.After = event.Sequence
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

// chainList is a page of the audit log whose texts are left as they came:
// cleaned, they would not fit to their hashes.
type chainList struct {
	AuditEvents []api.AuditEvent `json:"audit_events"`
}

// AuditChain returns up to 300 events after a sequence for an
// [api.ChainVerifier], and for nothing else: their texts are as the server
// sent them and may do anything to a terminal.
func (c *Client) AuditChain(ctx context.Context, after int64) ([]api.AuditEvent, error) {
	return c.chain(ctx, auditQuery(api.AuditFilter{After: after}, wholePages))
}

// AuditAnchor returns where the audit log begins: the zero anchor, unless its
// older events were pruned.
func (c *Client) AuditAnchor(ctx context.Context) (api.Anchor, error) {
	events, err := c.chain(ctx, auditQuery(
		api.AuditFilter{Action: api.ActionAuditPrune, NewestFirst: true}, api.ListOptions{PageSize: 1}))
	if err != nil || len(events) == 0 {
		return api.Anchor{}, err
	}
	anchor, ok := api.AnchorOf(events[0])
	if !ok {
		return api.Anchor{}, &api.Error{Kind: api.KindMalformed, Detail: c.notAPI("its audit log does not say what was pruned"), Cause: errors.New("no anchor")}
	}
	return anchor, nil
}

func (c *Client) chain(ctx context.Context, query url.Values) ([]api.AuditEvent, error) {
	list, _, err := do[chainList](ctx, c, call{method: http.MethodGet, url: c.url(api.PathAuditEvents, query), what: whatEvents})
	return list.AuditEvents, err
}

func auditQuery(filter api.AuditFilter, options api.ListOptions) url.Values {
	query := listQuery(options)
	if filter.After > 0 {
		query.Set("after", strconv.FormatInt(filter.After, 10))
	}
	if !filter.Since.IsZero() {
		query.Set("since", filter.Since.Format(time.RFC3339Nano))
	}
	if !filter.Until.IsZero() {
		query.Set("until", filter.Until.Format(time.RFC3339Nano))
	}
	if filter.NewestFirst {
		query.Set("order", "desc")
	}
	setIf(query, "actor_type", string(filter.ActorType))
	setIf(query, "actor_id", filter.ActorID)
	setIf(query, "resource_type", filter.ResourceType)
	setIf(query, "resource_id", filter.ResourceID)
	setIf(query, "action", filter.Action)
	return query
}
