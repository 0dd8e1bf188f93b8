package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// maxLogSize is when a log file is put aside, in bytes.
const maxLogSize = 5 << 20

// openLog returns the console's log, a file in the state folder that only its
// owner can read, and the function that closes it. The screen belongs to the
// console, so nothing is ever logged there; where no file can be written,
// nothing is logged: a full disk must not keep anybody from a key.
func openLog(env environment) (*slog.Logger, func()) {
	file, err := openLogFile(env.stateFolder())
	if err != nil {
		return slog.New(slog.DiscardHandler), func() {}
	}
	return textLog(file), func() { _ = file.Close() }
}

func openLogFile(folder string) (*os.File, error) {
	if err := ownFolder(folder); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "lifeguard.log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogSize {
		_ = os.Rename(path, path+".1")
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return file, nil
}

func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
