package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lifeguard-keys/lifeguard/server"
)

// ServerError says that a database on a server cannot be used. Its text is one
// sentence for a person, which names the database and its host and says what
// to do. Neither it nor its cause holds a password.
type ServerError struct {
	// Place is the database and its host.
	Place    string
	Reason   Reason
	sentence string
	cause    error
}

func (e *ServerError) Error() string { return e.sentence }

// Is tells the rules when they cannot count on nothing having been changed.
func (e *ServerError) Is(target error) bool {
	return target == server.ErrUncertain && e.Reason == ReasonUncertain
}

// Unwrap returns the cause, which may be nil.
func (e *ServerError) Unwrap() error { return e.cause }

var serverSentences = map[Reason]string{
	ReasonFailed:      "the database %s failed; try again, and look into its server's log when it goes on",
	ReasonUnreadable:  "the database %s does not let this user do what is needed; make the user the owner of the database, or name another user",
	ReasonLocked:      "the database %s is busy with another change; try again",
	ReasonNotDatabase: "the database %s holds the tables of another program and was left as it is; name an empty database",
	ReasonNewer:       "the database %s was made by a newer version of lifeguard; install that version",
	ReasonFull:        "the disk that holds the database %s is full; make room on it and try again",
	ReasonReadOnly:    "the database %s cannot be written; name the primary server, or end its read-only mode",
	ReasonDamaged:     "the database %s is damaged; restore it from a backup",
	ReasonRefused:     "the database %s refused a change that contradicts what it holds; load again what it is about",
	ReasonUnreachable: "the database %s cannot be reached; check that its server runs and that its host and port are right",
	ReasonLogin:       "the database %s refused the user or the password; check both, and that the server lets this user in",
	ReasonMissing:     "there is no database %s; make it with createdb, or name another",
	ReasonEncoding:    "the database %s does not keep texts in UTF-8; make one with createdb --encoding=UTF8 --template=template0",
	ReasonCrowded:     "the database %s takes no further connection; raise max_connections there, or lower pool_max_conns in its name here",
	ReasonUncertain:   "the connection to the database %s broke off during a change, and nobody can say whether it was kept; look before you repeat it",
}

func serverError(place string, reason Reason, cause error) *ServerError {
	failure := &ServerError{Place: place, Reason: reason, sentence: fmt.Sprintf(serverSentences[reason], place), cause: cause}
	switch reason {
	case ReasonFailed, ReasonRefused, ReasonUnreachable, ReasonUnreadable:
		if cause != nil {
			failure.sentence += " (" + innermost(cause) + ")"
		}
	}
	return failure
}

// innermost is the text of an error's first cause: what wraps it names users,
// addresses and several attempts on lines of their own.
func innermost(err error) string {
	for {
		var refusal *pgconn.PgError
		if errors.As(err, &refusal) {
			return refusal.Message
		}
		var next error
		switch wrapped := err.(type) { //nolint:errorlint // this is what errors.As does, to the end
		case interface{ Unwrap() error }:
			next = wrapped.Unwrap()
		case interface{ Unwrap() []error }:
			if all := wrapped.Unwrap(); len(all) > 0 {
				next = all[0]
			}
		}
		if next == nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			return text
		}
		err = next
	}
}

// postgresFailure turns an error of the driver into a [*ServerError]. The end
// of a context stays what it is.
func postgresFailure(place string, err error) error {
	var already *ServerError
	var refusal *pgconn.PgError
	var unconnected *pgconn.ConnectError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return already
	case errors.As(err, &refusal):
		return serverError(place, reasonOfState(refusal.Code), err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &unconnected):
		return serverError(place, ReasonUnreachable, err)
	case errors.Is(err, context.DeadlineExceeded):
		return err
	case postgresLost(err):
		return serverError(place, ReasonUnreachable, err)
	}
	return serverError(place, ReasonFailed, err)
}

// because makes the errors of one reason.
func because(reason Reason) func(place string, cause error) error {
	return func(place string, cause error) error { return serverError(place, reason, cause) }
}

// reasonOfState reads an SQLSTATE (PostgreSQL's documentation, appendix A).
func reasonOfState(state string) Reason {
	switch state {
	case "28000", "28P01":
		return ReasonLogin
	case "3D000":
		return ReasonMissing
	case "25006":
		return ReasonReadOnly
	case "42501":
		return ReasonUnreadable
	case "53100":
		return ReasonFull
	case "53300":
		return ReasonCrowded
	case "40001", "40P01", "55P03":
		return ReasonLocked
	case "57P01", "57P02", "57P03":
		return ReasonUnreachable
	case "XX001", "XX002":
		return ReasonDamaged
	}
	switch state[:min(2, len(state))] {
	case "23":
		return ReasonRefused
	case "08":
		return ReasonUnreachable
	}
	return ReasonFailed
}

// postgresAgain reports that the transaction was rolled back and may succeed at
// the next attempt. It is not to be asked about a commit without
// postgresUncertain.
func postgresAgain(err error) bool {
	var failure *ServerError
	if errors.As(err, &failure) && failure.Reason == ReasonUncertain {
		return false
	}
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		return postgresLost(err)
	}
	switch refusal.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	case "0A000": // a kept statement whose table another version has changed
		return strings.Contains(refusal.Message, "cached plan")
	case "23505":
		// Where a lock lets a reader in too early, two take one number.
		return refusal.TableName == "audit_events"
	}
	return postgresLost(err)
}

// postgresUncertain reports that an error of a commit leaves open whether it
// was kept.
func postgresUncertain(err error) bool {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		// ErrTxDone: the context ended first, and the transaction was rolled back.
		return !errors.Is(err, sql.ErrTxDone)
	}
	return refusal.Code == "40003" || postgresLost(err)
}

// postgresLost reports that a connection ended which had been there.
func postgresLost(err error) bool {
	var refusal *pgconn.PgError
	var unconnected *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil || errors.As(err, &unconnected):
		return false
	case errors.As(err, &refusal):
		// Connection exceptions; the server is shut down, crashed, restarts.
		return strings.HasPrefix(refusal.Code, "08") || strings.HasPrefix(refusal.Code, "57P")
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return false
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &network) || pgconn.SafeToRetry(err)
}
