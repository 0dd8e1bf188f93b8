package server

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/lifeguard-keys/lifeguard/api"
)

// problemError is a refusal on its way to the caller: every error answer of
// this package is one. Its texts never quote what was submitted.
type problemError struct {
	problem api.Problem
	cause   error // for the log only
	// hidden is what the caller of something that is not told to be there would
	// need to see it. It is a denial, and for the audit log only.
	hidden api.Action
}

func (e *problemError) Error() string { return e.problem.Detail }
func (e *problemError) Unwrap() error { return e.cause }

// GetStatus makes it an error that Huma writes with this status.
func (e *problemError) GetStatus() int { return e.problem.Status }

// ContentType is asked for by Huma before it writes the body.
func (e *problemError) ContentType(string) string { return api.ProblemContentType }

var problemTitles = map[api.Code]string{
	api.CodeBadRequest:          "The request cannot be read",
	api.CodeUnauthorized:        "Not authenticated",
	api.CodeForbidden:           "Not permitted",
	api.CodeExceedsCaller:       "The team can do more than you",
	api.CodeNotFound:            "Not found",
	api.CodeNoSuchEndpoint:      "No such endpoint",
	api.CodeConflict:            "Conflict",
	api.CodeNameTaken:           "The name is taken",
	api.CodeIdempotencyInFlight: "Still being carried out",
	api.CodeIdempotencyKeyUsed:  "The key is already in use",
	api.CodePreconditionFailed:  "Changed in the meantime",
	api.CodePreconditionMissing: "If-Match is missing",
	api.CodeIdempotencyMismatch: "Idempotency-Key belongs to another request",
	api.CodeInvalid:             "Invalid request",
	api.CodeTooLarge:            "The body is too large",
	api.CodeRateLimited:         "Too many requests",
	api.CodeInternal:            "Internal error",
	api.CodeUnavailable:         "Not available",
}

func refuse(status int, code api.Code, detail string) *problemError {
	return &problemError{problem: api.Problem{
		Type: api.ProblemTypePrefix + string(code), Title: problemTitles[code], Status: status, Detail: detail,
	}}
}

// invalid refuses one part of a request, such as body.name.
func invalid(location string, reason error) *problemError {
	refusal := refuse(http.StatusUnprocessableEntity, api.CodeInvalid, "The request is not valid: "+location+": "+reason.Error()+".")
	refusal.problem.Errors = []api.FieldProblem{{Location: location, Message: reason.Error()}}
	return refusal
}

func notFound(what string) *problemError {
	return refuse(http.StatusNotFound, api.CodeNotFound, "There is no such "+what+", or you may not see it.")
}

// hide says the same of what is there and not for this caller.
func hide(what string, needed api.Action) *problemError {
	refusal := notFound(what)
	refusal.hidden = needed
	return refusal
}

// unauthorized is one and the same for every way in which a key can be wrong,
// so that the answer tells nothing about which keys exist.
func unauthorized() *problemError {
	return refuse(http.StatusUnauthorized, api.CodeUnauthorized,
		"The API key is missing, is not a whole key, or is not accepted any more. Send a working one as Authorization: Bearer.")
}

// forbidden names the permission that would suffice, in words and as it is on
// the wire.
func forbidden(missing api.Permission) *problemError {
	where := ""
	if missing.Scope == api.ScopeSpecific {
		where = " for this team"
	}
	refusal := refuse(http.StatusForbidden, api.CodeForbidden, fmt.Sprintf(
		"You need the permission %s (%s)%s. The role %s has it; ask an administrator.",
		missing.Action.Words(), missing.Action, where, api.RoleTenantAdmin))
	refusal.problem.Missing = []api.Permission{missing}
	return refusal
}

// exceedsCaller refuses a key that could do what its maker cannot.
func exceedsCaller(missing []api.Permission) *problemError {
	return exceeds("This team can do more than you", "Nobody makes a key with permissions they lack", missing)
}

// exceeds refuses what would give out more than the caller has: what it is, and
// the rule that it breaks.
func exceeds(what, rule string, missing []api.Permission) *problemError {
	names := make([]string, 0, len(missing))
	for _, p := range missing {
		names = append(names, fmt.Sprintf("%s (%s)", p.Action.Words(), p.Action))
	}
	refusal := refuse(http.StatusForbidden, api.CodeExceedsCaller, fmt.Sprintf(
		"%s: %s. %s; a %s has them all.", what, strings.Join(names, ", "), rule, api.RoleTenantAdmin))
	refusal.problem.Missing = missing
	return refusal
}

func conflict(code api.Code, detail string, existing *api.ServiceAccount) *problemError {
	refusal := refuse(http.StatusConflict, code, detail)
	refusal.problem.Existing = existing
	return refusal
}

func unavailable(cause error) *problemError {
	refusal := refuse(http.StatusServiceUnavailable, api.CodeUnavailable,
		"The server's database did not do it, and nothing was changed. Try again in a moment.")
	refusal.cause = cause
	return refusal
}

func internal(cause error) *problemError {
	refusal := refuse(http.StatusInternalServerError, api.CodeInternal,
		"Something went wrong in the server. Its log has the details under this request id.")
	refusal.cause = cause
	return refusal
}

// problemOf makes a refusal of any error. What is not one already comes from
// the store, which promises that nothing was changed, or says that it does not
// know.
func problemOf(err error) *problemError {
	var refusal *problemError
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, ErrUncertain):
		return uncertain(err)
	}
	return unavailable(err)
}

// Huma checks bodies and parameters against their schemas and describes what
// it finds in its own error model, with the submitted values. translate turns
// that into a problem without them.
func translate(model *huma.ErrorModel) *problemError {
	code := api.CodeOf(model.Status)
	switch model.Status {
	case http.StatusUnsupportedMediaType:
		return refuse(model.Status, code, "Send the body as application/json.")
	case http.StatusBadRequest:
		return refuse(model.Status, code, "The body must be one JSON object in UTF-8 that has each of its names once.")
	case http.StatusUnprocessableEntity:
		refusal := refuse(model.Status, code, "")
		for _, detail := range model.Errors {
			refusal.problem.Errors = append(refusal.problem.Errors, fieldProblem(detail))
		}
		refusal.problem.Detail = "The request is not valid."
		if fields := refusal.problem.Errors; len(fields) > 0 {
			refusal.problem.Detail = fmt.Sprintf("The request is not valid: %s %s.", fields[0].Location, fields[0].Message)
		}
		return refusal
	}
	return internal(model)
}

// fieldName is what a field can look like to be named in an answer. A key that
// was pasted in the place of a field's name does not.
var fieldName = regexp.MustCompile(`^[a-z][a-z_]{0,31}(\[\d+\])*$`)

// nameable is as much of a location as can be named in an answer.
func nameable(location string) string {
	parts := strings.Split(location, ".")
	for i, part := range parts {
		if !fieldName.MatchString(part) {
			return strings.Join(parts[:i], ".")
		}
	}
	return location
}

func fieldProblem(detail *huma.ErrorDetail) api.FieldProblem {
	location, message := detail.Location, detail.Message
	var required string
	switch _, err := fmt.Sscanf(message, validation.MsgExpectedRequiredProperty, &required); {
	case err == nil:
		return api.FieldProblem{Location: location + "." + required, Message: "is required"}
	case message == validation.MsgUnexpectedProperty:
		return api.FieldProblem{Location: nameable(location), Message: "has a field that this endpoint does not know"}
	}
	return api.FieldProblem{Location: location, Message: message}
}
