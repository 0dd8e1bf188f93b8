package config_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

var update = flag.Bool("update", false, "write the settings into docs/configuration.md anew")

// Every setting is in the document, and nothing else is.
func TestTheDocumentHasEverySetting(t *testing.T) {
	t.Parallel()
	const path, start, end = "../../../docs/configuration.md", "-update -->\n", "<!-- end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), start)
	written, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/configuration.md has no place for the settings")
	}
	want := "\n" + config.Reference() + "\n"
	if written == want {
		return
	}
	if !*update {
		t.Fatal("docs/configuration.md is not what the settings are; run go test ./cmd/lifeguard/config -update")
	}
	if err := os.WriteFile(path, []byte(before+start+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
