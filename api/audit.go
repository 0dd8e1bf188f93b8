package api

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// PathAuditEvents is the audit log, oldest event first (extension).
const PathAuditEvents = "/poolside/v1/audit-events"

// MaxAuditWait is how long a read of the audit log may wait for an event.
const MaxAuditWait = 30 * time.Second

// AuditEvent is one entry of the audit log: who did, or tried to do, what to
// which resource. Sequence starts at 1 and has no gaps.
type AuditEvent struct {
	Sequence  int64             `json:"sequence"`
	ID        string            `json:"id"`
	Time      time.Time         `json:"time"` // whole microseconds
	Actor     Actor             `json:"actor"`
	Action    string            `json:"action"` // such as service_account.create
	Resource  AuditResource     `json:"resource"`
	Outcome   string            `json:"outcome"` // "success" or "denied"
	RequestID string            `json:"request_id,omitempty"`
	IP        string            `json:"ip,omitempty"`
	UserAgent string            `json:"user_agent,omitempty"`
	Via       string            `json:"via,omitempty"`
	Metadata  map[string]string `json:"metadata"`
	// Hash is the event's place in the chain: [ChainHash] in lower-case hex.
	Hash string `json:"hash"`
}

// AuditResource is what an event is about. The name stays what it was.
type AuditResource struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// AuditEventList is one page of the audit log.
type AuditEventList struct {
	AuditEvents []AuditEvent `json:"audit_events"`
	Links       Links        `json:"links"`
	Total       *int         `json:"total,omitempty"` // only with include_totals
}

// AuditFilter narrows the audit log. Zero fields do not filter.
type AuditFilter struct {
	After        int64     // sequence: only later events
	Since        time.Time // events at or after this time
	Until        time.Time // events before this time
	ActorType    IdentityType
	ActorID      string
	ResourceType string
	ResourceID   string
	Action       string
	// NewestFirst turns the order round.
	NewestFirst bool
}

// ActionAuditPrune is the action of the event that stands for pruned ones:
// its metadata names the last of them, as [AnchorOf] reads it.
const ActionAuditPrune = "audit_log.prune"

// The metadata of an [ActionAuditPrune] event.
const (
	PruneThrough = "through_sequence" // sequence of the last pruned event
	PruneHash    = "through_hash"     // its hash
	PruneCount   = "events"           // how many were pruned
)

// Anchor is a place in the chain: an event's sequence and hash. The zero
// Anchor is the beginning, before the first event.
type Anchor struct {
	Sequence int64
	Hash     [sha256.Size]byte
}

// String is the anchor as [ParseAnchor] takes it, SEQUENCE:HASH.
func (a Anchor) String() string {
	return strconv.FormatInt(a.Sequence, 10) + ":" + a.HashText()
}

// HashText is the hash in lower-case hex.
func (a Anchor) HashText() string { return hex.EncodeToString(a.Hash[:]) }

// ParseAnchor reads an anchor as [Anchor.String] writes it.
func ParseAnchor(text string) (Anchor, error) {
	var a Anchor
	var digits string
	if _, err := fmt.Sscanf(text, "%d:%s", &a.Sequence, &digits); err != nil || !a.setHash(digits) || a.Sequence < 1 {
		return Anchor{}, fmt.Errorf("a place in the audit log is written SEQUENCE:HASH, with 64 hexadecimal digits")
	}
	return a, nil
}

func (a *Anchor) setHash(digits string) bool {
	raw, err := hex.DecodeString(digits)
	return err == nil && copy(a.Hash[:], raw) == len(a.Hash) && len(raw) == len(a.Hash)
}

// AnchorOf reads where the chain goes on from an [ActionAuditPrune] event.
func AnchorOf(pruned AuditEvent) (Anchor, bool) {
	if pruned.Action != ActionAuditPrune {
		return Anchor{}, false
	}
	a, err := ParseAnchor(pruned.Metadata[PruneThrough] + ":" + pruned.Metadata[PruneHash])
	return a, err == nil
}

// ChainVerifier checks the events of an audit log one after the other, in the
// order of their sequence. Its zero value begins before the first event.
type ChainVerifier struct {
	Anchor
	// Checked counts the events that were looked at.
	Checked int64
}

// Check reports what is wrong between the last event and this one, in one
// sentence, or "". After a fault it goes on with the event's own hash, so that
// each fault is reported where it is.
func (v *ChainVerifier) Check(event AuditEvent) string {
	previous, want := v.Anchor, v.Sequence+1
	v.Checked++
	if event.Sequence < want {
		return fmt.Sprintf("event %d stands where event %d should be", event.Sequence, want)
	}
	wellFormed := v.setHash(event.Hash)
	v.Sequence = event.Sequence
	switch computed := ChainHash(previous.Hash, event); {
	case event.Sequence > want:
		return missing(want, event.Sequence-1)
	case !wellFormed || computed != v.Hash:
		return fmt.Sprintf("event %d was edited or moved: its hash does not fit to it and the event before", event.Sequence)
	}
	return ""
}

// Missing says, in one sentence, that the log ends although it should go on up
// to and with the event last.
func (v *ChainVerifier) Missing(last int64) string { return missing(v.Sequence+1, last) }

func missing(first, last int64) string {
	if first == last {
		return fmt.Sprintf("event %d is missing", first)
	}
	return fmt.Sprintf("events %d to %d are missing", first, last)
}

// chainDomain is the first thing that is hashed: it names the encoding, so
// that a later one cannot be mistaken for it.
const chainDomain = "lifeguard.audit.v1"

// ChainHash is the hash of an audit event at its place in the chain. It covers
// the hash of the event before it (all zeros before the first), so an event
// that is edited, dropped or moved is found by computing the chain again. The
// event's own Hash is not part of it.
//
// It is SHA-256 over these bytes, in this order. A number is 8 bytes, big
// endian. A text is its length in bytes as a number, then its bytes as UTF-8.
//
//	 1  the text "lifeguard.audit.v1"
//	 2  previous, 32 bytes
//	 3  Sequence, a number
//	 4  ID, a text
//	 5  Time as microseconds since 1970-01-01T00:00:00Z, a number in two's
//	    complement; microseconds because that is the precision stores keep
//	 6  Actor.Type, Actor.ID, Actor.Name, three texts
//	 7  Action, Resource.Type, Resource.ID, Resource.Name, four texts
//	 8  Outcome, RequestID, IP, UserAgent, Via, five texts
//	 9  the count of Metadata's pairs, a number
//	10  each pair in ascending byte order of its key: key, value, two texts
//
// Every part has a fixed length or says its own, so no two events share an
// encoding. A nil Metadata and an empty one are the same event.
func ChainHash(previous [sha256.Size]byte, event AuditEvent) [sha256.Size]byte {
	b := make([]byte, 0, 512)
	b = appendText(b, chainDomain)
	b = append(b, previous[:]...)
	b = appendNumber(b, event.Sequence)
	b = appendText(b, event.ID)
	b = appendNumber(b, event.Time.UnixMicro())
	for _, text := range [...]string{
		string(event.Actor.Type), event.Actor.ID, event.Actor.Name,
		event.Action, event.Resource.Type, event.Resource.ID, event.Resource.Name,
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
