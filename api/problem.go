package api

import (
	"errors"
	"fmt"
	"time"
)

// Code says what went wrong, for programs. On the wire it is the last part of
// a problem's type, urn:lifeguard:problem:CODE.
type Code string

// The codes. A server of another make sends none of them: [CodeOf] then
// derives one from the HTTP status.
const (
	CodeBadRequest          Code = "bad-request"           // 400
	CodeUnauthorized        Code = "unauthorized"          // 401
	CodeForbidden           Code = "forbidden"             // 403: a permission is missing
	CodeExceedsCaller       Code = "exceeds-caller"        // 403: the team can do more than the caller
	CodeNotFound            Code = "not-found"             // 404: no such resource
	CodeNoSuchEndpoint      Code = "no-such-endpoint"      // 404 or 405: the server does not serve this path
	CodeConflict            Code = "conflict"              // 409
	CodeNameTaken           Code = "name-taken"            // 409: another of this kind has the name
	CodeIdempotencyInFlight Code = "idempotency-in-flight" // 409: the same create is being carried out
	CodeIdempotencyKeyUsed  Code = "idempotency-key-used"  // 409: the created key was already used
	CodePreconditionFailed  Code = "precondition-failed"   // 412: it was changed since its ETag was read
	CodePreconditionMissing Code = "precondition-missing"  // 428: say If-Match
	CodeIdempotencyMismatch Code = "idempotency-mismatch"  // 422: same Idempotency-Key, other body
	CodeInvalid             Code = "invalid"               // 422: see the problem's errors
	CodeTooLarge            Code = "too-large"             // 413
	CodeRateLimited         Code = "rate-limited"          // 429
	CodeInternal            Code = "internal"              // 500
	CodeUnavailable         Code = "unavailable"           // 502, 503, 504
)

// ProblemTypePrefix precedes the code in a problem's type.
const ProblemTypePrefix = "urn:lifeguard:problem:"

// ProblemContentType is the media type of every error answer (RFC 9457).
const ProblemContentType = "application/problem+json"

// Problem is the body of every error answer (RFC 9457). Detail is one
// sentence for a person; it never holds a key, nor a value that was submitted.
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Instance  string         `json:"instance,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Errors    []FieldProblem `json:"errors,omitempty"`
	// Missing lists the permissions that the caller would need (403).
	Missing []Permission `json:"missing_permissions,omitempty"`
	// Existing is the object that is in the way (409).
	Existing *ServiceAccount `json:"existing,omitempty"`
}

// FieldProblem says what is wrong with one part of a request. Location is
// such as body.name or query.page_size.
type FieldProblem struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is every failure of an operation as a client's caller sees it. Its
// text is one sentence that says what happened; it never holds a key.
type Error struct {
	// Kind tells where it failed.
	Kind ErrorKind
	// Code and the problem's fields are set when the server answered.
	Code    Code
	Status  int    // HTTP status, 0 when there was no answer
	Detail  string // one sentence for a person
	Fields  []FieldProblem
	Missing []Permission
	// Existing is the account in the way of a create (409).
	Existing *ServiceAccount
	// RequestID is the server's id of the failed request, for its log.
	RequestID string
	// RetryAfter is how long the server asked to wait, 0 when it did not say.
	RetryAfter time.Duration
	// Lost is true when the request may have been carried out although no
	// usable answer came back: a create must be repeated with the same
	// Idempotency-Key, never with a new one.
	Lost bool
	// Cause is the underlying error, for the log.
	Cause error
}

// ErrorKind tells where an operation failed.
type ErrorKind int

// The kinds of failure.
const (
	// KindRefused: the server answered with an error.
	KindRefused ErrorKind = iota + 1
	// KindUnreachable: no connection, or it broke (DNS, refused, reset).
	KindUnreachable
	// KindTimeout: no answer in time.
	KindTimeout
	// KindTLS: the server's certificate was not accepted.
	KindTLS
	// KindProxy: the proxy refused or failed.
	KindProxy
	// KindMalformed: the answer is not the API's (HTML, half a body).
	KindMalformed
	// KindCanceled: the caller gave up.
	KindCanceled
	// KindLocal: refused before anything was sent, such as a key over plain
	// HTTP or a write in read-only mode.
	KindLocal
)

// Error returns Detail with the request id, when there is one.
func (e *Error) Error() string {
	if e.RequestID == "" {
		return e.Detail
	}
	return fmt.Sprintf("%s (request %s)", e.Detail, e.RequestID)
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, api.ErrNotFound) and the like work by code.
func (e *Error) Is(target error) bool {
	var sentinel *codeError
	if e == nil { // no error at all, in an interface
		return false
	}
	return errors.As(target, &sentinel) && sentinel.code == e.Code
}

type codeError struct{ code Code }

func (e *codeError) Error() string { return string(e.code) }

// Sentinels for errors.Is, one a code that callers act upon.
var (
	ErrUnauthorized        error = &codeError{CodeUnauthorized}
	ErrForbidden           error = &codeError{CodeForbidden}
	ErrExceedsCaller       error = &codeError{CodeExceedsCaller}
	ErrNotFound            error = &codeError{CodeNotFound}
	ErrNoSuchEndpoint      error = &codeError{CodeNoSuchEndpoint}
	ErrNameTaken           error = &codeError{CodeNameTaken}
	ErrIdempotencyInFlight error = &codeError{CodeIdempotencyInFlight}
	ErrIdempotencyKeyUsed  error = &codeError{CodeIdempotencyKeyUsed}
	ErrPreconditionFailed  error = &codeError{CodePreconditionFailed}
	ErrInvalid             error = &codeError{CodeInvalid}
	ErrRateLimited         error = &codeError{CodeRateLimited}
)

// CodeOf returns the code that an HTTP status stands for when the problem
// names none.
func CodeOf(status int) Code {
	switch status {
	case 401:
		return CodeUnauthorized
	case 403:
		return CodeForbidden
	case 404:
		return CodeNotFound
	case 405:
		return CodeNoSuchEndpoint
	case 409:
		return CodeConflict
	case 412:
		return CodePreconditionFailed
	case 413:
		return CodeTooLarge
	case 422:
		return CodeInvalid
	case 428:
		return CodePreconditionMissing
	case 429:
		return CodeRateLimited
	case 502, 503, 504:
		return CodeUnavailable
	}
	if status >= 500 {
		return CodeInternal
	}
	return CodeBadRequest
}
