package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Reason tells why a database cannot be used.
type Reason int

// The reasons.
const (
	// ReasonFailed is every failure that has no reason of its own.
	ReasonFailed Reason = iota
	// ReasonUnreadable: this user may not read or write the database.
	ReasonUnreadable
	// ReasonNotFile: what is there is a folder or a device.
	ReasonNotFile
	// ReasonLocked: another process holds the database.
	ReasonLocked
	// ReasonNotDatabase: what is there is something else, and stays as it is.
	ReasonNotDatabase
	// ReasonNewer: a newer version of this program made the database.
	ReasonNewer
	// ReasonFull: the disk, or the user's share of it, is full.
	ReasonFull
	// ReasonReadOnly: the database, its folder or its disk cannot be written.
	ReasonReadOnly
	// ReasonDamaged: it is a database, but its content is broken.
	ReasonDamaged
	// ReasonRefused: a change contradicts what the database holds.
	ReasonRefused
	// ReasonUnreachable: the database's server does not answer.
	ReasonUnreachable
	// ReasonLogin: the database's server refused the user or the password.
	ReasonLogin
	// ReasonMissing: the server has no such database.
	ReasonMissing
	// ReasonEncoding: the database cannot hold every text.
	ReasonEncoding
	// ReasonCrowded: the server takes no further connection.
	ReasonCrowded
	// ReasonUncertain: a change may or may not have been kept.
	ReasonUncertain
)

// FileError says that a database file cannot be used. Its text is one sentence
// for a person, which names the file and says what to do.
type FileError struct {
	Path     string
	Reason   Reason
	sentence string
	cause    error
}

func (e *FileError) Error() string { return e.sentence }

// Unwrap returns the cause, which may be nil.
func (e *FileError) Unwrap() error { return e.cause }

var sentences = map[Reason]string{
	ReasonFailed:      "the database %s failed; try again, and check its disk when it goes on",
	ReasonUnreadable:  "the database %s cannot be opened; give yourself permission to read and write the file and its folder, or name another",
	ReasonNotFile:     "the database %s is not a file; name a file instead",
	ReasonLocked:      "the database %s is locked by another program; close that program and try again",
	ReasonNotDatabase: "the file %s is not a Lifeguard database and was left as it is; name another file",
	ReasonNewer:       "the database %s was made by a newer version of lifeguard; install that version",
	ReasonFull:        "the disk that holds the database %s is full; make room on it and try again",
	ReasonReadOnly:    "the database %s cannot be written; make the file and its folder writable, or name another",
	ReasonDamaged:     "the database %s is damaged; restore it from a backup",
	ReasonRefused:     "the database %s refused a change that contradicts what it holds; load again what it is about",
}

func fileError(path string, reason Reason, cause error) *FileError {
	failure := &FileError{Path: path, Reason: reason, sentence: fmt.Sprintf(sentences[reason], path), cause: cause}
	if (reason == ReasonFailed || reason == ReasonRefused) && cause != nil {
		failure.sentence += fmt.Sprintf(" (%v)", cause)
	}
	return failure
}

// sqliteFailure turns an error of the driver or the file system into a
// [*FileError]. The end of a context stays what it is unless the time went by
// waiting for another process.
func sqliteFailure(path string, err error) error {
	var already *FileError
	var code *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return already
	case errors.As(err, &code):
		return fileError(path, reasonOf(code.Code()), err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrPermission):
		return fileError(path, ReasonUnreadable, err)
	case errors.Is(err, syscall.EROFS):
		return fileError(path, ReasonReadOnly, err)
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return fileError(path, ReasonFull, err)
	case errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR):
		return fileError(path, ReasonNotFile, err)
	}
	return fileError(path, ReasonFailed, err)
}

// reasonOf reads an extended result code of SQLite: the primary code is its
// lowest byte.
func reasonOf(code int) Reason {
	switch code {
	// The shared memory beside the file is the first thing that needs room.
	case sqlite3.SQLITE_IOERR_SHMSIZE:
		return ReasonFull
	case sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_ACCESS:
		return ReasonUnreadable
	}
	switch code & 0xff {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return ReasonUnreadable
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return ReasonLocked
	case sqlite3.SQLITE_NOTADB:
		return ReasonNotDatabase
	case sqlite3.SQLITE_FULL:
		return ReasonFull
	case sqlite3.SQLITE_READONLY:
		return ReasonReadOnly
	case sqlite3.SQLITE_CORRUPT:
		return ReasonDamaged
	case sqlite3.SQLITE_CONSTRAINT:
		return ReasonRefused
	}
	return ReasonFailed
}

// busy reports that another process held the database: the same may succeed
// at the next attempt.
func busy(err error) bool {
	var code *sqlite.Error
	return errors.As(err, &code) && reasonOf(code.Code()) == ReasonLocked
}
