package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// callers is every kind of caller, in the order of the columns below.
var callers = []string{
	"anonymous", "garbage", "empty", "truncated", "typo", "unknown", "deleted", "suspended",
	"nobody", "scim", "viewer", "viewer of A", "manager of A", "manager", "admin", "robot",
}

// access is what each operation answers to each of the callers. An operation
// of the OpenAPI document without a row here fails the test.
// Each area has its own part; a new part is named here.
var access = joined(
	coreAccess,
	auditAccess,
	gatewayAccess,
	metricsAccess,
	accessControlAccess,
	userWriteAccess,
	memberAccess,
	teamWriteAccess,
	roleWriteAccess,
	developerKeyAccess,
	organizationAccess,
	userKeyAccess,
)

func joined[V any](parts ...map[string]V) map[string]V {
	all := map[string]V{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// accessRow is a request that the operation would carry out, and the status
// that each caller gets for it.
type accessRow struct {
	request func(f *fixture) (method, path, body string)
	want    string
}

var coreAccess = map[string]accessRow{
	"healthz":     {get(api.PathHealthz), "200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"},
	"readyz":      {get(api.PathReadyz), "200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"},
	"get-openapi": {get(api.PathOpenAPI), "200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"},
	"get-me":      {get(api.PathMe), "401 401 401 401 401 401 401 401 200 200 200 200 200 200 200 200"},
	"list-teams":  {get(api.PathTeams), "401 401 401 401 401 401 401 401 403 200 200 200 200 200 200 200"},
	"get-team": {func(f *fixture) (string, string, string) {
		return http.MethodGet, api.PathTeams + "/" + f.teamB, ""
	}, "401 401 401 401 401 401 401 401 403 200 200 404 404 200 200 200"},
	"list-service-accounts": {get(api.PathServiceAccounts), "401 401 401 401 401 401 401 401 403 403 200 200 200 200 200 200"},
	"get-service-account": {func(f *fixture) (string, string, string) {
		return http.MethodGet, accountPath(f.accountB.ID), ""
	}, "401 401 401 401 401 401 401 401 403 403 200 404 404 200 200 200"},
	"create-service-account": {func(f *fixture) (string, string, string) {
		return http.MethodPost, api.PathServiceAccounts, createBody("new "+newID(), f.teamB)
	}, "401 401 401 401 401 401 401 401 403 403 403 403 403 201 201 201"},
	"delete-service-account": {func(f *fixture) (string, string, string) {
		return http.MethodDelete, accountPath(f.create("admin", "target "+newID(), f.teamB, "target").ID), ""
	}, "401 401 401 401 401 401 401 401 403 403 403 403 404 204 204 204"},
}

func get(path string) func(*fixture) (string, string, string) {
	return func(*fixture) (string, string, string) { return http.MethodGet, path, "" }
}

// callerKeys adds the keys that are wrong in some way.
func (f *fixture) callerKeys() {
	whole := f.keys["admin"]
	f.keys["garbage"] = "hello"
	f.keys["empty"] = " "
	f.keys["truncated"] = whole[:len(whole)-5]
	f.keys["typo"] = whole[:10] + string(whole[11]) + string(whole[10]) + whole[12:]
	if f.keys["typo"] == whole {
		f.keys["typo"] = whole[:10] + "00" + whole[12:]
	}
	f.keys["unknown"] = mint(f.t)
}

func TestEveryOperationAnswersEveryCaller(t *testing.T) {
	f := newFixture(t)
	f.callerKeys()
	for _, path := range f.document().Paths {
		for _, operation := range path {
			row, ok := access[operation.OperationID]
			if !ok {
				t.Errorf("the operation %q has no row in this test", operation.OperationID)
				continue
			}
			var got []string
			for _, caller := range callers {
				name := caller
				if caller == "anonymous" {
					name = ""
				}
				method, path, body := row.request(f)
				answer := f.do(name, method, path, body)
				got = append(got, strings.Fields(answer.Result().Status)[0])
				f.documents(operation, answer)
				switch answer.Code {
				case http.StatusUnauthorized:
					f.refused(answer.Code, api.CodeUnauthorized, answer)
					if answer.Header().Get("WWW-Authenticate") != "Bearer" {
						t.Errorf("%s for %s: WWW-Authenticate %q", operation.OperationID, caller, answer.Header().Get("WWW-Authenticate"))
					}
				case http.StatusForbidden:
					f.refusedForPermission(operation.OperationID, answer)
				case http.StatusNotFound:
					f.refused(answer.Code, api.CodeNotFound, answer)
				}
			}
			if diff := cmp.Diff(strings.Fields(row.want), got); diff != "" {
				t.Errorf("%s for %q (-want +got):\n%s", operation.OperationID, callers, diff)
			}
		}
	}
}

// refusedForPermission checks that a refusal names what is missing, in words,
// on the wire and as a list, and who has it.
func (f *fixture) refusedForPermission(operation string, answer *httptest.ResponseRecorder) {
	f.t.Helper()
	problem := f.refused(http.StatusForbidden, api.CodeForbidden, answer)
	if len(problem.Missing) != 1 {
		f.t.Fatalf("%s: missing_permissions %+v", operation, problem.Missing)
	}
	missing := problem.Missing[0].Action
	for _, part := range []string{missing.Words(), "(" + string(missing) + ")", api.RoleTenantAdmin} {
		if !strings.Contains(problem.Detail, part) {
			f.t.Errorf("%s: the refusal does not say %q: %s", operation, part, problem.Detail)
		}
	}
}

func TestEveryRuleIsOfAnOperation(t *testing.T) {
	f := newFixture(t)
	var documented []string
	for _, path := range f.document().Paths {
		for _, operation := range path {
			documented = append(documented, operation.OperationID)
		}
	}
	rules := server.RuleIDs()
	slices.Sort(rules)
	slices.Sort(documented)
	if diff := cmp.Diff(documented, rules); diff != "" {
		t.Errorf("operations of the document and rules (-document +rules):\n%s", diff)
	}
}

func TestAnOperationWithoutARuleIsRefusedToEverybody(t *testing.T) {
	f := newFixture(t)
	called := false
	f.server.RegisterWithoutRule("/poolside/v1/forgotten", func() { called = true })
	for _, caller := range []string{"admin", "robot", "nobody"} {
		f.refused(http.StatusForbidden, api.CodeForbidden, f.do(caller, http.MethodGet, "/poolside/v1/forgotten", ""))
	}
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("", http.MethodGet, "/poolside/v1/forgotten", ""))
	if called {
		t.Error("the operation ran")
	}
}

// What is answered to a wrong key must not tell in which way it is wrong.
func TestAllWrongKeysGetOneAnswer(t *testing.T) {
	f := newFixture(t)
	f.callerKeys()
	var first api.Problem
	for i, caller := range []string{"", "garbage", "empty", "truncated", "typo", "unknown", "deleted", "suspended"} {
		problem := f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do(caller, http.MethodGet, api.PathMe, ""))
		problem.RequestID, problem.Instance = "", ""
		if i == 0 {
			first = problem
		} else if diff := cmp.Diff(first, problem); diff != "" {
			t.Errorf("%s (-anonymous +this):\n%s", caller, diff)
		}
	}
}

