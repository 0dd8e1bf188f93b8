// Package feed reads an audit log as news of what changed in an organization.
// It does no waiting and no asking: it says what a batch of events means for
// who shows service accounts and teams, and whether the log is still the one
// that was followed.
package feed

import (
	"errors"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Position is how far a log was read: the sequence of the last event and its
// hash. The zero Position is before the first event.
type Position struct {
	Sequence int64
	Hash     string
}

// PositionOf is the end of a log whose newest events are given, newest first.
func PositionOf(newest []api.AuditEvent) Position {
	if len(newest) == 0 {
		return Position{}
	}
	return Position{Sequence: newest[0].Sequence, Hash: newest[0].Hash}
}

// Why what came cannot be added to what is known. The contract gives events
// gapless sequence numbers, so both are seen.
var (
	// ErrMissing says that events in between are gone: the log was pruned
	// further than it was read.
	ErrMissing = errors.New("audit events in between were removed")
	// ErrBack says that the log is another one than before: it was restored
	// from a copy, or replaced.
	ErrBack = errors.New("the audit log went back")
)

// Read moves on behind events that came after p, oldest first.
func (p Position) Read(events []api.AuditEvent) (Position, error) {
	for _, event := range events {
		switch {
		case event.Sequence <= p.Sequence:
			return p, ErrBack
		case event.Sequence > p.Sequence+1:
			return p, ErrMissing
		}
		p = Position{Sequence: event.Sequence, Hash: event.Hash}
	}
	return p, nil
}

// Before is the sequence to ask events after, to see whether the log still
// holds the last event that was read; see [Position.Check].
func (p Position) Before() int64 { return max(p.Sequence-1, 0) }

// Check looks at the events after [Position.Before], oldest first: the first
// must be the one that was read last.
func (p Position) Check(events []api.AuditEvent) error {
	switch {
	case p.Sequence == 0:
		return nil
	case len(events) == 0 || events[0].Sequence < p.Sequence:
		return ErrBack
	case events[0].Sequence > p.Sequence:
		return ErrMissing
	case events[0].Hash != p.Hash:
		return ErrBack
	}
	return nil
}

// Changes are what events mean.
type Changes struct {
	// Changed are ids of service accounts that were made or changed, and not
	// deleted since: look them up.
	Changed []string
	// Deleted are the service accounts that are gone.
	Deleted []Deletion
	// Accounts says that more may have changed than the two above can tell:
	// load all service accounts again.
	Accounts bool
	// Renamed are the teams with new names, for words.
	Renamed []Renaming
	// Teams says that teams, roles or what they permit changed.
	Teams bool
	// Caller says that what the caller may do can have changed.
	Caller bool
}

// Deletion is a service account that was deleted, and by whom.
type Deletion struct {
	ID, Name string
	By       api.Actor
}

// Renaming is a team that has another name.
type Renaming struct{ Before, After string }

// The metadata of the event of a changed team that holds its name before.
const previousName = "previous_name"

// Read says what events mean, oldest first.
func Read(events []api.AuditEvent) Changes {
	var c Changes
	for _, event := range events {
		if event.Outcome != "success" {
			continue
		}
		c.read(event)
	}
	return c
}

func (c *Changes) read(event api.AuditEvent) {
	kind, what, _ := strings.Cut(event.Action, ".")
	switch kind {
	case "service_account":
		c.account(event, what)
	case "team":
		c.Teams = true
		c.Caller = c.Caller || what != "create"
		if before := event.Metadata[previousName]; before != "" && before != event.Resource.Name {
			c.Renamed = append(c.Renamed, Renaming{Before: before, After: event.Resource.Name})
			c.Accounts = true
		}
	case "role":
		c.Teams, c.Caller = true, true
	case "user":
		c.Caller = true
	case "organization":
		c.Teams, c.Caller, c.Accounts = true, true, true
	}
}

func (c *Changes) account(event api.AuditEvent, what string) {
	id := event.Resource.ID
	c.Changed = slices.DeleteFunc(c.Changed, func(changed string) bool { return changed == id })
	if what != "delete" {
		c.Changed = append(c.Changed, id)
		return
	}
	c.Deleted = append(c.Deleted, Deletion{ID: id, Name: event.Resource.Name, By: event.Actor})
}
