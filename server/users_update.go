package server

import (
	"context"

	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

type updateUserInput struct {
	UserID string `path:"user_id" doc:"Id of a user. One that is no UUID is answered with 404."`
	Body   struct {
		Email        *string `json:"email,omitempty" doc:"Unique in any case among the users that are not deleted."`
		Name         *string `json:"name,omitempty" doc:"1 to 64 characters of any script; empty takes the name away."`
		StatusAction string  `json:"status_action,omitempty" enum:"suspend,unsuspend" doc:"An unsuspended user is active."`
	}
}

func (s *Server) updateUser(ctx context.Context, input *updateUserInput) (*answer[api.User], error) {
	for _, text := range []*string{input.Body.Email, input.Body.Name} {
		if text != nil {
			*text = norm.NFC.String(*text)
		}
	}
	if email := input.Body.Email; email != nil {
		if err := checkEmail(*email); err != nil {
			return nil, invalid("body.email", err)
		}
	}
	if name := input.Body.Name; name != nil {
		if err := checkUserName(*name); err != nil {
			return nil, err
		}
	}
	event := s.eventOn(ctx, ResourceUser, ActionUserUpdate)
	var updated UserDetails
	err := s.change(ctx, func(tx Tx) (Event, error) {
		before, err := userIn(ctx, tx, input.UserID)
		if err != nil {
			return Event{}, err
		}
		done := event
		updated = before
		updated.User, done.Action, done.Metadata = input.apply(before.User)
		if updated.User == before.User {
			return Event{}, errUnchanged
		}
		if err := emailIsFree(ctx, tx, updated.Email, updated.ID); err != nil {
			return Event{}, err
		}
		updated.UpdatedAt = event.Time
		if err := tx.UpdateUser(ctx, updated.User); err != nil {
			return Event{}, err
		}
		done.ResourceID, done.ResourceName = updated.ID, updated.Email
		if before.Status == UserActive && updated.Status != UserActive {
			err = keepsAnAdministrator(ctx, tx)
		}
		return done, err
	})
	if err != nil {
		return nil, err
	}
	return &answer[api.User]{Body: shownUser(updated)}, nil
}

// apply returns the user as it is asked to be, and what an event says of it.
func (input *updateUserInput) apply(user User) (after User, action string, metadata map[string]string) {
	after, action, metadata = user, ActionUserUpdate, map[string]string{}
	if email := input.Body.Email; email != nil && *email != user.Email {
		after.Email, metadata["previous_email"] = *email, user.Email
	}
	if name := input.Body.Name; name != nil && *name != user.Name {
		after.Name, metadata["name"], metadata["previous_name"] = *name, *name, user.Name
	}
	switch {
	case input.Body.StatusAction == "suspend" && user.Status != UserSuspended:
		after.Status, action = UserSuspended, ActionUserSuspend
	case input.Body.StatusAction == "unsuspend" && user.Status == UserSuspended:
		after.Status, action = UserActive, ActionUserUnsuspend
	}
	return after, action, metadata
}
