package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

func TestOCSFClassesAndActivities(t *testing.T) {
	schema := readOCSFSchema(t)
	user := api.Actor{Type: api.IdentityUser, ID: "u", Name: "Ada"}
	for _, c := range []struct {
		event           api.AuditEvent
		class, activity int
		status          int
	}{
		{api.AuditEvent{Action: "service_account.create", Actor: user, Resource: api.AuditResource{Type: "service_account", ID: "s", Name: "ci"}, Outcome: "success", IP: "192.0.2.1"}, 3004, 1, 1},
		{api.AuditEvent{Action: "user.suspend", Actor: user, Resource: api.AuditResource{Type: "user", ID: "v"}, Outcome: "success"}, 3004, 12, 1},
		{api.AuditEvent{Action: "team.something_new", Actor: api.Actor{Type: api.IdentitySystem}, Outcome: "success"}, 3004, 99, 1},
		{api.AuditEvent{Action: "authentication.fail", Actor: api.Actor{Type: api.IdentityAnonymous}, Outcome: "denied"}, 3002, 1, 2},
		{api.AuditEvent{Action: "authorization.deny", Actor: api.Actor{Type: api.IdentityServiceAccount, ID: "s"}, Resource: api.AuditResource{Type: "operation", ID: "get-team"}, Outcome: "denied"}, 6003, 99, 2},
		{api.AuditEvent{Action: "audit_log.prune", Actor: api.Actor{Type: api.IdentitySystem}, Outcome: "success"}, 6003, 99, 1},
		{api.AuditEvent{}, 6003, 99, 2},
	} {
		c.event.ID, c.event.Sequence, c.event.Time = "e", 7, time.UnixMilli(1234567)
		text, err := json.Marshal(toOCSF(c.event))
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int{
			"class_uid": c.class, "activity_id": c.activity, "status_id": c.status, "category_uid": c.class / 1000,
			"type_uid": c.class*100 + c.activity, "time": 1234567,
		} {
			if document[name] != float64(want) {
				t.Errorf("%s: %s is %v, want %d", c.event.Action, name, document[name], want)
			}
		}
		if c.activity == ocsfActivityOther && c.event.Action != "" && document["activity_name"] == nil {
			t.Errorf("%s: another activity has no name", c.event.Action)
		}
		schema.check(t, text)
	}
}

// Every kind of event that the server has a name for, by every kind of actor,
// as little and as much as can be known of it.
func TestOCSFOfEveryEventKeepsToTheSchema(t *testing.T) {
	schema := readOCSFSchema(t)
	actions := serverActions(t)
	if len(actions) < 20 {
		t.Fatalf("the server names only %q", actions)
	}
	for _, action := range append(actions, "", "something.new") {
		subject, _, _ := strings.Cut(action, ".")
		for _, actor := range []api.Actor{
			{}, {Type: api.IdentityAnonymous}, {Type: api.IdentitySystem}, {Type: api.IdentityUser, ID: "u"},
			{Type: api.IdentityUser, ID: "u", Name: "Ada"}, {Type: api.IdentityServiceAccount, ID: "s", Name: "ci"},
		} {
			for _, event := range []api.AuditEvent{
				{},
				{Outcome: "denied", IP: "192.0.2.1", Resource: api.AuditResource{Type: "operation", ID: "get-team"}, Metadata: map[string]string{"count": "3"}},
				{
					ID: "e", Sequence: 7, Time: time.UnixMilli(1234567), Outcome: "success", RequestID: "r", IP: "2001:db8::1", UserAgent: "curl", Via: "console",
					Resource: api.AuditResource{Type: subject, ID: "x", Name: "X"}, Metadata: map[string]string{"team_id": "t"}, Hash: strings.Repeat("0", 64),
				},
			} {
				event.Action, event.Actor = action, actor
				text, err := json.Marshal(toOCSF(event))
				if err != nil {
					t.Fatal(err)
				}
				schema.check(t, text)
			}
		}
	}
}

// serverActions are the actions that the constants of the server and of the
// wire name, so that a new one is exported as well as the others.
func serverActions(t *testing.T) (actions []string) {
	t.Helper()
	for _, folder := range []string{"../../server", "../../api"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(node ast.Node) bool {
				if constant, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(constant.Names[0].Name, "Action") && len(constant.Values) == 1 {
					if text, ok := constant.Values[0].(*ast.BasicLit); ok {
						actions = append(actions, strings.Trim(text.Value, `"`))
					}
				}
				return true
			})
		}
	}
	return actions
}

// The check must find what it is there to find.
func TestOCSFSchemaFindsFaults(t *testing.T) {
	schema := readOCSFSchema(t)
	whole := `"category_uid":6,"activity_id":99,"type_uid":600399,"time":1,"severity_id":1,"metadata":{"version":"1.3.0","product":{"name":"L","vendor_name":"L"}},` +
		`"api":{"operation":"o"},"src_endpoint":{"ip":"::1"},"actor":{"user":{"uid":"u"}}`
	if faults := schema.faults([]byte(`{"class_uid":6003,` + whole + `}`)); len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, broken := range []string{
		`{"class_uid":6004,` + whole + `}`,
		`{"class_uid":6003,"made_up":1,` + whole + `}`,
		`{"class_uid":3002,` + whole + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"uid":"u"`, ``, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"::1"`, `"nowhere"`, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"severity_id":1`, `"severity_id":77`, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"vendor_name"`, `"feature"`, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"operation":"o"`, `"operation":""`, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `"time":1`, `"time":"now"`, 1) + `}`,
		`{"class_uid":6003,` + strings.Replace(whole, `600399`, `600301`, 1) + `}`,
	} {
		if len(schema.faults([]byte(broken))) == 0 {
			t.Errorf("no fault was found in %s", broken)
		}
	}
}
