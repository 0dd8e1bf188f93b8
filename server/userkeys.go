package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// opCreateUserKey makes a developer key for somebody else.
const opCreateUserKey = "create-user-api-key"

var userKeyRules = map[string]rule{opCreateUserKey: provision}

func (s *Server) registerUserKeys(on huma.API) {
	handle(s, on, operation{
		id: opCreateUserKey, method: http.MethodPost, path: api.PathUserAPIKeys, status: http.StatusCreated,
		summary: "Create a developer key for a user",
		description: fmt.Sprintf("For a user who has none yet, or has lost them: only with a key can they make their own. The caller must be "+
			"able to do all that the user can (403). The only answer that ever holds the key; the request has no body. With an "+
			"Idempotency-Key it can be repeated after a lost answer, as for the caller's own keys. A user has at most %d keys, and a "+
			"suspended one gets none (409).", api.MaxDeveloperKeys),
		refusals: []int{
			http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
		},
	}, s.createUserKey)
}

type createUserKeyInput struct {
	UserID         string `path:"user_id" doc:"Id of a user. One that is no UUID is answered with 404."`
	IdempotencyKey string `header:"Idempotency-Key" doc:"A UUID: the same one for every repetition of the same create."`
}

func (s *Server) createUserKey(ctx context.Context, input *createUserKeyInput) (*createMyKeyOutput, error) {
	id := strings.ToLower(input.UserID)
	return s.createKey(ctx, keyCreation{
		by: callerOf(ctx), userID: id, bodyHash: sha256.Sum256([]byte("developer API key of " + id)), idempotencyKey: input.IdempotencyKey,
	})
}

// mayGiveKey refuses to make a key for somebody who can do more than the
// caller: with it the caller could do that too.
func mayGiveKey(ctx context.Context, tx Tx, user User) error {
	if user.Status == UserSuspended {
		return conflict(api.CodeConflict, "This user is suspended, so a key would be refused. Unsuspend the user first.", nil)
	}
	return mayActAs(ctx, tx, user.ID)
}

// mayActAs refuses to hand over what lets its holder act as somebody who can do
// more than the caller.
func mayActAs(ctx context.Context, tx Tx, userID string) error {
	teams, err := tx.TeamsOf(ctx, userID)
	if err != nil {
		return err
	}
	granted := make([][]api.Permission, 0, len(teams))
	for _, team := range teams {
		granted = append(granted, permissionsOf(team.Role))
	}
	missing := api.MissingPermissions(callerOf(ctx).permissions, api.UnionPermissions(granted...))
	if len(missing) > 0 {
		return exceeds("This user can do more than you", "Nobody makes a key with permissions they lack", missing)
	}
	return nil
}
