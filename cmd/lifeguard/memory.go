package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// memory is the file that one context's last query and order are kept in. Each
// context has its own, so that two consoles on two contexts do not lose what the
// other one kept. The zero value remembers nothing.
type memory struct{ path string }

// lastSearch is what the file holds.
type lastSearch struct {
	Query string `json:"query"`
	Sort  string `json:"sort"`
}

// maxMemory is far more than a query and a column take, in bytes.
const maxMemory = 64 << 10

// memory is that of the context, or of a server or this machine without one.
func (f connectFlags) memory(env environment, kind, name string) memory {
	if !f.file.Remember {
		return memory{}
	}
	if f.context != "" {
		kind = "context"
	}
	return memory{filepath.Join(env.stateFolder(), "views", kind+"-"+url.PathEscape(name)+".json")}
}

// recall returns what was kept. A file that cannot be used is nobody's loss: it
// is ignored, and the note says so.
func (m memory) recall() (v tui.View, note string) {
	if m.path == "" {
		return v, ""
	}
	file, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return v, ""
	}
	var k lastSearch
	if err == nil {
		defer func() { _ = file.Close() }()
		decoder := json.NewDecoder(io.LimitReader(file, maxMemory))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&k)
	}
	if err != nil || api.FindKey(k.Query) != "" {
		return tui.View{}, "The last search cannot be read and is ignored: " + m.path
	}
	return tui.View{Query: k.Query, Sort: k.Sort}, ""
}

// keep writes the view, whole or not at all, for its owner alone. A view with
// anything in it that could be a key is kept without its query.
func (m memory) keep(v tui.View) error {
	if m.path == "" {
		return nil
	}
	if api.FindKey(v.Query) != "" {
		v.Query = ""
	}
	if err := ownFolder(filepath.Dir(m.path)); err != nil {
		return err
	}
	text, err := json.Marshal(lastSearch{v.Query, v.Sort})
	if err != nil {
		return fmt.Errorf("write down the last search: %w", err)
	}
	if err := replaceFile(m.path, append(text, '\n')); err != nil {
		return fmt.Errorf("keep the last search in %s: %w", m.path, plainPathError(err))
	}
	return nil
}
