package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
)

var (
	created = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	updated = created.Add(time.Hour)
	seventy = 70
	account = api.ServiceAccount{
		ID: "a1", Name: "ci", Team: api.Ref{ID: "t1", Name: "platform"},
		Key:       api.KeySummary{Hint: "ps-4f8a…9Qx2", CreatedAt: created},
		CreatedBy: api.Actor{Type: api.IdentityUser, ID: "u1", Name: "ada"}, CreatedAt: created,
	}
	role = api.Role{ID: "r1", Name: "developer", CreatedBy: api.CreatedBySystem, Permissions: []api.Permission{}}
	team = api.Team{ID: "t1", Name: "platform", Role: role, CreatedAt: created, UpdatedAt: updated}
)

const (
	accountJSON = `{"id":"a1","name":"ci","team":{"id":"t1","name":"platform"},
		"key":{"hint":"ps-4f8a…9Qx2","created_at":"2026-03-01T12:00:00Z"},
		"created_by":{"type":"user","id":"u1","name":"ada"},"created_at":"2026-03-01T12:00:00Z"}`
	roleJSON = `{"id":"r1","name":"developer","created_by":"system","permissions":[]}`
	teamJSON = `{"id":"t1","name":"platform","role":` + roleJSON + `,"created_at":"2026-03-01T12:00:00Z","updated_at":"2026-03-01T13:00:00Z"}`
)

