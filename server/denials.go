package server

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Actions of the events about refused requests (contract, "Audit actions").
const (
	ActionAuthenticationFail = "authentication.fail"
	ActionAuthorizationDeny  = "authorization.deny"
)

// ResourceOperation is the resource type of a refused request: its id is the
// operation's in the OpenAPI document.
const ResourceOperation = "operation"

const (
	// defaultDenialInterval is how long refused requests are counted before
	// they are written.
	defaultDenialInterval = time.Minute
	// maxDenials bounds the events of one interval. What exceeds it is counted
	// in one more event for each action, without an address.
	maxDenials = 100
	// denialTimeout bounds one write that nobody waits for.
	denialTimeout = 10 * time.Second
)

// Why a request was not authenticated, in the event's metadata. The answer
// does not tell.
const (
	failMissing   = "no key"
	failMalformed = "not a whole key"
	failUnknown   = "no such key"
	failLimited   = "not looked up: too many wrong keys"
	failSuspended = "suspended user"
)

// denials turns refused requests into audit events. One event stands for all
// of an interval that are alike: same action, source, caller, operation and
// reason. So a flood of wrong keys costs a map entry a request, no write, and
// at most maxDenials events an interval.
type denials struct {
	store    AuditStore
	source   source
	interval time.Duration
	logger   *slog.Logger

	flushing sync.Mutex // held while events are being written

	mu      sync.Mutex
	pending map[denialKind]*denial
	timer   *time.Timer // nil when nothing waits
	closed  bool
}

// denialKind is what denials must share to be one event.
type denialKind struct {
	action, source, actorID, operation, reason string
}

type denial struct {
	event       Event
	count       int
	first, last time.Time
}

// denied takes note of a refusal, if it is one that is audited.
func (s *Server) denied(info *request, refusal *problemError) {
	kind := denialKind{source: sourceNetwork(info.ip), actorID: info.caller.ID, operation: info.operation}
	code := refusal.code() // a gateway is told 403 for whatever it is
	if code == api.CodeRateLimited && info.caller.ID != "" {
		return // the key that was not looked up is one in question, and not the caller's
	}
	switch code {
	case api.CodeUnauthorized, api.CodeRateLimited:
		kind.action, kind.reason, kind.operation = ActionAuthenticationFail, info.failure, ""
	case api.CodeForbidden, api.CodeExceedsCaller:
		kind.action = ActionAuthorizationDeny
		if missing := refusal.problem.Missing; len(missing) > 0 {
			kind.reason = string(missing[0].Action)
		}
	case api.CodeNotFound:
		if refusal.hidden == "" {
			return
		}
		kind.action, kind.reason = ActionAuthorizationDeny, string(refusal.hidden)
	default:
		return
	}
	s.denials.record(kind, info)
}

func (e *problemError) code() api.Code {
	return api.Code(strings.TrimPrefix(e.problem.Type, api.ProblemTypePrefix))
}

func (d *denials) record(kind denialKind, info *request) {
	now := d.source.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.pending[kind]
	if !ok {
		event := kind.event(info)
		if len(d.pending) >= maxDenials {
			kind = kind.others()
			event = kind.event(&request{caller: api.Actor{Type: api.IdentityAnonymous}})
		}
		if known, ok = d.pending[kind]; !ok {
			known = &denial{event: event, first: now}
			d.pending[kind] = known
		}
	}
	known.count++
	known.last = now
	d.arm()
}

// others stands for all kinds of the action that found no place.
func (k denialKind) others() denialKind { return denialKind{action: k.action, reason: "any"} }

// event is the event of the first of a kind.
func (k denialKind) event(info *request) Event {
	event := Event{
		Actor: info.caller, Action: k.action, ResourceType: ResourceOperation, ResourceID: k.operation,
		RequestID: info.id, IP: info.ip, UserAgent: info.userAgent, Via: info.via, Metadata: map[string]string{},
	}
	if info.sshKey != "" {
		event.Metadata["ssh_key"] = info.sshKey
	}
	switch k.action {
	case ActionAuthenticationFail:
		event.ResourceType = ResourceAPIKey
		event.Metadata["reason"] = k.reason
	case ActionAuthorizationDeny:
		event.Metadata["missing"] = k.reason
	}
	return event
}

// sourceNetwork is what counts as one source: an IPv4 address, or the /64 that
// one machine has of IPv6.
func sourceNetwork(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil || address.Is4() {
		return ip
	}
	network, err := address.Prefix(64)
	if err != nil {
		return ip
	}
	return network.String()
}

// arm must be called with mu held.
func (d *denials) arm() {
	if d.timer != nil || d.closed || len(d.pending) == 0 {
		return
	}
	d.timer = time.AfterFunc(d.interval, func() {
		ctx, cancel := context.WithTimeout(context.Background(), denialTimeout)
		defer cancel()
		if err := d.flush(ctx); err != nil {
			d.logger.Warn("the events of refused requests could not be written, trying again later",
				"error", api.RedactKeys(err.Error()), "retry_in", d.interval)
		}
	})
}

// flush writes what waits, in one transaction. When that fails the counts are
// kept for the next time.
func (d *denials) flush(ctx context.Context) error {
	d.flushing.Lock()
	defer d.flushing.Unlock()
	d.mu.Lock()
	taken := d.pending
	d.pending = map[denialKind]*denial{}
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	events := make([]Event, 0, len(taken))
	for _, denial := range taken {
		events = append(events, d.finished(denial))
	}
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.IP, b.IP), cmp.Compare(a.RequestID, b.RequestID))
	})
	err := d.store.AppendEvents(ctx, events)
	if err != nil {
		d.mu.Lock()
		d.putBack(taken)
		d.arm()
		d.mu.Unlock()
	}
	return err
}

func (d *denials) finished(of *denial) Event {
	event := of.event
	event.ID, event.Time, event.Outcome = d.source.newID(), of.first, OutcomeDenied
	event.Metadata = map[string]string{"count": strconv.Itoa(of.count), "last_at": of.last.Format(time.RFC3339Nano)}
	for name, value := range of.event.Metadata {
		event.Metadata[name] = value
	}
	return event
}

// putBack must be called with mu held.
func (d *denials) putBack(taken map[denialKind]*denial) {
	for kind, earlier := range taken {
		later, ok := d.pending[kind]
		if !ok && len(d.pending) >= maxDenials && kind != kind.others() {
			kind = kind.others()
			earlier.event = kind.event(&request{caller: api.Actor{Type: api.IdentityAnonymous}})
			later, ok = d.pending[kind]
		}
		if !ok {
			d.pending[kind] = earlier
			continue
		}
		later.event, later.first = earlier.event, earlier.first
		later.count += earlier.count
	}
}

// close writes what waits, for the last time.
func (d *denials) close(ctx context.Context) error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	return d.flush(ctx)
}
