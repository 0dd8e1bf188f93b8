package server

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

const opListAuditEvents = "list-audit-events"

var auditRules = map[string]rule{
	opListAuditEvents: {anyOf: []api.Action{api.ViewAuditLog}},
}

func (s *Server) registerAudit(on huma.API) {
	handle(s, on, operation{
		id: opListAuditEvents, method: http.MethodGet, path: api.PathAuditEvents,
		summary: "Audit events",
		description: "In the order of their sequence, which has no gaps. With wait the answer is held until there is an event after " +
			"the sequence in after that the filters let through, or the time is over; then the list is empty, and the caller asks again. Where events are very large, a page has fewer than page_size.",
		refusals: []int{http.StatusUnprocessableEntity},
	}, s.listAuditEvents)
}

// MaxAuditPage is how many bytes of metadata end a page of the audit log before
// its size does: an event that changes the users of a large team names them all.
// An answer with the largest of them is still one that clients take.
const MaxAuditPage = 1 << 20

type listAuditEventsInput struct {
	PageInput
	After        int64     `query:"after" minimum:"0" doc:"Sequence: only later events."`
	Since        time.Time `query:"since" doc:"RFC 3339: events at or after this time."`
	Until        time.Time `query:"until" doc:"RFC 3339: events before this time."`
	ActorType    string    `query:"actor_type" enum:"user,service_account,anonymous,system"`
	ActorID      string    `query:"actor_id" maxLength:"64"`
	ResourceType string    `query:"resource_type" maxLength:"64"`
	ResourceID   string    `query:"resource_id" maxLength:"64"`
	Action       string    `query:"action" maxLength:"64" doc:"Such as service_account.create."`
	Order        string    `query:"order" enum:"asc,desc" default:"asc" doc:"By sequence."`
	Wait         int       `query:"wait" minimum:"0" maximum:"30" doc:"Seconds to hold the answer until there is an event. Excludes page and order=desc."`
}

func (input *listAuditEventsInput) query() (AuditQuery, error) {
	query := AuditQuery{
		AuditFilter: api.AuditFilter{
			After: input.After, Since: input.Since, Until: input.Until,
			ActorType: api.IdentityType(input.ActorType), ActorID: strings.ToLower(input.ActorID),
			ResourceType: input.ResourceType, ResourceID: strings.ToLower(input.ResourceID), Action: input.Action,
			NewestFirst: input.Order == "desc",
		},
		Limit: input.PageSize, Total: input.IncludeTotals, Bytes: MaxAuditPage,
	}
	for location, text := range map[string]string{
		"query.actor_id": input.ActorID, "query.resource_type": input.ResourceType,
		"query.resource_id": input.ResourceID, "query.action": input.Action,
	} {
		if !isText(text) {
			return query, invalid(location, errNoText)
		}
	}
	switch {
	case input.StartToken != "" && input.Page > 0:
		return query, invalid("query.start_token", errors.New("start_token and page exclude each other"))
	case input.Wait > 0 && (input.Page > 0 || query.NewestFirst):
		return query, invalid("query.wait", errors.New("waiting is for the events after a sequence: leave out page and order"))
	case input.Page > 0:
		query.Offset = (input.Page - 1) * input.PageSize
	case input.StartToken != "":
		from, err := parseSequenceToken(input.StartToken)
		if err != nil {
			return query, invalid("query.start_token", err)
		}
		query.From = from
	}
	return query, nil
}

// next is the address of the page after one that ends with last.
func (input *listAuditEventsInput) next(more bool, last int64) api.Links {
	filters := map[string]string{
		"actor_type": input.ActorType, "actor_id": input.ActorID,
		"resource_type": input.ResourceType, "resource_id": input.ResourceID, "action": input.Action,
	}
	if input.After > 0 {
		filters["after"] = strconv.FormatInt(input.After, 10)
	}
	for name, at := range map[string]time.Time{"since": input.Since, "until": input.Until} {
		if !at.IsZero() {
			filters[name] = at.Format(time.RFC3339Nano)
		}
	}
	if input.Order == "desc" {
		filters["order"] = input.Order
	}
	return input.linksTo(api.PathAuditEvents, filters, more, sequenceToken(last))
}

func (s *Server) listAuditEvents(ctx context.Context, input *listAuditEventsInput) (*answer[api.AuditEventList], error) {
	query, err := input.query()
	if err != nil {
		return nil, err
	}
	page, err := s.store.AuditEvents(ctx, query)
	if err == nil && len(page.Events) == 0 && input.Wait > 0 {
		page, err = s.awaitAuditEvents(ctx, query, time.Duration(input.Wait)*time.Second)
	}
	if err != nil {
		return nil, err
	}
	if input.Page > 0 && page.More && len(page.Events) < input.PageSize { // a short page would move those that follow
		return nil, invalid("query.page", errors.New("these events are too large for a page of this size: take a smaller page_size, or page by start_token"))
	}
	list := api.AuditEventList{AuditEvents: page.Events, Total: input.total(page.Total)}
	if list.AuditEvents == nil {
		list.AuditEvents = []api.AuditEvent{}
	}
	var last int64
	if n := len(page.Events); n > 0 {
		last = page.Events[n-1].Sequence
	}
	list.Links = input.next(page.More, last)
	return &answer[api.AuditEventList]{Body: list}, nil
}

// awaitAuditEvents looks again with every new event until one matches. What it
// then answers is of a later moment than the check of the caller's key, so the
// key is checked again.
func (s *Server) awaitAuditEvents(ctx context.Context, query AuditQuery, patience time.Duration) (AuditPage, error) {
	until := time.NewTimer(patience)
	defer until.Stop()
	seen := max(query.After, query.From)
	for {
		last, err := s.feed.await(ctx, seen, until.C)
		if err != nil {
			return AuditPage{}, err
		}
		page := AuditPage{}
		if last > seen {
			if page, err = s.store.AuditEvents(ctx, query); err != nil {
				return AuditPage{}, err
			}
		}
		if len(page.Events) > 0 || last <= seen {
			return page, s.stillAdmitted(ctx, auditRules[opListAuditEvents])
		}
		// None of the events up to last matched, and that will not change.
		seen, query.From = last, last
	}
}

// stillAdmitted refuses a caller whose key or permission ended while its
// request waited.
func (s *Server) stillAdmitted(ctx context.Context, rule rule) error {
	if login, ok := loginOf(ctx); ok {
		identity, err := s.authenticateLogin(ctx, login)
		if err == nil && reachOf(newCaller(identity).permissions, rule.anyOf).none() {
			err = forbidden(api.Permission{Action: rule.anyOf[0], Scope: api.ScopeAll})
		}
		return err
	}
	identity, err := s.store.IdentityByKey(ctx, callerOf(ctx).keyHash)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.failed(ctx, failUnknown)
	case err != nil:
		return unavailable(err)
	case identity.Status != UserActive && identity.Status != UserCreated:
		return s.failed(ctx, failSuspended)
	case reachOf(newCaller(identity).permissions, rule.anyOf).none():
		return forbidden(api.Permission{Action: rule.anyOf[0], Scope: api.ScopeAll})
	}
	return nil
}

// A start token of the audit log is a sequence: a version of its own and the
// number.
const sequenceTokenVersion = "a1:"

func sequenceToken(after int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(sequenceTokenVersion + strconv.FormatInt(after, 10)))
}

func parseSequenceToken(token string) (int64, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return 0, errStartToken
	}
	digits, ok := strings.CutPrefix(string(raw), sequenceTokenVersion)
	sequence, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || sequence < 1 {
		return 0, errStartToken
	}
	return sequence, nil
}
