package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/lifeguard-keys/lifeguard/api"
)

// readmittingStore asks anew, inside each transaction of a request, whether its
// caller may still do it. The request was let in before its body had come, which
// can take as long as the client likes, and before the change had its turn. In
// between the caller may have been suspended or have lost a key, a team or a
// permission; what was answered then must hold, or they would leave a key behind.
type readmittingStore struct {
	Store
	server *Server
}

func (s readmittingStore) Write(ctx context.Context, change func(tx Tx) (Event, error)) error {
	return s.Store.Write(ctx, func(tx Tx) (Event, error) {
		if err := s.server.readmit(ctx, tx); err != nil {
			return Event{}, err
		}
		return change(tx)
	})
}

func (s readmittingStore) WriteAll(ctx context.Context, change func(tx Tx) ([]Event, error)) error {
	return s.Store.WriteAll(ctx, func(tx Tx) ([]Event, error) {
		if err := s.server.readmit(ctx, tx); err != nil {
			return nil, err
		}
		return change(tx)
	})
}

// readmit makes the caller of a request what it is within the transaction, or
// refuses it. A change that no request asks for has none.
func (s *Server) readmit(ctx context.Context, tx Tx) error {
	by := admitted(ctx)
	if by == nil {
		return nil
	}
	if by.Type == api.IdentityUser { // service accounts are deleted too often to be told of it so
		if same, err := tx.AccessUnchanged(ctx, by.AccessVersion); err != nil || same {
			return err
		}
	}
	identity, unknown, err := Identity{}, failUnknown, error(nil)
	if login, ok := loginOf(ctx); ok {
		unknown = failNoSSHKey
		if identity, err = tx.IdentityBySSHKey(ctx, login.Key); err == nil && identity.ID != login.UserID {
			err = ErrNotFound
		}
	} else {
		identity, err = tx.IdentityByKey(ctx, by.keyHash)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return s.failed(ctx, unknown)
	case err != nil:
		return err
	case identity.Status == UserSuspended:
		return s.failed(ctx, failSuspended)
	}
	now, rule := newCaller(identity), rules[requestOf(ctx).operation]
	now.keyHash, now.reach = by.keyHash, reachOf(now.permissions, rule.anyOf)
	if len(rule.anyOf) > 0 && now.reach.none() {
		return forbidden(api.Permission{Action: rule.anyOf[0], Scope: api.ScopeAll})
	}
	*by = now
	return nil
}

// changes reports whether an operation goes through a transaction, and so asks
// again who its caller is.
func changes(method, operation string) bool {
	return method != http.MethodGet && method != http.MethodHead && operation != opIntrospect
}
