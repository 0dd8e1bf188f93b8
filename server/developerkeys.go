package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations on the caller's own keys.
const (
	opListMyKeys  = "list-my-api-keys"
	opCreateMyKey = "create-my-api-key"
	opDeleteMyKey = "delete-my-api-key"
)

// Whoever has a key may see and make their own.
var developerKeyRules = map[string]rule{
	opListMyKeys:  {},
	opCreateMyKey: {},
	opDeleteMyKey: {},
}

// ActionAPIKeyDelete is the audit event of a developer key's end.
const ActionAPIKeyDelete = "api_key.delete"

func (s *Server) registerDeveloperKeys(on huma.API) {
	handle(s, on, operation{
		id: opListMyKeys, method: http.MethodGet, path: api.PathMyAPIKeys,
		summary: "The caller's developer keys", description: "The oldest first. A service account has none: its one key is its own.",
		refusals: []int{http.StatusUnprocessableEntity},
	}, s.listMyKeys)
	handle(s, on, operation{
		id: opCreateMyKey, method: http.MethodPost, path: api.PathMyAPIKeys, status: http.StatusCreated,
		summary: "Create a developer key",
		description: fmt.Sprintf("The only answer that ever holds it; the request has no body. With an Idempotency-Key a create can be "+
			"repeated after a lost answer: for 24 hours, and as long as the key was never used, the same key gets a fresh secret, "+
			"and the old one is refused. A user has at most %d keys; a service account gets none (409).", api.MaxDeveloperKeys),
		refusals: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity},
	}, s.createMyKey)
	handle(s, on, operation{
		id: opDeleteMyKey, method: http.MethodDelete, path: api.PathMyAPIKey, status: http.StatusNoContent,
		summary: "Delete a developer key",
		description: "It is refused from the moment of the answer. The key that the request is made with is not deleted (409): " +
			"use another one for that.",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, s.deleteMyKey)
}

func (s *Server) listMyKeys(ctx context.Context, input *PageInput) (*answer[api.DeveloperKeyList], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	found, err := s.store.DeveloperKeys(ctx, callerOf(ctx).ID, page)
	if err != nil {
		return nil, err
	}
	list := api.DeveloperKeyList{APIKeys: found.Keys, Total: input.total(found.Total)}
	var last Cursor
	if n := len(found.Keys); n > 0 {
		last = Cursor{Name: found.Keys[n-1].ID, ID: found.Keys[n-1].ID}
	}
	list.Links = input.links(api.PathMyAPIKeys, nil, found.More, last)
	return &answer[api.DeveloperKeyList]{Body: list}, nil
}

type createMyKeyInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"A UUID: the same one for every repetition of the same create."`
}

type createMyKeyOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the create had already happened and this is a fresh secret."`
	Body     createdKeyBody
}

// createdKeyBody is the one document that holds a developer key.
type createdKeyBody struct {
	Key    api.DeveloperKey `json:"key"`
	APIKey revealed         `json:"api_key"`
}

// developerKeyBody stands for the body that this create does not have, so that
// its Idempotency-Key is not taken for that of another kind of create.
var developerKeyBody = sha256.Sum256([]byte("developer API key"))

func (s *Server) createMyKey(ctx context.Context, input *createMyKeyInput) (*createMyKeyOutput, error) {
	by := callerOf(ctx)
	if by.Type != api.IdentityUser {
		return nil, conflict(api.CodeConflict, "A service account has one key, from its creation on. Developer keys are for users.", nil)
	}
	return s.createKey(ctx, keyCreation{by: by, userID: by.ID, bodyHash: developerKeyBody, idempotencyKey: input.IdempotencyKey})
}

// createKey makes a developer key for a user.
func (s *Server) createKey(ctx context.Context, c keyCreation) (*createMyKeyOutput, error) {
	c.idempotencyKey = strings.ToLower(c.idempotencyKey)
	if c.idempotencyKey != "" && !isID(c.idempotencyKey) {
		return nil, invalid("header."+api.HeaderIdempotencyKey, errors.New("must be a UUID"))
	}
	if err := s.holdIdempotencyKey(ctx, c.by, c.idempotencyKey); err != nil {
		return nil, err
	}
	secret, record, err := s.source.mint()
	if err != nil {
		return nil, internal(err)
	}
	c.record, c.flight = record, s.flight()
	event := s.eventOn(ctx, ResourceAPIKey, ActionAPIKeyCreate)
	event.Time = record.CreatedAt
	var keyID string
	err = s.store.Write(ctx, func(tx Tx) (Event, error) {
		user, err := c.receiver(ctx, tx)
		if err != nil {
			return Event{}, err
		}
		if keyID, err = c.run(ctx, tx); err != nil {
			return Event{}, err
		}
		created := event
		created.ResourceID, created.ResourceName = keyID, record.Hint
		created.Metadata = map[string]string{"user_id": user.ID, "user_email": user.Email}
		if keyID != record.ID {
			created.Metadata["replayed"] = "true"
		}
		return created, nil
	})
	if err != nil {
		secret.Destroy()
		return nil, err
	}
	output := &createMyKeyOutput{Body: createdKeyBody{
		Key:    api.DeveloperKey{ID: keyID, KeySummary: api.KeySummary{Hint: record.Hint, CreatedAt: record.CreatedAt}},
		APIKey: revealed{secret},
	}}
	if keyID != record.ID {
		output.Replayed = "true"
	}
	return output, nil
}

