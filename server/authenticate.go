package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lifeguard-keys/lifeguard/api"
)

// maxBody is the largest request body, in bytes, of operations that are not in
// maxBodies.
const maxBody = 64 << 10

// maxMembers bounds the lists of a team's users: 26,000 ids, as set wants all of
// a team at once.
const maxMembers = 1 << 20

var maxBodies = map[string]int64{
	opApplyOrganization: api.MaxOrganization,
	opAddMembers:        maxMembers, opRemoveMembers: maxMembers, opSetMembers: maxMembers,
}

func maxBodyOf(operation string) int64 {
	if limit, ok := maxBodies[operation]; ok {
		return limit
	}
	return maxBody
}

// admit is the gate of every operation: it authenticates the caller, looks up
// the operation's rule and refuses whom it does not let in. Only then is the
// body read, so a stranger cannot make the server take one.
func (s *Server) admit(hctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hctx)
	// There is one format to answer in. Huma would look for the one that is
	// asked for when the change is made already, and panics on some lists.
	r.Header.Del("Accept")
	plainContentType(r.Header)
	operation := hctx.Operation().OperationID
	requestOf(hctx.Context()).operation = operation
	rule, known := rules[operation]
	if known && rule.public {
		next(hctx)
		return
	}
	caller, err := s.authenticate(hctx.Context(), r)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	requestOf(hctx.Context()).caller = caller.actor()
	if !known {
		s.writeProblem(w, r, refuse(http.StatusForbidden, api.CodeForbidden,
			"Nobody may do this: the server has no rule for it."))
		return
	}
	if caller.reach = reachOf(caller.permissions, rule.anyOf); len(rule.anyOf) > 0 && caller.reach.none() {
		s.writeProblem(w, r, forbidden(api.Permission{Action: rule.anyOf[0], Scope: api.ScopeAll}))
		return
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		// Passed over in silence, a filter that cannot be read would answer
		// with everything.
		s.writeProblem(w, r, refuse(http.StatusBadRequest, api.CodeBadRequest, "The query cannot be read: check its percent-encoding."))
		return
	}
	size, err := readBody(w, r, maxBodyOf(operation))
	if err == nil && size > 0 && !changes(r.Method, operation) {
		// Whoever sends a body can be slow with it, and what only reads does not
		// ask again later (see readmit).
		_, err = s.authenticate(hctx.Context(), r)
	}
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	next(huma.WithValue(hctx, callerKey{}, &caller))
}

// plainContentType leaves the media type alone, in lower case: names of media
// types are alike in any case, and there may be space before their parameters
// (RFC 9110, 5.6.6 and 8.3.1). Huma compares byte by byte.
func plainContentType(h http.Header) {
	if sent := h.Get("Content-Type"); sent != "" && sent != jsonType {
		if media, _, err := mime.ParseMediaType(sent); err == nil {
			h.Set("Content-Type", media)
		}
	}
}

type callerKey struct{}

// callerOf is the caller that admit let in.
func callerOf(ctx context.Context) caller {
	if c := admitted(ctx); c != nil {
		return *c
	}
	return caller{}
}

