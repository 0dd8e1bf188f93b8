package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (s *Server) registerServiceAccounts(on huma.API) {
	handle(s, on, operation{
		id: opListServiceAccounts, method: http.MethodGet, path: api.PathServiceAccounts,
		summary:     "Service accounts",
		description: "Ordered by name. Who has a permission for specific teams only sees the accounts of these.",
		refusals:    []int{http.StatusUnprocessableEntity},
	}, s.listServiceAccounts)
	handle(s, on, operation{
		id: opGetServiceAccount, method: http.MethodGet, path: api.PathServiceAccount,
		summary: "One service account", description: "An unknown, malformed or hidden id is 404.",
		refusals: []int{http.StatusNotFound},
	}, s.getServiceAccount)
	handle(s, on, operation{
		id: opCreateServiceAccount, method: http.MethodPost, path: api.PathServiceAccounts, status: http.StatusCreated,
		summary: "Create a service account with its key",
		description: "The only answer that ever holds a key. With an Idempotency-Key a create can be repeated after a lost answer: " +
			"for 24 hours, and as long as the key was never used, it gives the same account a fresh key, and the old one is refused.",
		refusals: []int{
			http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		},
	}, s.createServiceAccount)
	handle(s, on, operation{
		id: opDeleteServiceAccount, method: http.MethodDelete, path: api.PathServiceAccount, status: http.StatusNoContent,
		summary:     "Delete a service account with its key",
		description: "This cannot be undone. The key is refused from the moment of the answer.",
		refusals:    []int{http.StatusNotFound},
	}, s.deleteServiceAccount)
}

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"A UUID: the same one for every repetition of the same create."`
	Body           createBody
}

// createBody is checked by our own rules, whose messages are written for the
// field that a person fills in.
type createBody struct {
	Name     string   `json:"name" doc:"1 to 64 characters of any script, unique in the team. Kept in Unicode's normal form C."`
	TeamID   string   `json:"team_id" doc:"Id of the team whose permissions the account inherits."`
	SealedTo []string `json:"sealed_to,omitempty" doc:"Fingerprints of those whom the client seals the key to, so that it is shown to nobody, 10 at most: SHA256: and 43 characters, or an age1 recipient. The audit event keeps them; the server cannot check that it was done."`
}

type createOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the create had already happened and this is a fresh key."`
	Body     createdBody
}

// createdBody is the one document that holds a key.
type createdBody struct {
	ServiceAccount api.ServiceAccount `json:"service_account"`
	APIKey         revealed           `json:"api_key"`
}

// revealed is a key that is written out as it is, once: whatever else happens
// to the value between here and there, it prints as redacted.
type revealed struct{ api.Secret }

// MarshalJSON gives the key's text and forgets it.
func (r revealed) MarshalJSON() ([]byte, error) {
	defer r.Destroy()
	return json.Marshal(r.Reveal())
}

// Schema describes it as what it is on the wire.
func (revealed) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "The key. It is shown this once and cannot be had again."}
}

// creation is a create that passed all checks which need no database.
type creation struct {
	name, teamID   string
	sealedTo       []string
	idempotencyKey string // "" when the caller sent none
	bodyHash       [32]byte
	caller         caller
	secret         api.Secret
	key            KeyRecord
	accountID      string
	event          Event
	flight         flight
}

func (s *Server) createServiceAccount(ctx context.Context, input *createInput) (*createOutput, error) {
	c, err := s.newCreation(ctx, input)
	if err != nil {
		return nil, err
	}
	if err := s.holdIdempotencyKey(ctx, c.caller, c.idempotencyKey); err != nil {
		return nil, err
	}
	var account api.ServiceAccount
	var replayed bool
	expecting := Expecting(ctx, Lookups{TeamID: c.teamID, Name: c.name, CallerID: c.caller.ID, IdempotencyKey: c.idempotencyKey})
	err = s.store.Write(expecting, func(tx Tx) (Event, error) {
		var err error
		if account, replayed, err = c.run(ctx, tx); err != nil {
			return Event{}, err
		}
		event := c.event
		event.ResourceID, event.ResourceName = account.ID, account.Name
		event.Metadata = map[string]string{
			"team_id": account.Team.ID, "team_name": account.Team.Name, "key_id": c.key.ID, "key_hint": c.key.Hint,
		}
		if replayed {
			event.Metadata["replayed"] = "true"
		}
		if len(c.sealedTo) > 0 {
			event.Metadata["delivery"], event.Metadata["sealed_to"] = "sealed, never displayed", strings.Join(c.sealedTo, " ")
		}
		return event, nil
	})
	if err != nil {
		c.secret.Destroy()
		return nil, err
	}
	output := &createOutput{Body: createdBody{ServiceAccount: account, APIKey: revealed{c.secret}}}
	if replayed {
		output.Replayed = "true"
	}
	return output, nil
}

