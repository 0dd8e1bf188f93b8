package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func (f *fixture) post(caller, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.do(caller, http.MethodPost, api.PathServiceAccounts, body, headers...)
}

func TestCreateGivesAWorkingKeyAndItsEvent(t *testing.T) {
	f := newFixture(t)
	f.clock.advance(time.Hour)
	answer := f.must(http.StatusCreated, f.post("manager", createBody("ci", f.teamB),
		"User-Agent", "curl/8\x1b[31m", api.HeaderVia, "console"))
	created := decode[api.CreatedServiceAccount](t, answer)
	key := created.APIKey.Reveal()
	if err := api.CheckKey(key); err != nil {
		t.Fatal(err)
	}
	want := api.ServiceAccount{
		ID: created.ServiceAccount.ID, Name: "ci", Team: api.Ref{ID: f.teamB, Name: "B"},
		Key:       api.KeySummary{Hint: api.KeyHint(key), CreatedAt: f.clock.Now()},
		CreatedBy: api.Actor{Type: api.IdentityUser, ID: f.ids["manager"], Name: "manager"}, CreatedAt: f.clock.Now(),
	}
	if diff := cmp.Diff(want, created.ServiceAccount); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if answer.Header().Get("Cache-Control") != "no-store" || answer.Header().Get(api.HeaderIdempotentReplayed) != "" {
		t.Errorf("headers %v", answer.Header())
	}
	read := f.must(http.StatusOK, f.do("admin", http.MethodGet, accountPath(want.ID), ""))
	if diff := cmp.Diff(want, decode[api.ServiceAccount](t, read)); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	f.must(http.StatusOK, f.do("key:"+key, http.MethodGet, api.PathMe, ""))

	events := f.events("service_account.create")
	event := events[len(events)-1]
	wantEvent := server.Event{
		ID: event.ID, Time: f.clock.Now(), Actor: want.CreatedBy, Action: "service_account.create",
		ResourceType: "service_account", ResourceID: want.ID, ResourceName: "ci", Outcome: "success",
		RequestID: answer.Header().Get(api.HeaderRequestID), IP: "192.0.2.7", UserAgent: "curl/8\uFFFD[31m", Via: "console",
		Metadata: map[string]string{"team_id": f.teamB, "team_name": "B", "key_hint": want.Key.Hint, "key_id": event.Metadata["key_id"]},
	}
	if diff := cmp.Diff(wantEvent, event); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

// A create whose key the client seals says so in its event, and is another create
// than one without.
func TestASealedCreateIsAudited(t *testing.T) {
	f := newFixture(t)
	id := newID()
	sealed := func(fingerprints ...string) string {
		body, err := json.Marshal(api.CreateServiceAccount{Name: "sealed", TeamID: f.teamA, SealedTo: fingerprints})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	one, two := "SHA256:"+strings.Repeat("a", 42)+"/", "age1"+strings.Repeat("q", 58)
	account, _ := f.created(f.post("admin", sealed(one, two), api.HeaderIdempotencyKey, id))
	f.clock.advance(time.Minute)
	again, _ := f.created(f.post("admin", sealed(one, two), api.HeaderIdempotencyKey, id))
	if again.ID != account.ID {
		t.Errorf("a repetition made %s, not %s", again.ID, account.ID)
	}
	for _, event := range f.events("service_account.create")[len(f.events("service_account.create"))-2:] {
		if event.Metadata["delivery"] != "sealed, never displayed" || event.Metadata["sealed_to"] != one+" "+two {
			t.Errorf("event %+v", event.Metadata)
		}
	}
	for _, other := range []string{createBody("sealed", f.teamA), sealed(one), sealed(two, one), sealed(one, two[:61])} {
		f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch, f.post("admin", other, api.HeaderIdempotencyKey, id))
	}
	many := make([]string, api.MaxSealedTo+1)
	for i := range many {
		many[i] = fmt.Sprintf("SHA256:%043d", i)
	}
	for want, bad := range map[error][]string{
		api.ErrSealedToForm: {"ada"}, api.ErrSealedTwice: {one, two, one}, api.ErrSealedToMany: many,
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.post("admin", sealed(bad...)))
		if diff := cmp.Diff([]api.FieldProblem{{Location: "body.sealed_to", Message: want.Error()}}, problem.Errors); diff != "" {
			t.Errorf("%v (-want +got):\n%s", bad, diff)
		}
	}
	for _, bad := range []string{"", "SHA256:", "SHA256:" + strings.Repeat("a", 44), "age1", "AGE1QQQ", "age1q q", one + "\n", "age1" + strings.Repeat("q", 81), f.keys["robot"]} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.post("admin", sealed(bad)))
	}
	f.created(f.post("admin", `{"name":"not sealed","team_id":"`+f.teamA+`","sealed_to":[]}`))
	events := f.events("service_account.create")
	if last := events[len(events)-1]; last.Metadata["delivery"] != "" {
		t.Errorf("event %+v", last.Metadata)
	}
}

