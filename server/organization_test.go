package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var organizationAccess = map[string]accessRow{
	"get-organization": {get(api.PathOrganization), provisioning("200")},
	"apply-organization": {func(f *fixture) (string, string, string) {
		return http.MethodPut, api.PathOrganization, jsonOf(edited(f.organization(), func(o *api.Organization) {
			o.Users = append(o.Users, api.DeclaredUser{Email: newID() + "@example.com"})
		}))
	}, provisioning("200")},
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// organization is the document of what there is.
func (f *fixture) organization() api.Organization {
	f.t.Helper()
	answer := f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathOrganization, ""))
	document := decode[api.Organization](f.t, answer)
	document.ETag = answer.Header().Get("ETag")
	return document
}

func (f *fixture) put(caller string, document api.Organization, query string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.do(caller, http.MethodPut, api.PathOrganization+query, jsonOf(document), headers...)
}

// planned is the plan for a document, of which nothing is kept.
func (f *fixture) planned(document api.Organization) api.OrganizationPlan {
	f.t.Helper()
	answer := f.must(http.StatusOK, f.put("admin", document, "?dry_run=true"))
	plan := decode[api.OrganizationPlan](f.t, answer)
	plan.ETag = answer.Header().Get("ETag")
	return plan
}

// refusedWhole checks that a document is refused, by a dry run as well, and
// that nothing of it is kept.
func (f *fixture) refusedWhole(caller string, status int, code api.Code, document api.Organization) api.Problem {
	f.t.Helper()
	before, events := f.organization(), f.lastEvent()
	dry := f.refused(status, code, f.put(caller, document, "?dry_run=true"))
	done := f.refused(status, code, f.put(caller, document, ""))
	if diff := cmp.Diff(dry.Detail, done.Detail); diff != "" {
		f.t.Errorf("a dry run is refused with other words:\n%s", diff)
	}
	if diff := cmp.Diff(before, f.organization()); diff != "" {
		f.t.Errorf("a refusal changed something:\n%s", diff)
	}
	if last := f.lastEvent(); last != events {
		f.t.Errorf("a refusal wrote %d events", last-events)
	}
	return done
}

