package server

import (
	"context"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

type updateUserInput struct {
	UserID string `path:"user_id" doc:"Id of a user. One that is no UUID is answered with 404."`
	Body   struct {
		Email        *string  `json:"email,omitempty" doc:"Unique in any case among the users that are not deleted."`
		Name         *string  `json:"name,omitempty" doc:"1 to 64 characters of any script; empty takes the name away."`
		StatusAction string   `json:"status_action,omitempty" enum:"suspend,unsuspend" doc:"An unsuspended user is active."`
		SSHKeys      []string `json:"ssh_keys,omitempty" doc:"Lifeguard's extension: all OpenSSH public keys that the user may sign in with from now on; an empty list takes them away."`
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
	keys, err := parseSSHKeys("body.ssh_keys", input.Body.SSHKeys)
	if err != nil {
		return nil, err
	}
	event := s.eventOn(ctx, ResourceUser, ActionUserUpdate)
	var updated UserDetails
	err = s.change(ctx, func(tx Tx) (Event, error) {
		before, err := userIn(ctx, tx, input.UserID)
		if err != nil {
			return Event{}, err
		}
		updated = before
		updated.User = input.apply(before.User)
		if input.Body.SSHKeys != nil {
			updated.SSHKeys = keys
		}
		return changeUser(ctx, tx, before, &updated, event)
	})
	if err != nil {
		return nil, err
	}
	return &answer[api.User]{Body: shownUser(updated)}, nil
}

// apply returns the user as it is asked to be.
func (input *updateUserInput) apply(user User) User {
	if email := input.Body.Email; email != nil {
		user.Email = *email
	}
	if name := input.Body.Name; name != nil {
		user.Name = *name
	}
	switch {
	case input.Body.StatusAction == "suspend":
		user.Status = UserSuspended
	case input.Body.StatusAction == "unsuspend" && user.Status == UserSuspended:
		user.Status = UserActive
	}
	return user
}

// changeUser puts a user in place of what it was, within a transaction, and
// completes its event and the time of the change. It returns errUnchanged when
// both are the same.
func changeUser(ctx context.Context, tx Tx, before UserDetails, after *UserDetails, event Event) (Event, error) {
	event.ResourceID, event.ResourceName = after.ID, after.Email
	event.Action, event.Metadata = ActionUserUpdate, map[string]string{}
	if after.Email != before.Email {
		event.Metadata["previous_email"] = before.Email
	}
	if after.Name != before.Name {
		event.Metadata["name"], event.Metadata["previous_name"] = after.Name, before.Name
	}
	sameKeys := slices.Equal(before.SSHKeys, after.SSHKeys)
	switch {
	case after.Status == before.Status && len(event.Metadata) == 0 && sameKeys:
		return Event{}, errUnchanged
	case after.Status == before.Status:
	case after.Status == UserSuspended:
		event.Action = ActionUserSuspend
	default:
		event.Action = ActionUserUnsuspend
	}
	if err := emailIsFree(ctx, tx, after.Email, after.ID); err != nil {
		return Event{}, err
	}
	after.UpdatedAt = event.Time
	err := tx.UpdateUser(ctx, after.User)
	if err == nil && !sameKeys {
		err = changeSSHKeys(ctx, tx, before, after.SSHKeys, event)
	}
	if err == nil && before.Status == UserActive && after.Status != UserActive {
		err = keepsAnAdministrator(ctx, tx)
	}
	return event, err
}
