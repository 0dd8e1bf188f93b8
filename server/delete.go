package server

import (
	"context"
	"errors"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// deleteServiceAccount ends an account and its key. An account that the caller
// cannot see is not found; one that may be seen and not touched is refused.
func (s *Server) deleteServiceAccount(ctx context.Context, input *serviceAccountInput) (*struct{}, error) {
	id := strings.ToLower(input.ID)
	if !isID(id) {
		return nil, notFound("service account")
	}
	event := s.event(ctx, callerOf(ctx), ActionServiceAccountDelete)
	err := s.store.Write(ctx, func(tx Tx) (Event, error) {
		caller := callerOf(ctx) // as it is by now
		account, err := tx.ServiceAccount(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound):
			return Event{}, notFound("service account")
		case err != nil:
			return Event{}, err
		case !caller.reach.covers(account.Team.ID) && !reachOf(caller.permissions, readServiceAccounts).covers(account.Team.ID):
			return Event{}, hide("service account", api.ManageServiceAccounts)
		case !caller.reach.covers(account.Team.ID):
			return Event{}, forbidden(managing(account.Team.ID))
		}
		deleted := event
		deleted.ResourceID, deleted.ResourceName = account.ID, account.Name
		deleted.Metadata = map[string]string{
			"team_id": account.Team.ID, "team_name": account.Team.Name, "key_hint": account.Key.Hint,
		}
		return deleted, tx.DeleteServiceAccount(ctx, account.ID, event.Time)
	})
	return nil, err
}

// event begins the audit event of a mutation of a service account.
func (s *Server) event(ctx context.Context, by caller, action string) Event {
	info := requestOf(ctx)
	return Event{
		ID: s.source.newID(), Time: s.source.now(), Actor: by.actor(), Action: action,
		ResourceType: ResourceServiceAccount, Outcome: OutcomeSuccess,
		RequestID: info.id, IP: info.ip, UserAgent: info.userAgent, Via: info.via,
	}
}
