package server

import (
	"context"
	"errors"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// ViaSSH is the via of events of somebody who signed in over SSH. A request
// that came over the network cannot claim it.
const ViaSSH = "ssh"

// ActionKeyUndelivered is the audit event of a new key whose connection ended
// before its person said that they have it.
const ActionKeyUndelivered = "service_account.key_undelivered"

// Why somebody was not let in over SSH, in the event's metadata.
const (
	failNoSSHKey = "no such SSH key"
	failNoLogin  = "no key over SSH"
)

// ErrNotAdmitted is why a key opens nothing: nobody has it, or its user is
// suspended.
var ErrNotAdmitted = errors.New("this key opens nothing here")

// SSHLogin is a user who signed in over SSH, and the key that they did it with.
type SSHLogin struct {
	UserID string
	Key    SSHFingerprint
}

// AdmitSSH returns whose login a key is. Nothing is proved by that yet: that
// the person has the private key is for the SSH protocol to see. A key that
// opens nothing is [ErrNotAdmitted]; other errors are the store's.
func (s *Server) AdmitSSH(ctx context.Context, key SSHFingerprint) (SSHLogin, error) {
	identity, err := s.store.IdentityBySSHKey(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return SSHLogin{}, ErrNotAdmitted
	case err != nil:
		return SSHLogin{}, err
	case identity.Status == UserSuspended:
		return SSHLogin{}, &suspendedError{}
	}
	return SSHLogin{UserID: identity.ID, Key: key}, nil
}

// suspendedError is ErrNotAdmitted, for the audit log's reason.
type suspendedError struct{}

func (*suspendedError) Error() string        { return failSuspended }
func (*suspendedError) Is(target error) bool { return target == ErrNotAdmitted }

// RefusedSSH tells the audit log, as for every failed authentication, that a
// connection from an address got in with none of its keys; why is the error of
// the last, nil when none was offered.
func (s *Server) RefusedSSH(ip, client string, why error) {
	reason := failNoSSHKey
	switch {
	case why == nil:
		reason = failNoLogin
	case errors.As(why, new(*suspendedError)):
		reason = failSuspended
	}
	s.metrics.failures.WithLabelValues(reason).Inc()
	s.denials.record(denialKind{action: ActionAuthenticationFail, source: sourceNetwork(ip), reason: reason}, &request{
		id: s.source.newID(), ip: ip, userAgent: eventText(client), via: ViaSSH, caller: api.Actor{Type: api.IdentityAnonymous},
	})
}

// StillAdmitted reports for each login whether it is one: whether the user is
// neither suspended nor deleted and still has the key.
func (s *Server) StillAdmitted(ctx context.Context, logins []SSHLogin) ([]bool, error) {
	keys := make([]SSHFingerprint, len(logins))
	for i, login := range logins {
		keys[i] = login.Key
	}
	owners, err := s.store.SSHKeyOwners(ctx, keys)
	if err != nil {
		return nil, err
	}
	still := make([]bool, len(logins))
	for i, login := range logins {
		still[i] = owners[login.Key] == login.UserID
	}
	return still, nil
}

type loginKey struct{}

// ActAs makes all requests of a connection those of a login, in place of the
// key that they would carry. It is for the ConnContext of an [http.Server] whose
// listener only this process can reach. The user is read anew for each request.
func ActAs(ctx context.Context, login SSHLogin) context.Context {
	return context.WithValue(ctx, loginKey{}, login)
}

// loginOf is the login of the connection that a request came on.
func loginOf(ctx context.Context) (SSHLogin, bool) {
	login, ok := ctx.Value(loginKey{}).(SSHLogin)
	return login, ok
}

// authenticateLogin finds the user of a login as it is now.
func (s *Server) authenticateLogin(ctx context.Context, login SSHLogin) (Identity, error) {
	identity, err := s.store.IdentityBySSHKey(ctx, login.Key)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && identity.ID != login.UserID:
		return Identity{}, s.failed(ctx, failNoSSHKey)
	case err != nil:
		return Identity{}, unavailable(err)
	case identity.Status == UserSuspended:
		return Identity{}, s.failed(ctx, failSuspended)
	}
	return identity, nil
}