func TestHowAKeyIsSent(t *testing.T) {
	f := newFixture(t)
	key := f.keys["admin"]
	for value, status := range map[string]int{
		"Bearer " + key: http.StatusOK, "bearer " + key: http.StatusOK, "BEARER  " + key + " ": http.StatusOK,
		key: http.StatusUnauthorized, "Basic " + key: http.StatusUnauthorized, "Bearer" + key: http.StatusUnauthorized,
		"Bearer": http.StatusUnauthorized, "Bearer " + key + " " + key: http.StatusUnauthorized,
	} {
		if got := f.do("", http.MethodGet, api.PathMe, "", "Authorization", value).Code; got != status {
			t.Errorf("Authorization %q: %d, want %d", strings.ReplaceAll(value, key, "KEY"), got, status)
		}
	}
}

// Scoped permissions show some teams and hide the others.
func TestAScopedCallerSeesOnlyItsTeams(t *testing.T) {
	f := newFixture(t)
	for _, caller := range []string{"viewer of A", "manager of A"} {
		accounts := decode[api.ServiceAccountList](t, f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathServiceAccounts+"?include_totals=true", "")))
		if len(accounts.ServiceAccounts) != 1 || accounts.ServiceAccounts[0].ID != f.accountA.ID || *accounts.Total != 1 {
			t.Errorf("%s sees the accounts %+v", caller, accounts)
		}
		hidden := decode[api.ServiceAccountList](t, f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathServiceAccounts+"?team="+f.teamB, "")))
		byHash := decode[api.ServiceAccountList](t, f.must(http.StatusOK, f.do(caller, http.MethodGet,
			api.PathServiceAccounts+"?key_hash="+api.HashKey(f.keys["account of B"]).String(), "")))
		if len(hidden.ServiceAccounts)+len(byHash.ServiceAccounts) != 0 {
			t.Errorf("%s found a hidden account by a filter", caller)
		}
		teams := decode[api.TeamList](t, f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathTeams, "")))
		if len(teams.Teams) != 1 || teams.Teams[0].ID != f.teamA {
			t.Errorf("%s sees the teams %+v", caller, teams)
		}
		f.must(http.StatusOK, f.do(caller, http.MethodGet, accountPath(f.accountA.ID), ""))
		f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathTeams+"/"+f.teamA, ""))
	}
	f.must(http.StatusCreated, f.do("manager of A", http.MethodPost, api.PathServiceAccounts, createBody("mine", f.teamA)))
	f.must(http.StatusNoContent, f.do("manager of A", http.MethodDelete, accountPath(f.accountA.ID), ""))

	problem := f.refused(http.StatusForbidden, api.CodeForbidden,
		f.do("manager of A", http.MethodPost, api.PathServiceAccounts, createBody("not mine", f.teamB)))
	want := []api.Permission{{Action: api.ManageServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{f.teamB}}}
	if diff := cmp.Diff(want, problem.Missing); diff != "" {
		t.Errorf("missing_permissions (-want +got):\n%s", diff)
	}
}

func TestNobodyMakesAKeyThatExceedsThem(t *testing.T) {
	f := newFixture(t)
	problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller,
		f.do("manager", http.MethodPost, api.PathServiceAccounts, createBody("root", f.admins)))
	if len(problem.Missing) != len(api.Actions)-1 { // all but manage-service-accounts
		t.Errorf("missing_permissions %+v", problem.Missing)
	}
	for _, missing := range problem.Missing {
		if missing.Action == api.ManageServiceAccounts {
			t.Error("what the caller has is listed as missing")
		}
		if !strings.Contains(problem.Detail, "("+string(missing.Action)+")") {
			t.Errorf("the refusal does not name %s", missing.Action)
		}
	}
	if list := f.accounts("?query=root"); len(list.ServiceAccounts) != 0 {
		t.Error("the account was made nevertheless")
	}
}
