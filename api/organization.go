package api

import (
	"fmt"
	"strings"
)

// PathOrganization is who may do what, as one document (extension).
const PathOrganization = "/poolside/v1/organization"

// MaxOrganization is the largest [Organization] that a server takes, in bytes
// of JSON: about 30,000 users.
const MaxOrganization = 4 << 20

// Organization is who may do what, as one document: every role that is not the
// system's, every team with its users, and every user. Resources go by their
// names here and not by their ids. Service accounts are no part of it.
type Organization struct {
	Roles []DeclaredRole `json:"roles"`
	Teams []DeclaredTeam `json:"teams"`
	Users []DeclaredUser `json:"users"`
	// ETag names this state of the organization. It travels in a header, not in
	// the body.
	ETag string `json:"-"`
}

// DeclaredRole is a role as an [Organization] has it.
type DeclaredRole struct {
	Name string `json:"name"`
	// Previously is the name of the role that is to be renamed to Name. It means
	// nothing as soon as there is a role Name.
	Previously string `json:"previously,omitempty"`
	// Permissions name teams by their names, see [Action.TeamScoped]. The id of
	// a team that is not there stands for itself.
	Permissions []Permission `json:"permissions"`
}

// DeclaredTeam is a team as an [Organization] has it.
type DeclaredTeam struct {
	Name       string `json:"name"`
	Previously string `json:"previously,omitempty"` // as in [DeclaredRole]
	// Role is the name of the team's role, one of the document or of the system;
	// "" is [RoleDeveloper].
	Role    string   `json:"role,omitempty"`
	Members []string `json:"members"` // emails of users of the document
}

// DeclaredUser is a user as an [Organization] has it.
type DeclaredUser struct {
	Email      string `json:"email"`
	Previously string `json:"previously,omitempty"` // the email to be changed, as in [DeclaredRole]
	Name       string `json:"name,omitempty"`
	Suspended  bool   `json:"suspended,omitempty"`
	// SSHKeys are as in [User]; without any, the user has none.
	SSHKeys []string `json:"ssh_keys,omitempty"`
}

// ChangeAction says what becomes of a resource.
type ChangeAction string

// What becomes of a resource.
const (
	ChangeCreate ChangeAction = "create"
	ChangeUpdate ChangeAction = "update"
	ChangeDelete ChangeAction = "delete"
)

// OrganizationPlan is what it takes to make an organization as a document says.
type OrganizationPlan struct {
	// Changes are in the order roles, teams, users; none when the organization
	// is as the document says.
	Changes []OrganizationChange `json:"changes"`
	// Applied is true when the changes were made.
	Applied bool `json:"applied"`
	// ETag names the state of the organization after the changes when they were
	// made, and before them when they were not. It travels in a header.
	ETag string `json:"-"`
}

// OrganizationChange is the change of one role, team or user.
type OrganizationChange struct {
	Action ChangeAction  `json:"action" enum:"create,update,delete"`
	Type   string        `json:"type" enum:"role,team,user"`
	Name   string        `json:"name"` // a user's is the email
	Fields []FieldChange `json:"fields"`
}

// FieldChange is what changes in one field: a text that is replaced, or texts
// that come and go.
type FieldChange struct {
	Field   string   `json:"field"` // such as role, permissions, members
	From    string   `json:"from,omitempty"`
	To      string   `json:"to,omitempty"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// Suspends reports whether a user is suspended by this change.
func (c OrganizationChange) Suspends() bool {
	for _, field := range c.Fields {
		if field.Field == "suspended" && field.To == "true" {
			return c.Type == "user"
		}
	}
	return false
}

// Problems are the contradictions of a document with itself: names that stand
// there twice, and references to what is not there. Messages do not quote it;
// locations are such as teams[2].members[0].
func (o Organization) Problems() []FieldProblem {
	var found []FieldProblem
	report := func(location, message string) {
		found = append(found, FieldProblem{Location: location, Message: message})
	}
	roles, teams, users := newNames(report), newNames(report), newNames(report)
	sshKeys := map[string]bool{}
	for i, role := range o.Roles {
		at := fmt.Sprintf("roles[%d]", i)
		for field, name := range map[string]string{"name": role.Name, "previously": role.Previously} {
			if systemRole(name) {
				report(at+"."+field, "is a system role, which is always there and cannot be changed: leave it out")
			}
		}
		roles.add(at, "name", role.Name, role.Previously)
	}
	for i, user := range o.Users {
		at := fmt.Sprintf("users[%d]", i)
		users.add(at, "email", strings.ToLower(user.Email), strings.ToLower(user.Previously))
		for j, line := range user.SSHKeys {
			key := sshKeyOf(line)
			if sshKeys[key] {
				report(fmt.Sprintf("%s.ssh_keys[%d]", at, j), "stands in this document twice")
			}
			sshKeys[key] = true
		}
	}
	for i, team := range o.Teams {
		at := fmt.Sprintf("teams[%d]", i)
		teams.add(at, "name", team.Name, team.Previously)
		if role := team.Role; role != "" && !systemRole(role) && !roles.has(role) {
			report(at+".role", "is no role of this document")
		}
		members := map[string]bool{}
		for j, email := range team.Members {
			email, at := strings.ToLower(email), fmt.Sprintf("%s.members[%d]", at, j)
			switch {
			case members[email]:
				report(at, "is in this list already")
			case !users.has(email):
				report(at, "is no user of this document")
			}
			members[email] = true
		}
	}
	for _, names := range []*names{roles, teams, users} {
		names.checkPrevious()
	}
	return found
}

// sshKeyOf is the key itself of an authorized key's line: its type and its
// base64, without the comment.
func sshKeyOf(line string) string {
	fields := strings.Fields(line)
	return strings.Join(fields[:min(len(fields), 2)], " ")
}

func systemRole(name string) bool { return name == RoleTenantAdmin || name == RoleDeveloper }

// names are what the resources of one kind are called.
type names struct {
	taken, claimed map[string]bool
	previous       []previousName
	report         func(location, message string)
}

type previousName struct{ location, name string }

func newNames(report func(location, message string)) *names {
	return &names{taken: map[string]bool{}, claimed: map[string]bool{}, report: report}
}

func (n *names) has(name string) bool { return n.taken[name] }

func (n *names) add(location, field, name, previously string) {
	if n.taken[name] {
		n.report(location+"."+field, "stands in this document twice")
	}
	n.taken[name] = true
	if previously != "" {
		n.previous = append(n.previous, previousName{location + ".previously", previously})
	}
}

// checkPrevious looks at the previous names when all present ones are known.
func (n *names) checkPrevious() {
	for _, previous := range n.previous {
		switch {
		case n.taken[previous.name]:
			n.report(previous.location, "is still in this document")
		case n.claimed[previous.name]:
			n.report(previous.location, "is given to another one already")
		}
		n.claimed[previous.name] = true
	}
}