// newCreation checks what was asked for and mints the key.
func (s *Server) newCreation(ctx context.Context, input *createInput) (*creation, error) {
	c := &creation{
		name: norm.NFC.String(input.Body.Name), teamID: strings.ToLower(input.Body.TeamID), caller: callerOf(ctx),
		idempotencyKey: strings.ToLower(input.IdempotencyKey), sealedTo: input.Body.SealedTo, flight: s.flight(),
	}
	if err := api.CheckName(c.name); err != nil {
		return nil, invalid("body.name", err)
	}
	if err := api.CheckSealedTo(c.sealedTo); err != nil {
		return nil, invalid("body.sealed_to", err)
	}
	if c.idempotencyKey != "" && !isID(c.idempotencyKey) {
		return nil, invalid("header."+api.HeaderIdempotencyKey, errors.New("must be a UUID"))
	}
	if !isID(c.teamID) {
		return nil, noSuchTeam()
	}
	if !c.caller.reach.covers(c.teamID) {
		return nil, forbidden(managing(c.teamID))
	}
	var err error
	if c.secret, c.key, err = s.source.mint(); err != nil {
		return nil, internal(err)
	}
	// Without recipients these are the bytes that older versions hashed.
	body := appendText(appendText(nil, c.name), c.teamID)
	for _, recipient := range c.sealedTo {
		body = appendText(body, recipient)
	}
	c.bodyHash = sha256.Sum256(body)
	c.accountID = s.source.newID()
	c.event = s.event(ctx, c.caller, ActionServiceAccountCreate)
	c.event.Time = c.key.CreatedAt
	return c, nil
}

// managing is the permission to manage the service accounts of a team.
func managing(teamID string) api.Permission {
	return api.Permission{Action: api.ManageServiceAccounts, Scope: api.ScopeSpecific, Resources: []string{teamID}}
}

func noSuchTeam() *problemError { return invalid("body.team_id", errors.New("there is no such team")) }

// run carries the create out within a transaction, or repeats it: then the
// account is the one that was made and only its key is fresh.
func (c *creation) run(ctx context.Context, tx Tx) (account api.ServiceAccount, replayed bool, err error) {
	team, err := tx.Team(ctx, c.teamID)
	if errors.Is(err, ErrNotFound) {
		return account, false, noSuchTeam()
	}
	if err != nil {
		return account, false, err
	}
	by := callerOf(ctx) // as it is by now
	if !by.reach.covers(team.ID) {
		return account, false, forbidden(managing(team.ID))
	}
	if missing := api.MissingPermissions(by.permissions, permissionsOf(team.Role)); len(missing) > 0 {
		return account, false, exceedsCaller(missing)
	}
	if c.idempotencyKey != "" {
		account, err = c.replay(ctx, tx)
		if !errors.Is(err, ErrNotFound) {
			return account, err == nil, err
		}
	}
	switch existing, err := tx.ServiceAccountByName(ctx, team.ID, c.name); {
	case err == nil:
		return account, false, conflict(api.CodeNameTaken, "The team already has a service account of this name. Choose another name.", &existing)
	case !errors.Is(err, ErrNotFound):
		return account, false, err
	}
	account = api.ServiceAccount{
		ID: c.accountID, Name: c.name, Team: api.Ref{ID: team.ID, Name: team.Name},
		Key:       api.KeySummary{Hint: c.key.Hint, CreatedAt: c.key.CreatedAt},
		CreatedBy: c.caller.actor(), CreatedAt: c.key.CreatedAt,
	}
	if err := tx.InsertServiceAccount(ctx, account, c.key); err != nil {
		return account, false, err
	}
	if c.idempotencyKey == "" {
		return account, false, nil
	}
	return account, false, tx.RememberCreate(ctx, c.flight.stamped(IdempotentCreate{
		CallerID: c.caller.ID, Key: c.idempotencyKey, BodyHash: c.bodyHash,
		AccountID: account.ID, CreatedAt: c.key.CreatedAt,
	}), c.expiry())
}

// replay gives the account of an earlier create the fresh key. It returns
// ErrNotFound when there was none.
func (c *creation) replay(ctx context.Context, tx Tx) (api.ServiceAccount, error) {
	remembered, err := tx.IdempotentCreate(ctx, c.caller.ID, c.idempotencyKey)
	if err != nil {
		return api.ServiceAccount{}, err
	}
	if remembered.CreatedAt.Before(c.expiry()) {
		return api.ServiceAccount{}, ErrNotFound
	}
	if remembered.BodyHash != c.bodyHash {
		refusal := refuse(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch,
			"This Idempotency-Key belongs to a create with another team, name or recipients. Take a new one for a new create.")
		return api.ServiceAccount{}, refusal
	}
	if c.flight.elsewhere(remembered) {
		return api.ServiceAccount{}, inFlight()
	}
	account, err := tx.ServiceAccount(ctx, remembered.AccountID)
	if errors.Is(err, ErrNotFound) {
		return api.ServiceAccount{}, conflict(api.CodeConflict,
			"This create was carried out, and its service account has been deleted since. Take a new Idempotency-Key to create another.", nil)
	}
	if err != nil {
		return api.ServiceAccount{}, err
	}
	if account.Key.LastUsedAt != nil {
		return api.ServiceAccount{}, conflict(api.CodeIdempotencyKeyUsed,
			"This create was carried out and its key is already in use, so it is not replaced. If nobody has the key, delete the service account and create it again.",
			&account)
	}
	account.Key = api.KeySummary{Hint: c.key.Hint, CreatedAt: c.key.CreatedAt}
	if err := tx.ReplaceKey(ctx, account.ID, c.key); err != nil {
		return api.ServiceAccount{}, err
	}
	return account, tx.RememberCreate(ctx, c.flight.stamped(remembered), c.expiry())
}

// expiry is the moment before which a create is forgotten.
func (c *creation) expiry() time.Time { return c.key.CreatedAt.Add(-api.IdempotencyWindow) }

// appendText adds a text with its length in front, so that no two lists of
// texts give the same bytes.
func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(text))), text...)
}