func TestNamesAreKeptInOneForm(t *testing.T) {
	f := newFixture(t)
	created := f.create("admin", "Pru\u0308fung", f.teamA, "x")
	if created.Name != "Pr\u00fcfung" {
		t.Errorf("kept as %+q", created.Name)
	}
	problem := f.refused(http.StatusConflict, api.CodeNameTaken, f.post("admin", createBody("Pr\u00fcfung", f.teamA)))
	if problem.Existing == nil || problem.Existing.ID != created.ID {
		t.Errorf("existing %+v", problem.Existing)
	}
	f.create("admin", "Pr\u00fcfung", f.teamB, "the same name in another team")
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(created.ID), ""))
	f.create("admin", "Prüfung", f.teamA, "the name of a deleted one")
	for _, name := range []string{"支払い", "مفتاح", "🛟 rettung", "a", strings.Repeat("ä", 64), strings.Repeat("o\u0308", 64)} {
		f.create("admin", name, f.teamA, name)
	}
}

func TestBadCreatesAreRefusedAtTheField(t *testing.T) {
	f := newFixture(t)
	before := len(f.accounts("?page_size=300").ServiceAccounts)
	for name, why := range map[string]error{
		"": api.ErrNameEmpty, "   ": api.ErrNameEmpty, " ci": api.ErrNameSpace, "ci ": api.ErrNameSpace,
		strings.Repeat("x", 65): api.ErrNameLong, "a\nb": api.ErrNameControl, "a\x1b[2J": api.ErrNameControl, "a\x00": api.ErrNameControl,
		"a\u202eb": api.ErrNameInvisible, "a\u200bb": api.ErrNameInvisible, "\u0301a": api.ErrNameMark,
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.post("admin", createBody(name, f.teamA)))
		if diff := cmp.Diff([]api.FieldProblem{{Location: "body.name", Message: why.Error()}}, problem.Errors); diff != "" {
			t.Errorf("%+q (-want +got):\n%s", name, diff)
		}
	}
	for _, row := range []struct{ body, location string }{
		{createBody("ci", ""), "body.team_id"},
		{createBody("ci", "developers"), "body.team_id"},
		{createBody("ci", newID()), "body.team_id"},
		{createBody("ci", f.teamA+" "), "body.team_id"},
		{createBody(f.keys["robot"], f.teamA), "body.name"},
		{`{"name":"ci"}`, "body.team_id"},
		{`{"team_id":"` + f.teamA + `"}`, "body.name"},
		{`{"name":null,"team_id":"` + f.teamA + `"}`, "body.name"},
		{`{"name":["ci"],"team_id":"` + f.teamA + `"}`, "body.name"},
		{`{"name":"ci","team_id":7}`, "body.team_id"},
		{`{"name":"ci","team_id":"` + f.teamA + `","role":"tenant-admin"}`, "body.role"},
		{`{"name":"ci","team_id":"` + f.teamA + `","` + f.keys["robot"] + `":1}`, "body"},
		{`{"name":"ci","NAME":7,"team_id":"` + f.teamA + `"}`, "body"},
		{`{"Name":"ci","team_id":"` + f.teamA + `"}`, "body.name"},
		{`{"name":"ci","team_id":"` + f.teamA + `","Team_id":null}`, "body"},
		{`[]`, "body"},
		{`null`, "body"},
		{`"` + f.keys["robot"] + `"`, "body"},
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.post("admin", row.body))
		if len(problem.Errors) == 0 || problem.Errors[0].Location != row.location {
			t.Errorf("%s: errors %+v, want one at %s", row.body, problem.Errors, row.location)
		}
	}
	for _, body := range []string{"", "{", `{"name":"ci"`, f.keys["robot"], "\xff\xfe", `{"name":"a\xff","team_id":"` + f.teamA + `"}`, `{} {}`, "<html>",
		`{"name":"ci","name":"ci","team_id":"` + f.teamA + `"}`, `{"name":"ci","n\u0061me":"other","team_id":"` + f.teamA + `"}`,
		`{"name":"ci","team_id":"` + f.teamA + `","x":{"y":1,"y":{}}}`,
		`{"name":"half \ud83d","team_id":"` + f.teamA + `"}`, `{"name":"half \udd11x","team_id":"` + f.teamA + `"}`,
		`{"name":"\ud83d\ud83d\udd11","team_id":"` + f.teamA + `"}`, `{"name":"ci","\ud83d":1,"team_id":"` + f.teamA + `"}`,
	} {
		body = strings.ReplaceAll(body, `\xff`, "\xff")
		f.refused(http.StatusBadRequest, api.CodeBadRequest, f.post("admin", body))
	}
	f.refused(http.StatusUnsupportedMediaType, api.CodeBadRequest, f.post("admin", createBody("ci", f.teamA), "Content-Type", "text/xml"))
	f.refused(http.StatusRequestEntityTooLarge, api.CodeTooLarge, f.post("admin", createBody(strings.Repeat("x", 64<<10), f.teamA)))
	f.must(http.StatusCreated, f.post("admin", `{"name":"whole \ud83d\udd11 \\ud83d","team_id":"`+f.teamA+`"}`))
	before++
	padded := createBody("just fits", f.teamA)
	f.must(http.StatusCreated, f.post("admin", padded+strings.Repeat(" ", 64<<10-len(padded))))
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.post("", strings.Repeat("x", 1<<20)))
	if after := len(f.accounts("?page_size=300").ServiceAccounts); after != before+1 {
		t.Errorf("%d accounts came into being", after-before)
	}
}

