package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The teams that [Initialise] makes.
const (
	TeamAdministrators = "administrators"
	TeamDevelopers     = "developers"
)

// InitialiseOptions says what organization [Initialise] makes. Clock, Random
// and NewID may be left out, as in [Options].
type InitialiseOptions struct {
	Organization string // name of the organization
	AdminEmail   string // its first administrator
	AdminName    string // empty: the part of AdminEmail before the @
	Developers   bool   // also make the team developers, with role developer
	// Key becomes the administrator's developer key. When it is zero a key is
	// minted.
	Key api.Secret
	// Via names the program in the audit event.
	Via string

	Clock  func() time.Time
	Random io.Reader
	NewID  func() string
}

// Initialised is what [Initialise] made.
type Initialised struct {
	Organization Organization
	Admin        User
	// Administrators is the team of Admin, with role tenant-admin.
	Administrators api.Team
	// Developers is the team developers, when it was asked for.
	Developers *api.Team
	// Key is the administrator's developer key: the given one, or the minted
	// one, which is nowhere else.
	Key api.Secret
}

// Initialise makes the organization of an empty store in one transaction: the
// system roles, the team administrators with its first user, and that user's
// developer key. It returns [ErrInitialised], and changes nothing, when the
// store holds an organization already; of two processes that race one
// succeeds and the other gets ErrInitialised.
func Initialise(ctx context.Context, store Store, options InitialiseOptions) (Initialised, error) {
	source := sourceOf(options.Clock, options.Random, options.NewID)
	made, key, err := plan(source, options)
	if err != nil {
		return Initialised{}, err
	}
	roles := []api.Role{made.Administrators.Role}
	if made.Developers != nil {
		roles = append(roles, made.Developers.Role)
	} else {
		roles = append(roles, developerRole(source))
	}
	event := Event{
		ID: source.newID(), Time: made.Organization.CreatedAt, Actor: api.Actor{Type: api.IdentitySystem},
		Action: ActionOrganizationCreate, ResourceType: ResourceOrganization,
		ResourceID: made.Organization.ID, ResourceName: made.Organization.Name,
		Outcome: OutcomeSuccess, Via: eventText(options.Via),
		Metadata: map[string]string{"admin_id": made.Admin.ID, "admin_email": made.Admin.Email, "api_key_id": key.ID},
	}
	err = store.Write(ctx, func(tx Tx) (Event, error) {
		switch _, err := tx.Organization(ctx); {
		case err == nil:
			return Event{}, ErrInitialised
		case !errors.Is(err, ErrNotInitialised):
			return Event{}, err
		}
		return event, made.insert(ctx, tx, roles, key)
	})
	if err != nil {
		return Initialised{}, fmt.Errorf("initialise the organization: %w", err)
	}
	return made, nil
}

// plan decides everything that Initialise will write, so that the transaction
// can be repeated without another outcome.
func plan(source source, options InitialiseOptions) (Initialised, KeyRecord, error) {
	name, email := strings.TrimSpace(options.Organization), strings.TrimSpace(options.AdminEmail)
	if name == "" {
		return Initialised{}, KeyRecord{}, errors.New("the organization needs a name")
	}
	// It is shown to everybody and kept for good, so the rule for names holds.
	if err := api.CheckName(name); err != nil {
		return Initialised{}, KeyRecord{}, fmt.Errorf("the organization's name cannot be used: %w", err)
	}
	if checkEmail(email) != nil {
		return Initialised{}, KeyRecord{}, errors.New("the administrator needs an email address, such as mary@example.com")
	}
	if options.AdminName == "" {
		options.AdminName, _, _ = strings.Cut(email, "@")
	}
	secret, record, err := source.developerKey(options.Key)
	if err != nil {
		return Initialised{}, KeyRecord{}, err
	}
	now := record.CreatedAt
	made := Initialised{
		Organization: Organization{ID: source.newID(), Name: name, CreatedAt: now},
		Admin: User{
			ID: source.newID(), Email: email, Name: options.AdminName,
			Status: UserActive, CreatedAt: now, UpdatedAt: now,
		},
		Administrators: api.Team{
			ID: source.newID(), Name: TeamAdministrators, CreatedAt: now, UpdatedAt: now,
			Role: api.Role{
				ID: source.newID(), Name: api.RoleTenantAdmin,
				CreatedBy: api.CreatedBySystem, Permissions: api.AllPermissions(),
			},
		},
		Key: secret,
	}
	if options.Developers {
		made.Developers = &api.Team{
			ID: source.newID(), Name: TeamDevelopers, CreatedAt: now, UpdatedAt: now, Role: developerRole(source),
		}
	}
	return made, record, nil
}

func developerRole(source source) api.Role {
	return api.Role{
		ID: source.newID(), Name: api.RoleDeveloper,
		CreatedBy: api.CreatedBySystem, Permissions: []api.Permission{},
	}
}

func (made Initialised) insert(ctx context.Context, tx Tx, roles []api.Role, key KeyRecord) error {
	now := made.Organization.CreatedAt
	if err := tx.InsertOrganization(ctx, made.Organization); err != nil {
		return err
	}
	for _, role := range roles {
		if err := tx.InsertRole(ctx, role, now); err != nil {
			return err
		}
	}
	if err := tx.InsertTeam(ctx, made.Administrators); err != nil {
		return err
	}
	if made.Developers != nil {
		if err := tx.InsertTeam(ctx, *made.Developers); err != nil {
			return err
		}
	}
	if err := tx.InsertUser(ctx, made.Admin); err != nil {
		return err
	}
	if err := tx.InsertMember(ctx, made.Administrators.ID, made.Admin.ID, now); err != nil {
		return err
	}
	return tx.InsertDeveloperKey(ctx, made.Admin.ID, key)
}

// RestoreOptions says whose key [RestoreDeveloperKey] makes. Clock, Random and
// NewID may be left out, as in [Options].
type RestoreOptions struct {
	Email string // of a living user, any case
	// Key becomes a developer key of that user. When it is zero a key is minted.
	Key api.Secret
	// Via names the program in the audit event.
	Via string

	Clock  func() time.Time
	Random io.Reader
	NewID  func() string
}

// RestoreDeveloperKey gives a user a further developer key, for when the file
// that held the first one is gone; the old key keeps working. Whoever calls it
// holds the database itself, so no permission is asked. It returns
// [ErrNotFound] when no living user has that email.
func RestoreDeveloperKey(ctx context.Context, store Store, options RestoreOptions) (api.Secret, error) {
	source := sourceOf(options.Clock, options.Random, options.NewID)
	secret, record, err := source.developerKey(options.Key)
	if err != nil {
		return api.Secret{}, err
	}
	eventID := source.newID()
	err = store.Write(ctx, func(tx Tx) (Event, error) {
		user, err := tx.UserByEmail(ctx, options.Email)
		if err != nil {
			return Event{}, err
		}
		return Event{
			ID: eventID, Time: record.CreatedAt, Actor: api.Actor{Type: api.IdentitySystem},
			Action: ActionAPIKeyCreate, ResourceType: ResourceAPIKey, ResourceID: record.ID, ResourceName: record.Hint,
			Outcome: OutcomeSuccess, Via: eventText(options.Via),
			Metadata: map[string]string{"user_id": user.ID, "user_email": user.Email},
		}, tx.InsertDeveloperKey(ctx, user.ID, record)
	})
	if err != nil {
		return api.Secret{}, fmt.Errorf("restore the developer key: %w", err)
	}
	return secret, nil
}
