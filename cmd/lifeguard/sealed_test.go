package main

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// unsealed opens what was sealed, with the identity of its recipient.
func unsealed(t *testing.T, sealed string, identity age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), identity)
	if err != nil {
		t.Fatalf("%v: %q", err, sealed)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// saysSealed checks that the audit log says of an account's creation that its
// key was sealed to somebody.
func saysSealed(t *testing.T, admin *client.Client, name, fingerprint string) {
	t.Helper()
	for event, err := range admin.AllAuditEvents(t.Context(), api.AuditFilter{}) {
		switch {
		case err != nil:
			t.Fatal(err)
		case event.Action != "service_account.create" || event.Resource.Name != name:
		case event.Metadata["delivery"] != "sealed, never displayed" || event.Metadata["sealed_to"] != fingerprint:
			t.Errorf("the event says %v", event.Metadata)
		default:
			return
		}
	}
	t.Errorf("no event says that the key of %s was sealed", name)
}

// hasPartOf reports whether a text has any 12 characters in a row of a key, as
// they are or in one of the three ways that base64 writes them.
func hasPartOf(text, key string) bool {
	for i := len(api.KeyPrefix); i+12 <= len(key); i++ {
		part := key[i : i+12]
		if strings.Contains(text, part) {
			return true
		}
		for shift := range 3 {
			coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + part))
			if strings.Contains(text, coded[4:16]) {
				return true
			}
		}
	}
	return false
}

// A key that is sealed in the console works for its recipient, is on no screen
// and in no sequence to the terminal, and the audit log says so.
func TestWholeSealedKey(t *testing.T) {
	identity := newIdentity(t)
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 20, 80, 24)
		w.WaitFor("20 keys")
		w.Press("n")
		w.WaitFor("New API Key")
		w.Type("platform")
		w.Press("enter")
		w.Type("ci-sealed-journey")
		w.Press("tab")
		w.Type(identity.Recipient().String())
		w.Press("enter")
		w.WaitFor("shown to nobody")
		w.WaitFor("Sent to the terminal")
		key := unsealed(t, w.Clipboard(), identity)
		if caller, err := w.owner(key); err != nil || caller.Name != "ci-sealed-journey" {
			t.Errorf("the key belongs to %q, %v", caller.Name, err)
		}
		if hasPartOf(string(w.Raw()), key) {
			t.Error("the terminal was sent a part of the key")
		}
		if !hasPartOf("\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte(key)), key) {
			t.Error("a part of the key would not have been found")
		}
		admin := w.dial(w.admin)
		defer admin.Close()
		saysSealed(t, admin, "ci-sealed-journey", identity.Recipient().String())
	})
}