// admitted is the same, to be replaced, or nil when there was no request.
func admitted(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// authenticate finds who a request is of, and tells the audit log
// alone why it is not accepted.
func (s *Server) authenticate(ctx context.Context, r *http.Request) (caller, error) {
	identity, hash, err := s.present(ctx, r)
	if err != nil {
		return caller{}, err
	}
	if identity.Status == UserCreated {
		if err := s.activate(ctx, identity); err != nil {
			return caller{}, unavailable(err)
		}
	}
	found := newCaller(identity)
	found.keyHash = hash
	return found, nil
}

// present finds who a request is of: whoever its connection belongs to, or
// whose key it carries.
func (s *Server) present(ctx context.Context, r *http.Request) (Identity, api.KeyHash, error) {
	if login, ok := loginOf(ctx); ok {
		identity, err := s.authenticateLogin(ctx, login)
		return identity, api.KeyHash{}, err
	}
	key, ok := bearer(r.Header)
	if !ok {
		return Identity{}, api.KeyHash{}, s.failed(ctx, failMissing)
	}
	identity, hash, err := s.identify(ctx, key)
	var wrong *wrongKeyError
	if errors.As(err, &wrong) {
		err = s.failed(ctx, wrong.reason)
	}
	return identity, hash, err
}

// failed refuses a key, and tells the audit log alone why.
func (s *Server) failed(ctx context.Context, reason string) error {
	requestOf(ctx).failure = reason
	s.metrics.failures.WithLabelValues(reason).Inc()
	return unauthorized()
}

// limited refuses a key without looking it up.
func (s *Server) limited(ctx context.Context) error {
	requestOf(ctx).failure = failLimited
	s.metrics.failures.WithLabelValues(failLimited).Inc()
	return refuse(http.StatusTooManyRequests, api.CodeRateLimited, "Too many wrong keys come from this address. Try again in a second.")
}

// wrongKeyError is a key that is not accepted.
type wrongKeyError struct{ reason string }

func (e *wrongKeyError) Error() string { return e.reason }

// identify finds whose key it is, and records that it was used. The format and
// checksum are looked at before the database is asked. A key that is not
// accepted is a [*wrongKeyError].
func (s *Server) identify(ctx context.Context, key string) (Identity, api.KeyHash, error) {
	defer s.metrics.since(s.source.clock(), s.metrics.verify)
	if api.CheckKey(key) != nil {
		return Identity{}, api.KeyHash{}, &wrongKeyError{failMalformed}
	}
	hash, source := api.HashKey(key), sourceNetwork(requestOf(ctx).ip)
	known := s.failures.before(source, hash)
	if known == tooOften {
		if !s.slowLane.enter(ctx) {
			return Identity{}, hash, s.limited(ctx)
		}
		defer s.slowLane.leave()
		known = s.failures.before(source, hash) // it may have been looked up meanwhile
	}
	if known == isWrong {
		return Identity{}, hash, &wrongKeyError{failUnknown}
	}
	identity, err := s.lookUp(ctx, hash)
	if err == nil && identity.KeyUsedAt == nil {
		// From its first use on a key is not replaced by a repeated create. One
		// that came between the look-up and the note of this use has replaced it.
		identity, err = s.lookUp(ctx, hash)
	}
	var wrong *wrongKeyError
	switch {
	case err == nil:
		s.failures.succeeded(hash)
	case errors.As(err, &wrong) && wrong.reason == failUnknown:
		s.failures.failed(source, hash)
	}
	return identity, hash, err
}

// lookUp finds whose key it is, and notes its use.
func (s *Server) lookUp(ctx context.Context, hash api.KeyHash) (Identity, error) {
	identity, err := s.store.IdentityByKey(ctx, hash)
	switch {
	case errors.Is(err, ErrNotFound):
		return Identity{}, &wrongKeyError{failUnknown}
	case err != nil:
		return Identity{}, unavailable(err)
	case identity.Status != UserActive && identity.Status != UserCreated:
		return Identity{}, &wrongKeyError{failSuspended}
	}
	if err := s.usage.record(ctx, identity, requestOf(ctx).ip); err != nil {
		return Identity{}, unavailable(err)
	}
	return identity, nil
}

// bearer takes the key out of the one Authorization header.
func bearer(header http.Header) (string, bool) {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, key, ok := strings.Cut(values[0], " ")
	return strings.TrimSpace(key), ok && strings.EqualFold(scheme, "Bearer")
}

// readBody takes the whole body, so that one that is too large or breaks off
// is told apart from one that is wrong, and ends the time limit for reading:
// when that ran out later, net/http would cancel an operation half way.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (size int, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return 0, refuse(http.StatusRequestEntityTooLarge, api.CodeTooLarge, fmt.Sprintf("The body of this request has at most %d KiB.", limit>>10))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, refuse(http.StatusRequestTimeout, api.CodeOf(http.StatusRequestTimeout), "The body did not arrive in time.")
	case err != nil:
		return 0, refuse(http.StatusBadRequest, api.CodeBadRequest, "The body of the request broke off.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// Recorders and other writers without a connection have no deadline to end.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, refuse(http.StatusBadRequest, api.CodeBadRequest, "The connection broke off.")
	}
	return len(body), nil
}