func (f *fixture) lastEvent() int64 {
	f.t.Helper()
	last, err := f.store.LastAuditEvent(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return last
}

// edited is a document after an edit.
func edited(document api.Organization, edit func(*api.Organization)) api.Organization {
	copied := api.Organization{}
	if err := json.Unmarshal([]byte(jsonOf(document)), &copied); err != nil {
		panic(err)
	}
	copied.ETag = document.ETag
	edit(&copied)
	return copied
}

func teamNamed(document *api.Organization, name string) *api.DeclaredTeam {
	for i := range document.Teams {
		if document.Teams[i].Name == name {
			return &document.Teams[i]
		}
	}
	panic("no team " + name)
}

func userWith(document *api.Organization, email string) *api.DeclaredUser {
	for i := range document.Users {
		if document.Users[i].Email == email {
			return &document.Users[i]
		}
	}
	panic("no user " + email)
}

func TestADocumentOfWhatThereIsChangesNothing(t *testing.T) {
	f := newFixture(t)
	document := f.organization()
	if document.ETag == "" || document.ETag != f.organization().ETag {
		t.Errorf("the ETag %q does not stay", document.ETag)
	}
	if !cmp.Equal(teamNamed(&document, "administrators"), &api.DeclaredTeam{Name: "administrators", Role: "tenant-admin", Members: []string{"mary@example.com"}}) {
		t.Errorf("%+v", document.Teams)
	}
	if got := document.Roles[len(document.Roles)-1].Permissions; !cmp.Equal(got, []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{"A"}}}) {
		t.Errorf("a permission for a team: %+v", got)
	}
	before := f.lastEvent()
	for _, query := range []string{"", "?dry_run=true"} {
		answer := f.must(http.StatusOK, f.put("scim", document, query, "If-Match", document.ETag))
		if got := decode[api.OrganizationPlan](t, answer); len(got.Changes) != 0 || got.Applied || answer.Header().Get("ETag") != document.ETag {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if last := f.lastEvent(); last != before {
		t.Errorf("%d events of no change", last-before)
	}
}

// reshaped is an edit that has something of everything in it.
func reshaped(document *api.Organization) {
	document.Roles = append(document.Roles, api.DeclaredRole{Name: "auditors", Permissions: []api.Permission{
		{Action: api.ViewAuditLog, Scope: api.ScopeAll}, {Action: api.ViewServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{"new"}},
	}})
	for i, role := range document.Roles {
		switch role.Name {
		case "role of team of viewer":
			document.Roles[i].Name, document.Roles[i].Previously = "viewers", role.Name
		case "role of B":
			document.Roles[i].Permissions[0].Resources = []string{"agent-2"}
		}
	}
	document.Roles = deleteRole(document.Roles, "role of team of manager")
	teams := document.Teams[:0]
	for _, team := range document.Teams {
		switch team.Name {
		case "team of manager": // its role goes with it
			continue
		case "team of viewer":
			team.Name, team.Previously, team.Role = "lookers", team.Name, "viewers"
		case "B":
			team.Role, team.Members = "auditors", []string{"new@example.com"}
		}
		teams = append(teams, team)
	}
	document.Teams = append(teams, api.DeclaredTeam{Name: "new", Members: []string{"NEW@example.com", "manager@example.com"}})
	users := document.Users[:0]
	for _, user := range document.Users {
		switch user.Email {
		case "viewer.of.A@example.com":
			continue
		case "scim@example.com":
			user.Email, user.Previously, user.Name = "skim@example.com", "scim@example.com", "Skim"
		case "nobody@example.com":
			user.Suspended = true
		case "suspended@example.com":
			user.Suspended = false
		}
		users = append(users, user)
	}
	document.Users = append(users, api.DeclaredUser{Email: "new@example.com", Name: "New"}, api.DeclaredUser{Email: "off@example.com", Suspended: true})
	for i := range document.Teams {
		members := document.Teams[i].Members[:0]
		for _, email := range document.Teams[i].Members {
			switch email {
			case "viewer.of.A@example.com":
				continue
			case "scim@example.com":
				email = "Skim@Example.com"
			}
			members = append(members, email)
		}
		document.Teams[i].Members = members
	}
}

func deleteRole(roles []api.DeclaredRole, name string) []api.DeclaredRole {
	kept := roles[:0]
	for _, role := range roles {
		if role.Name != name {
			kept = append(kept, role)
		}
	}
	return kept
}

func TestADocumentIsAppliedWhole(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) { testADocumentIsAppliedWhole(t, newFixtureOn(t, dsn)) })
}

func TestADocumentIsAppliedWholeAtTheSecondTry(t *testing.T) {
	f := newFixture(t)
	f.faults.twice = true
	testADocumentIsAppliedWhole(t, f)
}