// TestShape holds the JSON of every type as the contract spells it, both ways.
func TestShape(t *testing.T) {
	used := account
	used.Key.LastUsedAt, used.Key.LastUsedIP = &updated, "10.0.4.7"
	gone := team
	gone.DeletedAt = &updated
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"service account, never used": {account, accountJSON},
		"service account, used": {used, `{"id":"a1","name":"ci","team":{"id":"t1","name":"platform"},
			"key":{"hint":"ps-4f8a…9Qx2","created_at":"2026-03-01T12:00:00Z","last_used_at":"2026-03-01T13:00:00Z","last_used_ip":"10.0.4.7"},
			"created_by":{"type":"user","id":"u1","name":"ada"},"created_at":"2026-03-01T12:00:00Z"}`},
		"service accounts, last page":   {api.ServiceAccountList{ServiceAccounts: []api.ServiceAccount{}}, `{"service_accounts":[],"links":{}}`},
		"service accounts, with totals": {api.ServiceAccountList{ServiceAccounts: []api.ServiceAccount{account}, Links: api.Links{Next: "/x?y"}, Total: &seventy}, `{"service_accounts":[` + accountJSON + `],"links":{"next":"/x?y"},"total":70}`},
		"create":                        {api.CreateServiceAccount{Name: "ci", TeamID: "t1"}, `{"name":"ci","team_id":"t1"}`},
		"create, sealed":                {api.CreateServiceAccount{Name: "ci", TeamID: "t1", SealedTo: []string{"age1q"}}, `{"name":"ci","team_id":"t1","sealed_to":["age1q"]}`},
		"team":                          {team, teamJSON},
		"team, deleted":                 {gone, teamJSON[:len(teamJSON)-1] + `,"deleted_at":"2026-03-01T13:00:00Z"}`},
		"teams":                         {api.TeamList{Teams: []api.Team{team}}, `{"teams":[` + teamJSON + `],"links":{}}`},
		"role":                          {role, roleJSON},
		"permission on all":             {api.Permission{Action: api.UseAgents, Scope: api.ScopeAll}, `{"action":"use-agents","scope":"all"}`},
		"permission on some":            {api.Permission{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"x"}}, `{"action":"use-agents","scope":"specific","resources":["x"]}`},
		"caller, a user": {api.Caller{Type: api.IdentityUser, ID: "u1", Name: "ada", Email: "ada@example.com",
			Teams: []api.CallerTeam{{ID: "t1", Name: "administrators", Role: "tenant-admin"}}, Permissions: []api.Permission{}},
			`{"type":"user","id":"u1","name":"ada","email":"ada@example.com","teams":[{"id":"t1","name":"administrators","role":"tenant-admin"}],"permissions":[]}`},
		"caller, a service account": {api.Caller{Type: api.IdentityServiceAccount, ID: "a1", Name: "ci", Teams: []api.CallerTeam{}, Permissions: []api.Permission{}},
			`{"type":"service_account","id":"a1","name":"ci","teams":[],"permissions":[]}`},
		"create user":      {api.CreateUser{Email: "a@b", Teams: []api.TeamRef{{ID: "t1"}}}, `{"email":"a@b","teams":[{"id":"t1"}]}`},
		"update user":      {api.UpdateUser{Name: new(string), StatusAction: api.SuspendUser}, `{"name":"","status_action":"suspend"}`},
		"set no members":   {api.ChangeMembers{UserIDs: []string{}}, `{"user_ids":[]}`},
		"create team":      {api.CreateTeam{Name: "platform"}, `{"name":"platform"}`},
		"update team":      {api.UpdateTeam{RoleID: new(string)}, `{"role_id":""}`},
		"update role":      {api.UpdateRole{}, `{}`},
		"actor, anonymous": {api.Actor{Type: api.IdentityAnonymous}, `{"type":"anonymous"}`},
		"problem": {api.Problem{Type: api.ProblemTypePrefix + string(api.CodeInvalid), Title: "Unprocessable Entity", Status: 422, Detail: "d", Instance: "/i",
			RequestID: "q", Errors: []api.FieldProblem{{Location: "body.name", Message: "m"}}, Missing: []api.Permission{{Action: api.UseAgents, Scope: api.ScopeAll}}, Existing: &account},
			`{"type":"urn:lifeguard:problem:invalid","title":"Unprocessable Entity","status":422,"detail":"d","instance":"/i","request_id":"q",
			"errors":[{"location":"body.name","message":"m"}],"missing_permissions":[{"action":"use-agents","scope":"all"}],"existing":` + accountJSON + `}`},
		"problem, bare": {api.Problem{Type: "about:blank", Title: "Not Found", Status: 404}, `{"type":"about:blank","title":"Not Found","status":404}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(test.value)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(test.want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreatedServiceAccountIsRead(t *testing.T) {
	var got api.CreatedServiceAccount
	if err := json.Unmarshal([]byte(`{"service_account":`+accountJSON+`,"api_key":"ps-x"}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(account, got.ServiceAccount); diff != "" || got.APIKey.Reveal() != "ps-x" || got.Replayed {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

func TestPathsAreThoseOfTheContract(t *testing.T) {
	for got, want := range map[string]string{
		api.PathMe: "/poolside/v1/me", api.PathTeams: "/poolside/v1/teams", api.PathTeam: "/poolside/v1/teams/{team_id}",
		api.PathServiceAccounts: "/poolside/v1/service-accounts", api.PathServiceAccount: "/poolside/v1/service-accounts/{id}",
		api.HeaderIdempotencyKey: "Idempotency-Key", api.HeaderIdempotentReplayed: "Idempotent-Replayed",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if api.DefaultPageSize != 20 || api.MaxPageSize != 300 || api.IdempotencyWindow != 24*time.Hour {
		t.Error("the limits are not those of the contract")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	e := &api.Error{Kind: api.KindRefused, Code: api.CodeNotFound, Detail: "it is gone", Cause: cause}
	wrapped := fmt.Errorf("delete: %w", e)
	if !errors.Is(wrapped, api.ErrNotFound) || errors.Is(wrapped, api.ErrForbidden) || !errors.Is(wrapped, cause) {
		t.Error("errors.Is does not go by code and cause")
	}
	if errors.Is(&api.Error{Kind: api.KindTimeout}, api.ErrNotFound) {
		t.Error("an error without a code is ErrNotFound")
	}
	if e.Error() != "it is gone" {
		t.Errorf("the text is %q", e.Error())
	}
	if e.RequestID = "q1"; e.Error() != "it is gone (request q1)" {
		t.Errorf("the text with a request id is %q", e.Error())
	}
}

func TestCodeOf(t *testing.T) {
	for status, want := range map[int]api.Code{
		400: api.CodeBadRequest, 401: api.CodeUnauthorized, 403: api.CodeForbidden, 404: api.CodeNotFound, 405: api.CodeNoSuchEndpoint,
		409: api.CodeConflict, 413: api.CodeTooLarge, 418: api.CodeBadRequest, 422: api.CodeInvalid, 429: api.CodeRateLimited,
		500: api.CodeInternal, 501: api.CodeInternal, 502: api.CodeUnavailable, 503: api.CodeUnavailable, 504: api.CodeUnavailable, 599: api.CodeInternal,
	} {
		if got := api.CodeOf(status); got != want {
			t.Errorf("CodeOf(%d) = %s, want %s", status, got, want)
		}
	}
}