// Whatever a client would like to have, a create that is carried out is
// answered with its key.
func TestEveryAcceptIsAnsweredInJSON(t *testing.T) {
	f := newFixture(t)
	for i, accept := range []string{"", "*/*", "application/json, application/problem+json", "text/html;q=1", ";0,0", ",", ";", "a;b", "json;q=0", "é;,,"} {
		answer := f.must(http.StatusCreated, f.post("admin", createBody(fmt.Sprintf("ci %d", i), f.teamA), "Accept", accept))
		if got := answer.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("Accept %q: Content-Type %q", accept, got)
		}
		if decode[api.CreatedServiceAccount](t, answer).APIKey.IsZero() {
			t.Errorf("Accept %q: no key: %s", accept, answer.Body)
		}
	}
}

// A media type is the same in any case, and may have space before its
// parameters.
func TestAMediaTypeIsKnownHoweverItIsWritten(t *testing.T) {
	f := newFixture(t)
	for i, media := range []string{"application/json", "Application/JSON", "application/json ; charset=utf-8", "APPLICATION/JSON;charset=UTF-8", "application/json;charset"} {
		f.must(http.StatusCreated, f.post("admin", createBody(fmt.Sprintf("ci %d", i), f.teamA), "Content-Type", media))
	}
	for _, media := range []string{"application/jsonx", "text/json", "x", "application/x-www-form-urlencoded"} {
		f.refused(http.StatusUnsupportedMediaType, api.CodeBadRequest, f.post("admin", createBody("no", f.teamA), "Content-Type", media))
	}
	f.must(http.StatusOK, f.do("admin", http.MethodPost, api.PathIntrospect, "token=x", "Content-Type", "Application/X-WWW-Form-URLencoded ; charset=utf-8"))
}