func testADocumentIsAppliedWhole(t *testing.T, f *fixture) {
	before := f.organization()
	wanted := edited(before, reshaped)
	plan := f.planned(wanted)
	field := func(name, from, to string) api.FieldChange { return api.FieldChange{Field: name, From: from, To: to} }
	moves := func(name string, added, removed []string) api.FieldChange {
		return api.FieldChange{Field: name, Added: added, Removed: removed}
	}
	want := []api.OrganizationChange{
		{Action: "update", Type: "role", Name: "role of B", Fields: []api.FieldChange{moves("permissions", []string{"use-agents on agent-2"}, []string{"use-agents on agent-1"})}},
		{Action: "update", Type: "role", Name: "viewers", Fields: []api.FieldChange{field("name", "role of team of viewer", "viewers")}},
		{Action: "create", Type: "role", Name: "auditors", Fields: []api.FieldChange{moves("permissions", []string{"view-audit-log", "view-service-accounts on new"}, nil)}},
		{Action: "delete", Type: "role", Name: "role of team of manager"},
		{Action: "update", Type: "team", Name: "B", Fields: []api.FieldChange{field("role", "role of B", "auditors"), moves("members", []string{"new@example.com"}, nil)}},
		{Action: "update", Type: "team", Name: "lookers", Fields: []api.FieldChange{field("name", "team of viewer", "lookers")}},
		{Action: "create", Type: "team", Name: "new", Fields: []api.FieldChange{field("role", "", "developer"), moves("members", []string{"NEW@example.com", "manager@example.com"}, nil)}},
		{Action: "delete", Type: "team", Name: "team of manager", Fields: []api.FieldChange{moves("members", nil, []string{"manager@example.com"})}},
		{Action: "update", Type: "user", Name: "nobody@example.com", Fields: []api.FieldChange{field("suspended", "false", "true")}},
		{Action: "update", Type: "user", Name: "skim@example.com", Fields: []api.FieldChange{field("email", "scim@example.com", "skim@example.com"), field("name", "scim", "Skim")}},
		{Action: "update", Type: "user", Name: "suspended@example.com", Fields: []api.FieldChange{field("suspended", "true", "false")}},
		{Action: "create", Type: "user", Name: "new@example.com", Fields: []api.FieldChange{field("name", "", "New")}},
		{Action: "create", Type: "user", Name: "off@example.com", Fields: []api.FieldChange{field("suspended", "", "true")}},
		{Action: "delete", Type: "user", Name: "viewer.of.A@example.com"},
	}
	if diff := cmp.Diff(want, plan.Changes, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, f.organization()); diff != "" || plan.Applied || plan.ETag != before.ETag {
		t.Errorf("a dry run changed something:\n%s", diff)
	}

	first := f.lastEvent() + 1
	answer := f.must(http.StatusOK, f.put("admin", wanted, "", "If-Match", plan.ETag, api.HeaderVia, "test"))
	done := decode[api.OrganizationPlan](t, answer)
	if diff := cmp.Diff(plan.Changes, done.Changes); diff != "" || !done.Applied {
		t.Errorf("what was done is not what was planned:\n%s", diff)
	}
	after := f.organization()
	if after.ETag != answer.Header().Get("ETag") || after.ETag == before.ETag {
		t.Errorf("ETags %q, %q and %q", before.ETag, answer.Header().Get("ETag"), after.ETag)
	}
	if again := f.planned(wanted); len(again.Changes) != 0 {
		t.Errorf("applied again it changes %+v", again.Changes)
	}
	f.eventsOfTheDocument(first)

	// The keys of those it was about, at once. Service accounts stay as they were.
	for caller, status := range map[string]int{
		"nobody": http.StatusUnauthorized, "viewer of A": http.StatusUnauthorized, "suspended": http.StatusOK, "scim": http.StatusOK,
		"account of A": http.StatusOK, "account of B": http.StatusOK, "robot": http.StatusOK,
	} {
		f.must(status, f.do(caller, http.MethodGet, api.PathMe, ""))
	}
	if got := f.accounts("?team=" + f.teamB).ServiceAccounts; len(got) != 1 || got[0].Team.ID != f.teamB {
		t.Errorf("%+v", got)
	}
}

