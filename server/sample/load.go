package sample

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// Store is what an organization is loaded into.
type Store interface {
	server.Store
	Import(ctx context.Context, accounts iter.Seq[sqlstore.ImportedAccount], done func(accounts int)) error
}

// Admin is the administrator who is added to the organization.
type Admin struct {
	Email string
	Name  string // empty: the part of Email before the @
	// Key becomes the administrator's developer key. When it is zero a key is
	// minted.
	Key api.Secret
}

// actionOrganizationImport is the audit event of the roles, teams and users.
const actionOrganizationImport = "organization.import"

// Load puts the organization into an empty store, with an administrator, and
// returns that administrator's developer key: a minted one is the only thing
// that is not the same every time. From time to time progress is told how many service
// accounts are there; it may be nil. A store that holds an organization is
// refused with [server.ErrInitialised].
func Load(ctx context.Context, store Store, organization *Organization, admin Admin, progress func(done int)) (api.Secret, error) {
	founded := organization.Teams[0].CreatedAt
	random := organization.random(3)
	count := 0
	made, err := server.Initialise(ctx, store, server.InitialiseOptions{
		Organization: organization.Name, AdminEmail: admin.Email, AdminName: admin.Name, Key: admin.Key, Developers: true, Via: "demo",
		Clock: func() time.Time { return founded },
		NewID: func() string { count++; return newID(random, founded, count) },
	})
	if err != nil {
		return api.Secret{}, err
	}
	teams := map[string]api.Team{
		server.TeamAdministrators: made.Administrators,
		server.TeamDevelopers:     *made.Developers,
	}
	for _, team := range organization.Teams {
		teams[team.Name] = team
	}
	event := server.Event{
		ID: newID(random, founded, count+1), Time: founded, Actor: api.Actor{Type: api.IdentityUser, ID: made.Admin.ID, Name: made.Admin.Name},
		Action: actionOrganizationImport, ResourceType: server.ResourceOrganization,
		ResourceID: made.Organization.ID, ResourceName: made.Organization.Name, Outcome: server.OutcomeSuccess, Via: "demo",
		Metadata: map[string]string{
			"roles": strconv.Itoa(len(organization.Roles)), "teams": strconv.Itoa(len(organization.Teams)),
			"users": strconv.Itoa(len(organization.Users)),
		},
	}
	err = store.Write(ctx, func(tx server.Tx) (server.Event, error) {
		return event, organization.insert(ctx, tx, teams)
	})
	if err != nil {
		return api.Secret{}, fmt.Errorf("load the sample organization: %w", err)
	}
	if err := store.Import(ctx, organization.Accounts(teams), progress); err != nil {
		return api.Secret{}, fmt.Errorf("load the sample organization: %w", err)
	}
	return made.Key, nil
}

func (o *Organization) insert(ctx context.Context, tx server.Tx, teams map[string]api.Team) error {
	for _, role := range o.Roles {
		if err := tx.InsertRole(ctx, role, o.Teams[0].CreatedAt); err != nil {
			return err
		}
	}
	for _, team := range o.Teams {
		if err := tx.InsertTeam(ctx, team); err != nil {
			return err
		}
	}
	for _, user := range o.Users {
		if err := tx.InsertUser(ctx, user.User); err != nil {
			return err
		}
		for _, team := range user.Teams {
			if err := tx.InsertMember(ctx, teams[team].ID, user.ID, user.CreatedAt); err != nil {
				return err
			}
		}
	}
	return nil
}
