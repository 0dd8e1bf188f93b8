package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lifeguard-keys/lifeguard"

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// packages returns every package of the module and all that they stand on,
// without tests.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	// What go list reads is unknown to the cache of test results. Reading the
	// folders here makes the result stale when a file in them changes.
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && len(entry.Name()) > 2 && entry.Name()[0] == '.' {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", module+"/...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	all := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// TestArrows holds the picture of docs/architecture.md: which room may import
// which, directly, and what a room may not stand on at all. A room that is new
// has to be given its place here.
func TestArrows(t *testing.T) {
	all := packages(t)
	// Rooms of this module that each room may import. A room ending in /* is
	// every package below it.
	rooms := map[string][]string{
		"api":                          {},
		"client":                       {"api"},
		"identify":                     {"api"},
		"seal":                         {"api"},
		"server":                       {"api"},
		"server/sample":                {"api", "server", "server/sqlstore"},
		"server/sqlstore":              {"api", "server"},
		"server/sqlstore/postgrestest": {}, // starts a PostgreSQL for tests
		"server/storetest": {
			"api", "server", "server/sample",
		},
		"sshd":                    {},
		"styles":                  {},
		"tui":                     {"api", "identify", "seal", "styles", "tui/*"},
		"tui/clipboard":           {},
		"tui/fuzzy":               {"tui/sorting"},
		"tui/feed":                {"api"},
		"tui/inventory":           {"api"},
		"tui/picker":              {"styles", "tui/fuzzy"},
		"tui/query":               {"tui/fuzzy"},
		"tui/selection":           {"api", "tui/fuzzy", "tui/inventory", "tui/query", "tui/sorting"},
		"tui/sorting":             {},
		"tui/table":               {"styles", "tui/fuzzy"},
		"tui/tuitest":             {},
		"cmd/lifeguard":           {"api", "client", "cmd/lifeguard/config", "cmd/lifeguard/inherited", "cmd/lifeguard/orgfile", "identify", "seal", "server", "server/*", "sshd", "styles", "tui", "tui/*"},
		"cmd/lifeguard/config":    {"api", "styles", "tui", "tui/*"},
		"cmd/lifeguard/inherited": {},
		"cmd/lifeguard/orgfile":   {"api", "cmd/lifeguard/config"},
	}
	for path, p := range all {
		room, ours := strings.CutPrefix(path, module+"/")
		if !ours {
			continue
		}
		allowed, known := rooms[room]
		if !known {
			t.Errorf("%s has no place among the rooms: say here what it may import", room)
		}
		for _, imported := range p.Imports {
			other, inside := strings.CutPrefix(imported, module+"/")
			if inside && !permitted(allowed, other) {
				t.Errorf("%s imports %s, against the arrows", room, other)
			}
		}
	}
	for room := range rooms {
		if _, exists := all[module+"/"+room]; !exists {
			t.Errorf("there is no room %s", room)
		}
	}
}

func permitted(allowed []string, room string) bool {
	return slices.ContainsFunc(allowed, func(one string) bool {
		folder, below := strings.CutSuffix(one, "*")
		return one == room || below && strings.HasPrefix(room, folder)
	})
}

// TestForeignGround holds what rooms stand on outside of the module, however
// far down.
func TestForeignGround(t *testing.T) {
	all := packages(t)
	for room, forbidden := range map[string][]string{
		"tui":           {"database/sql", "net/http"},
		"tui/clipboard": {"database/sql", "net/http", "charm.land/"},
		"tui/fuzzy":     {"database/sql", "net/http"},
		"tui/picker":    {"database/sql", "net/http"},
		"tui/query":     {"database/sql", "net/http", "charm.land/"},
		"tui/selection": {"database/sql", "net/http", "charm.land/"},
		"tui/table":     {"database/sql", "net/http"},
		"styles":        {"database/sql", "net/http", "charm.land/bubbletea/v2", "charm.land/bubbles/v2"},
		"client":        {"database/sql", "charm.land/"},
		// The metrics library stands on database/sql, for collectors of its own.
		"server": {"charm.land/", "modernc.org/", "github.com/jackc/"},
	} {
		for _, dependency := range all[module+"/"+room].Deps {
			for _, prefix := range forbidden {
				if dependency == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(dependency, prefix) {
					t.Errorf("%s stands on %s", room, dependency)
				}
			}
		}
	}
	if slices.Contains(all[module+"/server"].Imports, "database/sql") {
		t.Error("server imports database/sql: what it needs of a store is in its interface")
	}
	for _, dependency := range all[module+"/api"].Deps {
		if !all[dependency].Standard {
			t.Errorf("api stands on %s, which is not the standard library", dependency)
		}
	}
	for _, imported := range all[module+"/styles"].Imports {
		if known := []string{"charm.land/lipgloss/v2", "github.com/charmbracelet/x/ansi", "github.com/charmbracelet/colorprofile"}; !all[imported].Standard && !slices.Contains(known, imported) {
			t.Errorf("styles imports %s, and may only know how to colour", imported)
		}
	}
}