// eventsOfTheDocument checks the events that a document left, from the first
// one on: one for each step, by one request, chained.
func (f *fixture) eventsOfTheDocument(first int64) {
	f.t.Helper()
	page, err := f.store.AuditEvents(f.t.Context(), server.AuditQuery{Limit: 300})
	if err != nil {
		f.t.Fatal(err)
	}
	var verifier api.ChainVerifier
	var got []string
	requests := map[string]bool{}
	for _, event := range page.Events {
		if fault := verifier.Check(event); fault != "" {
			f.t.Error(fault)
		}
		if event.Sequence >= first {
			got = append(got, event.Action+" "+event.Resource.Name)
			requests[event.RequestID+event.Via+event.Actor.ID] = true
		}
	}
	want := []string{
		"role.update role of B", "role.update viewers", "role.create auditors",
		"team.update B", "team.update lookers", "team.create new",
		"team.delete team of manager", "role.delete role of team of manager",
		"user.suspend nobody@example.com", "user.update skim@example.com", "user.unsuspend suspended@example.com",
		"user.create new@example.com", "user.create off@example.com", "user.suspend off@example.com",
		"team.set_members B", "team.set_members new", "user.delete viewer.of.A@example.com",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(requests) != 1 {
		f.t.Errorf("the events, of %d requests (-want +got):\n%s", len(requests), diff)
	}
}

func TestNothingOfADocumentIsKeptWhenAStepFails(t *testing.T) {
	f := newFixture(t)
	before := f.organization()
	wanted := edited(before, reshaped)
	f.faults.set(func(s *faultyStore) { s.write = errDisk })
	problem := f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.put("admin", wanted, ""))
	if !strings.Contains(problem.Detail, "nothing was changed") {
		t.Error(problem.Detail)
	}
	f.faults.heal()
	if diff := cmp.Diff(before, f.organization()); diff != "" {
		t.Errorf("a failed write changed something:\n%s", diff)
	}
	f.must(http.StatusOK, f.put("admin", wanted, "", "If-Match", before.ETag))
}

func TestADocumentIsForTheStateThatItWasPlannedFor(t *testing.T) {
	f := newFixture(t)
	document := f.organization()
	wanted := edited(document, func(o *api.Organization) { o.Users = append(o.Users, api.DeclaredUser{Email: "new@example.com"}) })
	f.refused(http.StatusPreconditionRequired, api.CodePreconditionMissing, f.put("admin", wanted, "", "If-Match", ""))

	// The first use of a key is no change.
	f.giveKey(f.newUser("bob@example.com"), "bob")
	document = f.organization()
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
	if got := f.organization().ETag; got != document.ETag {
		t.Errorf("a first use of a key made %s of %s", got, document.ETag)
	}
	// Each of these is.
	carol := f.newUser("carol@example.com")
	for what, change := range map[string]func(){
		"a member": func() {
			f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.teamB, "add"), idsBody(carol.ID)))
		},
		"a role": func() { f.newRole("fresh", provisionOnly) },
		"a team": func() { f.newTeam("fresh", "") },
		"a suspension": func() {
			f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(carol.ID), `{"status_action":"suspend"}`))
		},
		"another person": func() {
			f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, userPath(carol.ID), ""))
			carol = f.newUser("carol@example.com")
		},
	} {
		before := f.organization()
		change()
		f.refused(http.StatusPreconditionFailed, api.CodePreconditionFailed, f.put("admin", wanted, "", "If-Match", before.ETag))
		f.refused(http.StatusPreconditionFailed, api.CodePreconditionFailed, f.put("admin", wanted, "?dry_run=true", "If-Match", before.ETag))
		if got := f.organization().ETag; got == before.ETag {
			t.Errorf("%s is no change", what)
		}
	}
	f.must(http.StatusOK, f.put("admin", f.organization(), "", "If-Match", `"other", `+f.organization().ETag))
}