func TestDeleteEndsTheKey(t *testing.T) {
	f := newFixture(t)
	f.must(http.StatusOK, f.do("account of A", http.MethodGet, api.PathMe, ""))
	answer := f.must(http.StatusNoContent, f.do("manager", http.MethodDelete, accountPath(strings.ToUpper(f.accountA.ID)), ""))
	if answer.Body.Len() != 0 {
		t.Errorf("a body with 204: %q", answer.Body)
	}
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("account of A", http.MethodGet, api.PathMe, ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("manager", http.MethodDelete, accountPath(f.accountA.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, accountPath(f.accountA.ID), ""))
	events := f.events("service_account.delete")
	event := events[len(events)-1]
	if event.ResourceID != f.accountA.ID || event.ResourceName != "account of A" || event.Actor.ID != f.ids["manager"] ||
		event.RequestID != answer.Header().Get(api.HeaderRequestID) || event.Metadata["team_id"] != f.teamA {
		t.Errorf("event %+v", event)
	}
}

// Who may look and not touch is told so; to whom an account is hidden, it is
// not there.
func TestDeleteOfWhatMayOnlyBeSeen(t *testing.T) {
	f := newFixture(t)
	viewers := f.teamOf("viewer")
	f.write(func(tx server.Tx) error {
		return tx.InsertMember(t.Context(), viewers, f.ids["manager of A"], f.clock.Now())
	})
	problem := f.refused(http.StatusForbidden, api.CodeForbidden, f.do("manager of A", http.MethodDelete, accountPath(f.accountB.ID), ""))
	want := []api.Permission{{Action: api.ManageServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{f.teamB}}}
	if diff := cmp.Diff(want, problem.Missing); diff != "" {
		t.Errorf("missing_permissions (-want +got):\n%s", diff)
	}
}

func (f *fixture) teamOf(caller string) string {
	f.t.Helper()
	me := decode[api.Caller](f.t, f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathMe, "")))
	return me.Teams[0].ID
}

// No mutation without its event: when it cannot be written nothing is changed.
func TestWithoutTheEventNothingChanges(t *testing.T) {
	f := newFixture(t)
	before := f.accounts("?page_size=300&include_totals=true")
	f.faults.set(func(s *faultyStore) { s.write = errDisk })
	problem := f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.post("admin", createBody("ci", f.teamA), api.HeaderIdempotencyKey, newID()))
	if strings.Contains(problem.Detail, "disk") {
		t.Errorf("the cause is told: %s", problem.Detail)
	}
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("admin", http.MethodDelete, accountPath(f.accountA.ID), ""))
	f.faults.heal()
	if diff := cmp.Diff(before, f.accounts("?page_size=300&include_totals=true")); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	f.must(http.StatusOK, f.do("account of A", http.MethodGet, api.PathMe, ""))
	if logged := f.logs.String(); !strings.Contains(logged, "the disk is full") || strings.Contains(logged, "AAAA") {
		t.Errorf("the log does not have the cause without the key:\n%s", logged)
	}
	f.create("admin", "ci", f.teamA, "now it works")
}

func FuzzCreateBody(f *testing.F) {
	fix := newFixture(f)
	for _, seed := range []string{
		createBody("ci", fix.teamA), createBody("a\u202eb", fix.teamA), `{"name":"\ud800","team_id":"x"}`, `{}`, `[]`, `{"name":{}}`, "\xff", strings.Repeat("[", 9999),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fix := fix.within(t)
		answer := fix.post("admin", string(body))
		switch {
		case answer.Code == http.StatusCreated:
			created := decode[api.CreatedServiceAccount](t, answer)
			if err := api.CheckName(created.ServiceAccount.Name); err != nil {
				t.Errorf("made an account of a name that is refused: %v", err)
			}
			if clean := api.Clean(created.ServiceAccount.Name); clean != created.ServiceAccount.Name {
				t.Errorf("%+q is shown as %+q", created.ServiceAccount.Name, clean)
			}
			fix.must(http.StatusNoContent, fix.do("admin", http.MethodDelete, accountPath(created.ServiceAccount.ID), ""))
		case answer.Code >= 500:
			t.Errorf("%d: %s", answer.Code, answer.Body)
		default:
			var problem api.Problem
			if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil || problem.Detail == "" {
				t.Errorf("%d without a problem: %s", answer.Code, answer.Body)
			}
		}
	})
}
