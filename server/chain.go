package server

import (
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/api"
)

// ChainHash is the hash of an audit event at its place in the chain, which
// [api.ChainHash] defines.
func ChainHash(previous [32]byte, sequence int64, event Event) [32]byte {
	return api.ChainHash(previous, event.wire(sequence))
}

// wire is the event at its place, without its hash.
func (e Event) wire(sequence int64) api.AuditEvent {
	return api.AuditEvent{
		Sequence: sequence, ID: e.ID, Time: e.Time, Actor: e.Actor, Action: e.Action,
		Resource: api.AuditResource{Type: e.ResourceType, ID: e.ResourceID, Name: e.ResourceName},
		Outcome:  e.Outcome, RequestID: e.RequestID, IP: e.IP, UserAgent: e.UserAgent, Via: e.Via, Metadata: e.Metadata,
	}
}

// Outcomes of an audit event.
const (
	OutcomeSuccess = "success"
	OutcomeDenied  = "denied"
)

// Actions of audit events (contract, "Audit actions").
const (
	ActionOrganizationCreate   = "organization.create"
	ActionServiceAccountCreate = "service_account.create"
	ActionServiceAccountDelete = "service_account.delete"
	ActionAPIKeyCreate         = "api_key.create"
)

// Resource types of audit events.
const (
	ResourceOrganization   = "organization"
	ResourceServiceAccount = "service_account"
	ResourceAPIKey         = "api_key"
)

// maxEventText bounds each text of an event that comes from outside, in
// bytes: it must not become a way to fill the database.
const maxEventText = 256

// eventText makes a text from outside fit to be kept: valid UTF-8 without
// control characters, which a database may refuse and a terminal would obey,
// and without a key, which does not belong there and would never leave again.
func eventText(text string) string {
	text = api.Clean(api.RedactKeys(text)) // which may make it longer
	if len(text) <= maxEventText {
		return text
	}
	end := maxEventText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// storedTime is t as stores keep it: UTC, whole microseconds.
func storedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