func TestADocumentKeepsToTheRules(t *testing.T) {
	f := newFixture(t)
	document := f.organization()
	const exceeds, conflict = http.StatusForbidden, http.StatusConflict
	for name, c := range map[string]struct {
		caller string
		status int
		code   api.Code
		words  string
		edit   func(*api.Organization)
	}{
		"a team with service accounts": {"admin", conflict, api.CodeConflict, `Team "A": This team still has 1 service account.`, func(o *api.Organization) {
			o.Teams = append(o.Teams[:0], o.Teams[1:]...) // A is the first
			for i := range o.Roles {
				for j := range o.Roles[i].Permissions {
					if o.Roles[i].Permissions[j].Action.TeamScoped() && o.Roles[i].Permissions[j].Scope == api.ScopeSpecific {
						o.Roles[i].Permissions[j].Resources = []string{f.teamA}
					}
				}
			}
		}},
		"the last administrator, suspended": {"scim", conflict, api.CodeConflict, "active user whose team has the role tenant-admin", func(o *api.Organization) {
			userWith(o, "mary@example.com").Suspended = true
		}},
		"the last administrator, removed": {"scim", conflict, api.CodeConflict, "active user", func(o *api.Organization) {
			teamNamed(o, "administrators").Members = []string{}
		}},
		"the last administrator, deleted": {"scim", conflict, api.CodeConflict, "active user", func(o *api.Organization) {
			teamNamed(o, "administrators").Members = []string{}
			for i, user := range o.Users {
				if user.Email == "mary@example.com" {
					o.Users = append(o.Users[:i], o.Users[i+1:]...)
					break
				}
			}
		}},
		"the last administrator's team": {"admin", conflict, api.CodeConflict, "active user", func(o *api.Organization) {
			teamNamed(o, "administrators").Role = "developer"
		}},
		"an administrator who was never there": {"admin", conflict, api.CodeConflict, "active user", func(o *api.Organization) {
			o.Users = append(o.Users, api.DeclaredUser{Email: "new@example.com"})
			teamNamed(o, "administrators").Members = []string{"new@example.com"}
		}},
		"a role beyond the caller": {"scim", exceeds, api.CodeExceedsCaller, `Role "mine": This role can do more than you: Audit log: View`, func(o *api.Organization) {
			o.Roles = append(o.Roles, api.DeclaredRole{Name: "mine", Permissions: []api.Permission{{Action: api.ViewAuditLog, Scope: api.ScopeAll}}})
		}},
		"a role that grows beyond the caller": {"scim", exceeds, api.CodeExceedsCaller, `Role "role of team of scim"`, func(o *api.Organization) {
			for i := range o.Roles {
				if o.Roles[i].Name == "role of team of scim" {
					o.Roles[i].Permissions = append(o.Roles[i].Permissions, api.Permission{Action: api.CreateAgent, Scope: api.ScopeAll})
				}
			}
		}},
		"a team beyond the caller": {"scim", exceeds, api.CodeExceedsCaller, `Team "mine"`, func(o *api.Organization) {
			o.Teams = append(o.Teams, api.DeclaredTeam{Name: "mine", Role: "tenant-admin", Members: []string{}})
		}},
		"a team's role beyond the caller": {"scim", exceeds, api.CodeExceedsCaller, `Team "team of scim"`, func(o *api.Organization) {
			teamNamed(o, "team of scim").Role = "tenant-admin"
		}},
		"a member of a team beyond the caller": {"scim", exceeds, api.CodeExceedsCaller, `Team "administrators"`, func(o *api.Organization) {
			team := teamNamed(o, "administrators")
			team.Members = append(team.Members, "scim@example.com")
		}},
		"a team beyond the caller, deleted": {"scim", exceeds, api.CodeExceedsCaller, `Team "team of viewer"`, func(o *api.Organization) {
			for i, team := range o.Teams {
				if team.Name == "team of viewer" {
					o.Teams = append(o.Teams[:i], o.Teams[i+1:]...)
					break
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := f.within(t)
			problem := f.refusedWhole(c.caller, c.status, c.code, edited(document, c.edit))
			if !strings.Contains(problem.Detail, c.words) {
				t.Errorf("%q does not say %q", problem.Detail, c.words)
			}
		})
	}

	// On the way there may be no administrator: what counts is the end.
	moved := edited(document, func(o *api.Organization) {
		teamNamed(o, "administrators").Members = []string{}
		o.Teams = append(o.Teams, api.DeclaredTeam{Name: "keepers", Role: "tenant-admin", Members: []string{"mary@example.com"}})
	})
	f.must(http.StatusOK, f.put("admin", moved, ""))
}

func TestADocumentThatContradictsItself(t *testing.T) {
	f := newFixture(t)
	document := f.organization()
	for location, edit := range map[string]func(*api.Organization){
		"body.roles[0].name":        func(o *api.Organization) { o.Roles[0].Name = "tenant-admin" },
		"body.roles[1].name":        func(o *api.Organization) { o.Roles[1].Name = o.Roles[0].Name },
		"body.roles[0].permissions": func(o *api.Organization) { o.Roles[0].Permissions, o.Roles[0].Name = nil, "other" },
		"body.roles[0].previously":  func(o *api.Organization) { o.Roles[0].Previously = o.Roles[1].Name },
		"body.roles[1].previously": func(o *api.Organization) {
			withoutRoles(o)
			o.Roles[0].Name, o.Roles[0].Previously = "x", "gone"
			o.Roles[1].Name, o.Roles[1].Previously = "y", "gone"
		},
		"body.roles[0].permissions[0].action": func(o *api.Organization) {
			o.Roles[0].Permissions = []api.Permission{{Action: "fly", Scope: api.ScopeAll}}
		},
		"body.roles[0].permissions[0].resources[1]": func(o *api.Organization) {
			o.Roles[0].Permissions = []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{"A", "nowhere"}}}
		},
		"body.teams[0].name": func(o *api.Organization) {
			o.Teams[0].Name, o.Teams[0].Previously = " A", "A"
			o.Roles = []api.DeclaredRole{}
			withoutRoles(o)
		},
		"body.teams[1].name":       func(o *api.Organization) { o.Teams[1].Name = o.Teams[0].Name },
		"body.teams[0].role":       func(o *api.Organization) { o.Teams[0].Role = "nowhere" },
		"body.teams[0].members[0]": func(o *api.Organization) { o.Teams[0].Members = []string{"nobody@nowhere"} },
		"body.teams[0].members[1]": func(o *api.Organization) { o.Teams[0].Members = []string{"mary@example.com", "Mary@example.com"} },
		"body.users[1].email":      func(o *api.Organization) { o.Users[1].Email = strings.ToUpper(o.Users[0].Email) },
		"body.users[2].email": func(o *api.Organization) {
			o.Users = append(o.Users[:2], api.DeclaredUser{Email: "none"})
			noMembers(o)
		},
		"body.users[0].name": func(o *api.Organization) { o.Users[0].Name = f.keys["admin"] },
	} {
		problem := f.refusedWhole("admin", http.StatusUnprocessableEntity, api.CodeInvalid, edited(document, edit))
		if len(problem.Errors) == 0 || problem.Errors[0].Location != location {
			t.Errorf("%s: %+v", location, problem.Errors)
		}
	}
	for _, body := range []string{`{}`, `{"roles":[],"teams":[]}`, `{"roles":null,"teams":[],"users":[]}`, `{"roles":[],"teams":[],"users":[],"accounts":[]}`, `[]`} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPut, api.PathOrganization, body))
	}
}

// withoutRoles gives every team the system's role.
func withoutRoles(o *api.Organization) {
	for i := range o.Teams {
		o.Teams[i].Role = ""
	}
}

func noMembers(o *api.Organization) {
	for i := range o.Teams {
		o.Teams[i].Members = []string{}
	}
}

func TestADocumentMayBeLarge(t *testing.T) {
	f := newFixture(t)
	wanted := edited(f.organization(), func(o *api.Organization) {
		for i := range 3_000 {
			o.Users = append(o.Users, api.DeclaredUser{Email: fmt.Sprintf("user-%d@example.com", i), Name: "One of many"})
		}
	})
	if size := len(jsonOf(wanted)); size < 128<<10 {
		t.Fatalf("%d bytes are not many", size)
	}
	if plan := f.planned(wanted); len(plan.Changes) != 3_000 {
		t.Errorf("%d changes", len(plan.Changes))
	}
	wanted.Users = append(wanted.Users, api.DeclaredUser{Email: strings.Repeat("x", api.MaxOrganization)})
	f.refused(http.StatusRequestEntityTooLarge, api.CodeTooLarge, f.put("admin", wanted, "?dry_run=true"))
}
