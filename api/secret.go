package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Secret holds the text of an API key while it is being handed over. However
// it is formatted, logged or marshalled it reads "[redacted]"; only
// [Secret.Reveal] gives the text. The text sits in a box behind two pointers,
// so that formatting a struct which contains a Secret in an unexported field,
// where fmt cannot call methods, prints an address and not the key. Behind one
// pointer it would be found: fmt follows that for a verb that does not fit, such
// as %s.
//
// Copies share the box: after [Secret.Destroy] on one, all are empty.
type Secret struct{ box **secretBox }

type secretBox struct {
	mu   sync.Mutex // one may hand over while another destroys
	text []byte
}

const redacted = "[redacted]"

// NewSecret boxes text. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return boxed([]byte(text))
}

// boxed makes a Secret that owns text.
func boxed(text []byte) Secret {
	box := &secretBox{text: text}
	return Secret{box: &box}
}

// Reveal returns the text, or "" when there is none or it was destroyed.
// Call it at the moment of handing over and keep no copy.
func (s Secret) Reveal() string {
	if s.box == nil {
		return ""
	}
	box := *s.box
	box.mu.Lock()
	defer box.mu.Unlock()
	return string(box.text)
}

// IsZero reports whether there is no text, or no longer.
func (s Secret) IsZero() bool {
	if s.box == nil {
		return true
	}
	box := *s.box
	box.mu.Lock()
	defer box.mu.Unlock()
	return len(box.text) == 0
}

// Destroy overwrites the text with zeros and forgets it, in this and in every
// copy. Strings that Reveal returned before are beyond its reach.
func (s Secret) Destroy() {
	if s.box == nil {
		return
	}
	box := *s.box
	box.mu.Lock()
	defer box.mu.Unlock()
	clear(box.text)
	box.text = nil
}

// String returns a fixed text, never the secret.
func (s Secret) String() string { return redacted }

// Format writes a fixed text for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps the secret out of structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes a fixed text, so that a secret which strays into a
// document does not leave with it. The server's create answer, the one
// document that holds a key, is built from Reveal.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// UnmarshalJSON boxes a JSON string. Its errors never quote the input.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return errors.New("the key in the answer is not a string")
	}
	*s = NewSecret(text)
	return nil
}
