package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

const hostileEvents = `{"audit_events":[{"sequence":4,"id":"e","time":"2030-01-02T03:04:05.000006Z","actor":{"type":"user","name":"\u001b[2J"},
	"action":"team.create","resource":{"type":"team"},"outcome":"success","metadata":{"\u001b":"\u0007"},"hash":"00"}],"links":{}}`

func (r *recorder) client(t *testing.T, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(r.URL, api.Secret{}, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAuditEventsAsksForWhatTheFilterSays(t *testing.T) {
	server := record(t, answersJSON(http.StatusOK, hostileEvents))
	c := server.client(t)
	list, err := c.AuditEvents(t.Context(), api.AuditFilter{
		After: 3, Since: time.Date(2030, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600)), Until: time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC),
		ActorType: api.IdentityUser, ActorID: "a", ResourceType: "team", ResourceID: "r", Action: "team.create", NewestFirst: true,
	}, api.ListOptions{PageSize: 7})
	if err != nil {
		t.Fatal(err)
	}
	want := "GET /poolside/v1/audit-events?action=team.create&actor_id=a&actor_type=user&after=3&order=desc&page_size=7" +
		"&resource_id=r&resource_type=team&since=2030-01-02T03%3A04%3A05.000006%2B01%3A00&until=2031-01-02T03%3A04%3A05Z"
	if got := server.seen()[0].line; got != want {
		t.Errorf("%s\n%s", got, want)
	}
	event := list.AuditEvents[0]
	if strings.ContainsRune(event.Actor.Name, 0x1b) || event.Metadata["\x1b"] != "" || len(event.Metadata) != 1 || event.Metadata["\ufffd"] != "\ufffd" {
		t.Errorf("not cleaned: %+v", event)
	}

	// For a verifier every byte is as it was.
	exact, err := c.AuditChain(t.Context(), 3)
	if err != nil || exact[0].Actor.Name != "\x1b[2J" || exact[0].Metadata["\x1b"] != "\a" {
		t.Errorf("%+v, %v", exact, err)
	}
	if got, want := server.seen()[1].line, "GET /poolside/v1/audit-events?after=3&page_size=300"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An event may name all users of a large team, and an export must have them.
func TestMetadataOfAuditEventsComesWhole(t *testing.T) {
	ids := strings.Repeat("01a21266-4a2d-78a4-b113-2ad0f0c2d3e4,", 1000)
	body := strings.Replace(hostileEvents, `"\u001b":"\u0007"`, `"added_ids":"`+ids+`\u001b"`, 1)
	list, err := record(t, answersJSON(http.StatusOK, body)).client(t).AuditEvents(t.Context(), api.AuditFilter{}, api.ListOptions{})
	if err != nil || list.AuditEvents[0].Metadata["added_ids"] != ids+"\ufffd" {
		t.Errorf("%d bytes of %d, %v", len(list.AuditEvents[0].Metadata["added_ids"]), len(ids), err)
	}
}

func TestAuditAnswersThatAreNone(t *testing.T) {
	for _, body := range []string{`{}`, `{"audit_events":[{}]}`, `{"audit_events":[{"sequence":1,"time":"now"}]}`, `[]`} {
		c := record(t, answersJSON(http.StatusOK, body)).client(t)
		_, list := c.AuditEvents(t.Context(), api.AuditFilter{}, api.ListOptions{})
		_, chain := c.AuditChain(t.Context(), 0)
		for _, err := range []error{list, chain} {
			var failure *api.Error
			if !errors.As(err, &failure) || failure.Kind != api.KindMalformed {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
	c := record(t, answersJSON(http.StatusOK, `{"audit_events":[{"sequence":9,"action":"audit_log.prune"}]}`)).client(t)
	if anchor, err := c.AuditAnchor(t.Context()); err == nil {
		t.Errorf("anchor %v", anchor)
	}
}

func TestFollowingGoesOnWhereItWas(t *testing.T) {
	pages := []string{
		`{"audit_events":[{"sequence":3},{"sequence":4}]}`, `{"audit_events":[]}`, `{"audit_events":[{"sequence":7}]}`, `{"audit_events":[{"sequence":7}]}`,
	}
	server := record(t, func(w http.ResponseWriter, r *http.Request) {
		body := pages[0]
		pages = pages[1:]
		answersJSON(http.StatusOK, body)(w, r)
	})
	c := server.client(t)
	var got []int64
	var failure error
	for event, err := range c.FollowAuditEvents(t.Context(), api.AuditFilter{After: 2, Action: "x"}) {
		if failure = err; err == nil {
			got = append(got, event.Sequence)
		}
	}
	if diff := cmp.Diff([]int64{3, 4, 7}, got); diff != "" || failure == nil {
		t.Errorf("%v, %v", got, failure)
	}
	var lines []string
	for _, request := range server.seen() {
		lines = append(lines, request.line)
	}
	const path = "GET /poolside/v1/audit-events?action=x&after="
	want := []string{path + "2&page_size=300&wait=30", path + "4&page_size=300&wait=30", path + "4&page_size=300&wait=30", path + "7&page_size=300&wait=30"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

// A server that holds its answer as it was asked to is not a slow one.
func TestWaitingIsNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(20 * time.Second):
				answersJSON(http.StatusOK, `{"audit_events":[]}`)(w, r)
			case <-r.Context().Done():
			}
		}
		c := connect(t, "http://embedded", newKey(t), pipe(t, held), client.WithTimeout(10*time.Second))
		if _, err := c.AuditEvents(t.Context(), api.AuditFilter{}, api.ListOptions{}); err == nil {
			t.Error("an answer that does not come was waited for")
		}
		if _, err := c.AwaitAuditEvents(t.Context(), api.AuditFilter{}, 30*time.Second); err != nil {
			t.Errorf("an answer that was asked to be held: %v", err)
		}
	})
}
