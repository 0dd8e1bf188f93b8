package server

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// chainDomain is the first thing that is hashed: it names the encoding, so
// that a later one cannot be mistaken for it.
const chainDomain = "lifeguard.audit.v1"

// ChainHash is the hash of an audit event at its place in the chain. It covers
// the hash of the event before it (all zeros before the first), so an event
// that is edited, dropped or moved is found by computing the chain again.
//
// It is SHA-256 over these bytes, in this order. A number is 8 bytes, big
// endian. A text is its length in bytes as a number, then its bytes as UTF-8.
//
//	 1  the text "lifeguard.audit.v1"
//	 2  previous, 32 bytes
//	 3  sequence, a number
//	 4  ID, a text
//	 5  Time as microseconds since 1970-01-01T00:00:00Z, a number in two's
//	    complement; microseconds because that is the precision stores keep
//	 6  Actor.Type, Actor.ID, Actor.Name, three texts
//	 7  Action, ResourceType, ResourceID, ResourceName, four texts
//	 8  Outcome, RequestID, IP, UserAgent, Via, five texts
//	 9  the count of Metadata's pairs, a number
//	10  each pair in ascending byte order of its key: key, value, two texts
//
// Every part has a fixed length or says its own, so no two events share an
// encoding. A nil Metadata and an empty one are the same event.
func ChainHash(previous [32]byte, sequence int64, event Event) [32]byte {
	b := make([]byte, 0, 512)
	b = appendText(b, chainDomain)
	b = append(b, previous[:]...)
	b = appendNumber(b, sequence)
	b = appendText(b, event.ID)
	b = appendNumber(b, event.Time.UnixMicro())
	for _, text := range []string{
		string(event.Actor.Type), event.Actor.ID, event.Actor.Name,
		event.Action, event.ResourceType, event.ResourceID, event.ResourceName,
		event.Outcome, event.RequestID, event.IP, event.UserAgent, event.Via,
	} {
		b = appendText(b, text)
	}
	b = appendNumber(b, int64(len(event.Metadata)))
	for _, key := range slices.Sorted(maps.Keys(event.Metadata)) {
		b = appendText(b, key)
		b = appendText(b, event.Metadata[key])
	}
	return sha256.Sum256(b)
}

func appendNumber(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func appendText(b []byte, text string) []byte {
	return append(appendNumber(b, int64(len(text))), text...)
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
	text = api.RedactKeys(text)
	if len(text) > maxEventText {
		text = text[:maxEventText]
	}
	return api.Clean(text)
}

// storedTime is t as stores keep it: UTC, whole microseconds.
func storedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
