package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

// normalise brings every text of a document into the form that is kept (NFC),
// and refuses a document that contradicts itself.
func normalise(wanted *api.Organization) error {
	form := func(texts ...*string) {
		for _, text := range texts {
			*text = norm.NFC.String(*text)
		}
	}
	for i := range wanted.Roles {
		role := &wanted.Roles[i]
		form(&role.Name, &role.Previously)
	}
	for i := range wanted.Teams {
		team := &wanted.Teams[i]
		form(&team.Name, &team.Previously, &team.Role)
		if team.Role == "" {
			team.Role = api.RoleDeveloper
		}
		for j := range team.Members {
			form(&team.Members[j])
		}
	}
	for i := range wanted.Users {
		user := &wanted.Users[i]
		form(&user.Email, &user.Previously, &user.Name)
		keys, err := parseSSHKeys(fmt.Sprintf("body.users[%d].ssh_keys", i), user.SSHKeys)
		if err != nil {
			return err
		}
		user.SSHKeys = lines(keys)
	}
	problems := wanted.Problems()
	if len(problems) == 0 {
		return nil
	}
	refusal := invalid("body."+problems[0].Location, errors.New(problems[0].Message))
	for _, problem := range problems[1:min(len(problems), maxProblems)] {
		refusal.problem.Errors = append(refusal.problem.Errors,
			api.FieldProblem{Location: "body." + problem.Location, Message: problem.Message})
	}
	return refusal
}

// maxProblems is how many contradictions of a document an answer tells.
const maxProblems = 50

// organizationPlan is what it takes to make an organization as a document says: the
// changes as they are told, and the steps as they are carried out.
type organizationPlan struct {
	changes []api.OrganizationChange
	steps   []step
}

// step is one change in one transaction, with its event.
type step struct {
	phase phase
	what  string // in a refusal, such as: the team "data"
	run   func(ctx context.Context, tx Tx) (Event, error)
}

// phase orders the steps, so that each finds what it needs and nothing that is
// in its way: a team its role, a role to be deleted no team.
type phase int

const (
	shapeRoles phase = iota
	shapeTeams
	deleteTeams
	deleteRoles
	shapeUsers
	moveMembers
	deleteUsers
)

// carryOut runs the steps. What they leave is looked at once they are all
// done: on the way there may be no administrator.
func (p *organizationPlan) carryOut(ctx context.Context, tx Tx) ([]Event, error) {
	administered, err := tx.HasActiveAdministrator(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return int(a.phase) - int(b.phase) })
	var events []Event
	for _, step := range p.steps {
		event, err := step.run(ctx, onTheWay{tx})
		if err != nil {
			return nil, about(step.what, err)
		}
		events = append(events, event)
	}
	if administered {
		err = keepsAnAdministrator(ctx, tx)
	}
	return events, err
}

// onTheWay is a transaction that is not done yet.
type onTheWay struct{ Tx }

func (onTheWay) HasActiveAdministrator(context.Context) (bool, error) { return true, nil }

// about says in a refusal which part of the document it is about.
func about(what string, err error) error {
	var refusal *problemError
	if !errors.As(err, &refusal) {
		return err
	}
	named := *refusal
	named.problem.Detail = fmt.Sprintf("%s: %s", what, refusal.problem.Detail)
	return &named
}

// planner compares a document with the directory that it is to be made of.
type planner struct {
	*organizationPlan
	server *Server
	ctx    context.Context //nolint:containedctx // it lives as long as one comparison
	before Directory
	wanted api.Organization

	roles map[string]api.Role // by name, as they will be
	teams []api.Team          // as they will be, in the order of the document
	// found are the users of the document that there are, in its order.
	found  []*User
	users  map[string]string // id by folded email, as they will be
	kept   map[string]bool   // ids of all users to be
	emails map[string]string // by id, of users as they were
	// teamNames are the names of teams by id: those to be, and those that are.
	teamNames map[string]string
	teamIDs   map[string]string // by name, as they will be
}

// plan finds what has to be done to make of the directory what is wanted.
func (s *Server) plan(ctx context.Context, before Directory, wanted api.Organization) (*organizationPlan, error) {
	p := &planner{
		organizationPlan: &organizationPlan{changes: []api.OrganizationChange{}}, server: s, ctx: ctx, before: before, wanted: wanted,
		roles: map[string]api.Role{}, teamNames: map[string]string{}, teamIDs: map[string]string{},
		users: map[string]string{}, kept: map[string]bool{}, emails: map[string]string{},
	}
	p.nameTeams()
	for _, part := range []func() error{p.nameUsers, p.planRoles, p.planTeams, p.planUsers} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return p.organizationPlan, nil
}

func (p *planner) event(resourceType, action string) Event {
	return p.server.eventOn(p.ctx, resourceType, action)
}

func (p *planner) add(phase phase, what string, run func(ctx context.Context, tx Tx) (Event, error)) {
	p.steps = append(p.steps, step{phase, what, run})
}

// tell adds a change to what the plan tells.
func (p *planner) tell(action api.ChangeAction, resource, name string, fields ...api.FieldChange) {
	told := []api.FieldChange{}
	for _, field := range fields {
		if field.From != field.To || len(field.Added)+len(field.Removed) > 0 {
			told = append(told, field)
		}
	}
	p.changes = append(p.changes, api.OrganizationChange{Action: action, Type: resource, Name: name, Fields: told})
}

// partners finds for each name of a document the resource of that name, or the
// one that had the previous name, and tells which resources nobody wants.
func partners[T any](have []T, nameOf func(T) string, wanted []wantedName) (found []*T, left []T) {
	place := map[string]int{}
	for i, one := range have {
		place[nameOf(one)] = i
	}
	taken := map[int]bool{}
	found = make([]*T, len(wanted))
	for i, name := range wanted {
		at, ok := place[name.now]
		if !ok && name.previously != "" {
			at, ok = place[name.previously]
		}
		if ok {
			found[i], taken[at] = &have[at], true
		}
	}
	for i, one := range have {
		if !taken[i] {
			left = append(left, one)
		}
	}
	return found, left
}

type wantedName struct{ now, previously string }

// foldEmail makes emails equal that are those of one user, as the store does:
// composed, and with Unicode's full case folding.
func foldEmail(email string) string { return cases.Fold().String(norm.NFC.String(email)) }

// comeAndGo are the texts that are only in after, and only in before.
func comeAndGo(before, after []string) (come, gone []string) {
	had, has := map[string]bool{}, map[string]bool{}
	for _, text := range before {
		had[text] = true
	}
	for _, text := range after {
		if has[text] = true; !had[text] {
			come = append(come, text)
		}
	}
	for _, text := range before {
		if !has[text] {
			gone = append(gone, text)
		}
	}
	return come, gone
}