// signed notes in an event which SSH key its caller signed in with.
func signed(ctx context.Context, event Event) Event {
	login, ok := loginOf(ctx)
	if !ok {
		return event
	}
	if event.Metadata == nil {
		event.Metadata = map[string]string{}
	}
	event.Metadata["ssh_key"] = login.Key.String()
	return event
}

// creationPatience is how long [Server.KeysUndelivered] waits for a create that is
// still being carried out.
const creationPatience = 5 * time.Second

// KeysUndelivered notes which new keys may not have reached their person: those
// of these service accounts, and those of creates with these Idempotency-Keys.
// What does not exist, was deleted, or was used since is passed over.
func (s *Server) KeysUndelivered(ctx context.Context, login SSHLogin, ip string, accountIDs, creates []string) error {
	ctx = context.WithValue(ActAs(ctx, login), requestKey{}, &request{id: s.source.newID(), ip: ip, via: ViaSSH})
	for _, key := range creates {
		s.awaitCreate(ctx, login.UserID, key)
	}
	event := s.event(ctx, caller{}, ActionKeyUndelivered)
	err := s.store.WriteAll(ctx, func(tx Tx) ([]Event, error) {
		user, err := tx.User(ctx, login.UserID)
		if err != nil {
			return nil, err
		}
		event.Actor = caller{Identity: Identity{Type: api.IdentityUser, ID: user.ID, Name: user.Name, Email: user.Email}}.actor()
		ids := append([]string{}, accountIDs...)
		for _, key := range creates {
			create, err := tx.IdempotentCreate(ctx, login.UserID, key)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			ids = append(ids, create.AccountID)
		}
		var events []Event
		for _, id := range ids {
			account, err := tx.ServiceAccount(ctx, id)
			if errors.Is(err, ErrNotFound) || err == nil && account.Key.LastUsedAt != nil {
				continue
			}
			if err != nil {
				return nil, err
			}
			one := event
			one.ID, one.ResourceID, one.ResourceName = s.source.newID(), account.ID, account.Name
			one.Metadata = map[string]string{"key_hint": account.Key.Hint, "team_id": account.Team.ID}
			events = append(events, one)
		}
		if len(events) == 0 {
			return nil, errUnchanged
		}
		return events, nil
	})
	if errors.Is(err, errUnchanged) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// awaitCreate waits until a create of a user is answered.
func (s *Server) awaitCreate(ctx context.Context, userID, idempotencyKey string) {
	ctx, cancel := context.WithTimeout(ctx, creationPatience)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for s.creating(userID, idempotencyKey) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// maxUndelivered is how many of the last events about undelivered keys are looked at.
const maxUndelivered = 50

// UndeliveredKeys returns the service accounts that a user made over a
// connection which ended before their keys were said to have arrived, and whose
// keys nobody has used since. The newest is first.
func (s *Server) UndeliveredKeys(ctx context.Context, login SSHLogin) ([]api.ServiceAccount, error) {
	page, err := s.store.AuditEvents(ctx, AuditQuery{Limit: maxUndelivered, AuditFilter: api.AuditFilter{
		ActorID: login.UserID, Action: ActionKeyUndelivered, NewestFirst: true,
	}})
	if err != nil {
		return nil, err
	}
	var accounts []api.ServiceAccount
	seen := map[string]bool{}
	for _, event := range page.Events {
		if seen[event.Resource.ID] {
			continue
		}
		seen[event.Resource.ID] = true
		account, err := s.store.ServiceAccount(ctx, event.Resource.ID)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, err
		case account.Key.LastUsedAt == nil && account.Key.Hint == event.Metadata["key_hint"]:
			accounts = append(accounts, account)
		}
	}
	return accounts, nil
}
