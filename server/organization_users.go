package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lifeguard-keys/lifeguard/api"
)

// nameUsers gives every user of the document its id: that of the user that it
// is, or a new one.
func (p *planner) nameUsers() error {
	for _, user := range p.before.Users {
		p.emails[user.ID] = user.Email
	}
	names := make([]wantedName, 0, len(p.wanted.Users))
	for _, user := range p.wanted.Users {
		names = append(names, wantedName{foldEmail(user.Email), foldEmail(user.Previously)})
	}
	p.found, _ = partners(p.before.Users, func(user User) string { return foldEmail(user.Email) }, names)
	for i, name := range names {
		id := ""
		if p.found[i] != nil {
			id = p.found[i].ID
		} else {
			id = p.server.source.newID()
		}
		if _, twice := p.users[name.now]; twice || p.kept[id] {
			return invalid(fmt.Sprintf("body.users[%d].email", i), errors.New("stands in this document twice"))
		}
		p.users[name.now], p.kept[id] = id, true
	}
	return nil
}

// planUsers plans the users.
func (p *planner) planUsers() error {
	for i, wanted := range p.wanted.Users {
		at := fmt.Sprintf("body.users[%d]", i)
		before := UserDetails{User: User{Status: UserCreated}}
		if p.found[i] != nil {
			before = UserDetails{User: *p.found[i], SSHKeys: p.before.SSHKeys[p.found[i].ID]}
		}
		keys, err := parseSSHKeys(at+".ssh_keys", wanted.SSHKeys)
		if err != nil {
			return err
		}
		if wanted.Email != before.Email {
			if err := checkEmail(wanted.Email); err != nil {
				return invalid(at+".email", err)
			}
		}
		if wanted.Name != "" && wanted.Name != before.Name {
			if err := api.CheckName(wanted.Name); err != nil {
				return invalid(at+".name", err)
			}
		}
		if p.found[i] == nil {
			p.planNewUser(p.users[foldEmail(wanted.Email)], wanted, keys)
		} else {
			p.planChangedUser(before, wanted, keys)
		}
	}
	for _, user := range p.before.Users {
		if p.kept[user.ID] {
			continue
		}
		event := p.event(ResourceUser, ActionUserDelete)
		p.tell(api.ChangeDelete, ResourceUser, user.Email)
		p.add(deleteUsers, fmt.Sprintf("User %q", user.Email), func(ctx context.Context, tx Tx) (Event, error) {
			return removeUser(ctx, tx, user, event)
		})
	}
	return nil
}

func (p *planner) planNewUser(id string, wanted api.DeclaredUser, keys []SSHKey) {
	event := p.event(ResourceUser, ActionUserCreate)
	user := UserDetails{SSHKeys: keys, User: User{
		ID: id, Email: wanted.Email, Name: wanted.Name, Status: UserCreated,
		CreatedAt: event.Time, UpdatedAt: event.Time,
	}}
	suspended := api.FieldChange{Field: "suspended"}
	if wanted.Suspended {
		suspended.To = "true"
	}
	p.tell(api.ChangeCreate, ResourceUser, user.Email, api.FieldChange{Field: "name", To: user.Name}, suspended, keysChange(nil, keys))
	what := fmt.Sprintf("User %q", user.Email)
	p.add(shapeUsers, what, func(ctx context.Context, tx Tx) (Event, error) { return addUser(ctx, tx, user, nil, event) })
	if wanted.Suspended {
		p.planUserChange(user, wanted, keys)
	}
}

// keysChange tells which SSH keys come and go.
func keysChange(before, after []SSHKey) api.FieldChange {
	added, removed := comeAndGo(lines(before), lines(after))
	return api.FieldChange{Field: "ssh_keys", Added: added, Removed: removed}
}

func (p *planner) planChangedUser(before UserDetails, wanted api.DeclaredUser, keys []SSHKey) {
	was := before.Status == UserSuspended
	if wanted.Email == before.Email && wanted.Name == before.Name && wanted.Suspended == was && slices.Equal(before.SSHKeys, keys) {
		return
	}
	p.tell(api.ChangeUpdate, ResourceUser, wanted.Email,
		api.FieldChange{Field: "email", From: before.Email, To: wanted.Email},
		api.FieldChange{Field: "name", From: before.Name, To: wanted.Name},
		api.FieldChange{Field: "suspended", From: strconv.FormatBool(was), To: strconv.FormatBool(wanted.Suspended)},
		keysChange(before.SSHKeys, keys))
	p.planUserChange(before, wanted, keys)
}

func (p *planner) planUserChange(before UserDetails, wanted api.DeclaredUser, keys []SSHKey) {
	event := p.event(ResourceUser, ActionUserUpdate)
	after := before
	after.Email, after.Name, after.SSHKeys = wanted.Email, wanted.Name, keys
	switch {
	case wanted.Suspended:
		after.Status = UserSuspended
	case before.Status == UserSuspended:
		after.Status = UserActive
	}
	p.add(shapeUsers, fmt.Sprintf("User %q", after.Email), func(ctx context.Context, tx Tx) (Event, error) {
		changed := after
		return changeUser(ctx, tx, before, &changed, event)
	})
}
