package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// What OCSF 1.3 requires of every event, of each class, and of the objects in
// them; of names with a | one must be there.
var ocsfRequired = map[int][]string{
	0: {
		"activity_id", "category_uid", "class_uid", "metadata.version", "metadata.product.name|metadata.product.uid",
		"metadata.product.vendor_name", "severity_id", "time", "type_uid",
	},
	ocsfAuthentication:   {"user.name|user.uid", "service.name|dst_endpoint"},
	ocsfEntityManagement: {"entity.name|entity.uid", "actor.user.name|actor.user.uid"},
	ocsfAPIActivity:      {"actor.user.name|actor.user.uid", "api.operation", "src_endpoint.ip|src_endpoint.name"},
}

func lookUpPath(document any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		object, _ := document.(map[string]any)
		value, ok := object[part]
		if !ok {
			return nil, false
		}
		document = value
	}
	return document, document != ""
}

func TestOCSFHasWhatTheSchemaRequires(t *testing.T) {
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
		for _, required := range append(ocsfRequired[0], ocsfRequired[c.class]...) {
			found := false
			for path := range strings.SplitSeq(required, "|") {
				_, ok := lookUpPath(document, path)
				found = found || ok
			}
			if !found {
				t.Errorf("%q lacks %s: %s", c.event.Action, required, text)
			}
		}
	}
}
