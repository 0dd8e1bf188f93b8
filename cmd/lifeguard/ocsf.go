package main

import (
	"cmp"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The classes of the Open Cybersecurity Schema Framework that audit events
// become. A class's first digit is its category.
const (
	ocsfVersion           = "1.3.0"
	ocsfAuthentication    = 3002
	ocsfEntityManagement  = 3004
	ocsfAPIActivity       = 6003
	ocsfActivityLogon     = 1  // of Authentication
	ocsfActivityOther     = 99 // of every class
	ocsfSeverityInfo      = 1
	ocsfSeverityLow       = 2
	ocsfStatusSuccess     = 1
	ocsfStatusFailure     = 2
	ocsfUserUnknown       = 0
	ocsfUserUser          = 1
	ocsfUserSystem        = 3
	ocsfUserOther         = 99
	ocsfProduct           = "Lifeguard"
	ocsfNobody            = "anonymous"
	ocsfUnknownSourceName = "this machine" // an event that came over no network
)

// ocsfEvent is an audit event in OCSF 1.3. What the schema requires of a class
// is always there; what does not fit in is under unmapped.
type ocsfEvent struct {
	CategoryUID  int            `json:"category_uid"`
	ClassUID     int            `json:"class_uid"`
	ActivityID   int            `json:"activity_id"`
	ActivityName string         `json:"activity_name,omitempty"`
	TypeUID      int            `json:"type_uid"`
	Time         int64          `json:"time"` // milliseconds since 1970
	SeverityID   int            `json:"severity_id"`
	StatusID     int            `json:"status_id"`
	Message      string         `json:"message"`
	Metadata     ocsfMetadata   `json:"metadata"`
	Actor        *ocsfActor     `json:"actor,omitempty"`        // 3004, 6003
	User         *ocsfUser      `json:"user,omitempty"`         // 3002
	Service      *ocsfNamed     `json:"service,omitempty"`      // 3002
	Entity       *ocsfEntity    `json:"entity,omitempty"`       // 3004
	API          *ocsfAPI       `json:"api,omitempty"`          // 6003
	SrcEndpoint  *ocsfEndpoint  `json:"src_endpoint,omitempty"` // always of 6003
	HTTPRequest  *ocsfHTTP      `json:"http_request,omitempty"`
	Unmapped     map[string]any `json:"unmapped"`
}

type ocsfMetadata struct {
	Version        string     `json:"version"`
	Product        ocsfVendor `json:"product"`
	UID            string     `json:"uid"`
	Sequence       int64      `json:"sequence"`
	CorrelationUID string     `json:"correlation_uid,omitempty"`
	// Profiles are those that an attribute outside of the class comes from: the
	// actor of Entity Management is of the profile host.
	Profiles []string `json:"profiles,omitempty"`
}

type ocsfVendor struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
}

type ocsfNamed struct {
	Name string `json:"name"`
}

type ocsfActor struct {
	User ocsfUser `json:"user"`
}

type ocsfUser struct {
	Name   string `json:"name"`
	UID    string `json:"uid,omitempty"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type,omitempty"`
}

type ocsfEntity struct {
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
	Type string `json:"type"`
}

type ocsfAPI struct {
	Operation string `json:"operation"`
}

type ocsfEndpoint struct {
	IP   string `json:"ip,omitempty"`
	Name string `json:"name,omitempty"`
}

type ocsfHTTP struct {
	UID       string `json:"uid,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
}

// ocsfActivities are what the last part of an action is called in the class
// Entity Management. API Activity has the first four of them too.
var ocsfActivities = map[string]int{
	"create": 1, "read": 2, "update": 3, "delete": 4, "activate": 10, "suspend": 12, "unsuspend": 13,
}

// ocsfEntities are the resource types that are managed as entities.
var ocsfEntities = map[string]bool{
	"organization": true, "user": true, "team": true, "role": true, "service_account": true, "api_key": true,
}

// toOCSF is the event in OCSF: a failed authentication is of class 3002, a
// change of an entity 3004, everything else 6003.
func toOCSF(event api.AuditEvent) ocsfEvent {
	subject, verb, _ := strings.Cut(event.Action, ".")
	o := ocsfEvent{
		ClassUID: ocsfAPIActivity, ActivityID: ocsfActivityOther, ActivityName: cmp.Or(verb, event.Action),
		Time: event.Time.UnixMilli(), SeverityID: ocsfSeverityInfo, StatusID: ocsfStatusSuccess, Message: event.Action,
		Metadata: ocsfMetadata{
			Version: ocsfVersion, Product: ocsfVendor{Name: ocsfProduct, VendorName: ocsfProduct},
			UID: event.ID, Sequence: event.Sequence, CorrelationUID: event.RequestID,
		},
		SrcEndpoint: &ocsfEndpoint{IP: event.IP},
		HTTPRequest: &ocsfHTTP{UID: event.RequestID, UserAgent: event.UserAgent},
		Unmapped:    map[string]any{"via": event.Via, "hash": event.Hash, "metadata": event.Metadata, "outcome": event.Outcome},
	}
	if event.IP == "" {
		o.SrcEndpoint.Name = ocsfUnknownSourceName
	}
	if event.Outcome != "success" {
		o.SeverityID, o.StatusID = ocsfSeverityLow, ocsfStatusFailure
	}
	user := ocsfUserOf(event.Actor)
	switch {
	case event.Action == "authentication.fail":
		o.ClassUID, o.ActivityID, o.ActivityName = ocsfAuthentication, ocsfActivityLogon, ""
		o.User, o.Service = &user, &ocsfNamed{Name: ocsfProduct}
	case ocsfEntities[subject]:
		o.ClassUID, o.Actor = ocsfEntityManagement, &ocsfActor{User: user}
		o.Metadata.Profiles = []string{"host"}
		o.Entity = &ocsfEntity{Name: cmp.Or(event.Resource.Name, event.Resource.ID, event.Resource.Type, subject), UID: event.Resource.ID, Type: cmp.Or(event.Resource.Type, subject)}
		if id, known := ocsfActivities[verb]; known {
			o.ActivityID, o.ActivityName = id, ""
		}
	default:
		o.Actor, o.API = &ocsfActor{User: user}, &ocsfAPI{Operation: cmp.Or(event.Resource.ID, event.Action, "unknown")}
	}
	o.CategoryUID, o.TypeUID = o.ClassUID/1000, o.ClassUID*100+o.ActivityID
	return o
}

func ocsfUserOf(actor api.Actor) ocsfUser {
	user := ocsfUser{Name: cmp.Or(actor.Name, actor.ID, string(actor.Type), ocsfNobody), UID: actor.ID}
	switch actor.Type {
	case api.IdentityUser:
		user.TypeID = ocsfUserUser
	case api.IdentityServiceAccount:
		user.TypeID, user.Type = ocsfUserOther, "Service Account"
	case api.IdentitySystem:
		user.TypeID = ocsfUserSystem
	default:
		user.TypeID = ocsfUserUnknown
	}
	return user
}