// keyCreation is the create of a developer key.
type keyCreation struct {
	by             caller
	userID         string // whom the key is for
	bodyHash       [32]byte
	idempotencyKey string // "" when the caller sent none
	record         KeyRecord
	flight         flight
}

// run carries the create out within a transaction, or repeats it, and returns
// the id of the key: that of an earlier create when it was repeated.
func (c keyCreation) run(ctx context.Context, tx Tx) (id string, err error) {
	if c.idempotencyKey != "" {
		id, err := c.replay(ctx, tx)
		if !errors.Is(err, ErrNotFound) {
			return id, err
		}
	}
	switch n, err := tx.CountDeveloperKeys(ctx, c.userID); {
	case err != nil:
		return "", err
	case n >= api.MaxDeveloperKeys:
		return "", conflict(api.CodeConflict, fmt.Sprintf("The user has %d keys, which is as many as a user can have. Delete one first.", n), nil)
	}
	if err := tx.InsertDeveloperKey(ctx, c.userID, c.record); err != nil {
		return "", err
	}
	if c.idempotencyKey == "" {
		return c.record.ID, nil
	}
	return c.record.ID, tx.RememberCreate(ctx, c.flight.stamped(IdempotentCreate{
		CallerID: c.by.ID, Key: c.idempotencyKey, BodyHash: c.bodyHash,
		AccountID: c.record.ID, CreatedAt: c.record.CreatedAt,
	}), c.expiry())
}

// expiry is the moment before which a create is forgotten.
func (c keyCreation) expiry() time.Time { return c.record.CreatedAt.Add(-api.IdempotencyWindow) }

// receiver is the user that the key is for, after the caller was found to be
// allowed to make it.
func (c keyCreation) receiver(ctx context.Context, tx Tx) (User, error) {
	user, err := userIn(ctx, tx, c.userID)
	switch {
	case err != nil:
		return User{}, err
	case c.userID == c.by.ID:
		return user.User, nil
	}
	return user.User, mayGiveKey(ctx, tx, user.User)
}

// replay gives the key of an earlier create a fresh secret. It returns
// ErrNotFound when there was none.
func (c keyCreation) replay(ctx context.Context, tx Tx) (id string, err error) {
	remembered, err := tx.IdempotentCreate(ctx, c.by.ID, c.idempotencyKey)
	switch {
	case err != nil:
		return "", err
	case remembered.CreatedAt.Before(c.expiry()):
		return "", ErrNotFound
	case remembered.BodyHash != c.bodyHash:
		return "", refuse(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch,
			"This Idempotency-Key belongs to another create. Take a new one.")
	case c.flight.elsewhere(remembered):
		return "", inFlight()
	}
	key, err := tx.DeveloperKey(ctx, c.userID, remembered.AccountID)
	switch {
	case errors.Is(err, ErrNotFound):
		return "", conflict(api.CodeConflict,
			"This create was carried out, and its key has been deleted since. Take a new Idempotency-Key to create another.", nil)
	case err != nil:
		return "", err
	case key.LastUsedAt != nil:
		return "", conflict(api.CodeIdempotencyKeyUsed,
			"This create was carried out and its key is already in use, so it is not replaced. If nobody has the key, delete it and create another.", nil)
	}
	fresh := c.record
	fresh.ID = key.ID
	if err := tx.ReplaceDeveloperKey(ctx, c.userID, fresh); err != nil {
		return "", err
	}
	return key.ID, tx.RememberCreate(ctx, c.flight.stamped(remembered), c.expiry())
}

type myKeyInput struct {
	ID string `path:"id" doc:"Id of one of the caller's keys. One that is no UUID is answered with 404."`
}

func (s *Server) deleteMyKey(ctx context.Context, input *myKeyInput) (*struct{}, error) {
	by, id := callerOf(ctx), strings.ToLower(input.ID)
	if !isID(id) {
		return nil, notFound("key of yours")
	}
	event := s.eventOn(ctx, ResourceAPIKey, ActionAPIKeyDelete)
	return nil, s.store.Write(ctx, func(tx Tx) (Event, error) {
		key, err := tx.DeveloperKey(ctx, by.ID, id)
		switch {
		case errors.Is(err, ErrNotFound):
			return Event{}, notFound("key of yours")
		case err != nil:
			return Event{}, err
		case key.ID == by.KeyID:
			return Event{}, conflict(api.CodeConflict, "This request is made with that very key. Delete it with another one.", nil)
		}
		deleted := event
		deleted.ResourceID, deleted.ResourceName = key.ID, key.Hint
		deleted.Metadata = map[string]string{"user_id": by.ID, "user_email": by.Email}
		return deleted, tx.DeleteDeveloperKey(ctx, by.ID, key.ID, event.Time)
	})
}
