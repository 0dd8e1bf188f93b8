package tui_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// adasKey is a public key that nobody has the private one of.
const adasKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8SPLSYHZt7Ico1yTwQulbikyK8xKN+ITLt5afFn1r4 ada@laptop"

// unseal opens what was sealed, with the identity of its recipient.
func unseal(t *testing.T, sealed string, identity age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), identity)
	if err != nil {
		t.Fatalf("%v: %q", err, sealed)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// fillSealed leads through the form with a third field up to before the create.
func (c *console) fillSealed(to string) {
	c.t.Helper()
	c.fill("plat", "ci-deploy-ap")
	c.press("tab")
	c.paste(to)
}

// The key is sealed before anything can show it: the screen, the clipboard and
// the file get the armor, which its recipient opens.
func TestASealedKeyIsShownToNobody(t *testing.T) {
	t.Chdir(t.TempDir())
	identity := newIdentity(t)
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 40)
		c.fillSealed(identity.Recipient().String())
		c.sees("Seal   age1", "Encrypted to them, and shown to nobody: age -d opens it.")
		c.press("enter")
		c.holdsNoKey()
		c.sees("Sealed to age1", "shown to nobody. Only they can open it:", "age -d -i KEY-FILE ci-deploy-ap.key.age",
			"-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----", "Sent to the terminal; if paste is empty, select it above")
		c.seesNot("shown only once")
		if len(c.osc52) != 1 {
			t.Fatalf("the terminal got %d texts", len(c.osc52))
		}
		if got := unseal(t, c.osc52[0], identity); got != newKey+"\n" {
			t.Errorf("the clipboard has %d bytes that are not the key", len(got))
		}
		for _, line := range strings.Split(c.osc52[0], "\n") {
			c.sees(line)
		}
		request := c.server.requests[0]
		if len(request.SealedTo) != 1 || request.SealedTo[0] != identity.Recipient().String() {
			t.Errorf("the server is told %v", request.SealedTo)
		}
		c.press("esc")
		c.sees("Leave without the sealed key?")
		c.press("n", "w", "enter")
		file, err := os.ReadFile("ci-deploy-ap.key.age")
		if err != nil {
			t.Fatal(err)
		}
		if got := unseal(t, string(file), identity); got != newKey+"\n" || bytes.Contains(file, []byte(newKey[3:12])) {
			t.Errorf("the file has %q", file)
		}
		c.press("esc")
		c.seesNot("AGE ENCRYPTED")
		c.sees("Made ci-deploy-ap in platform")
		c.holdsNoKey()
	})
}

// Whoever does not seal meets the documented form: team, name, create.
func TestTheThirdFieldIsInNobodysWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.sees("Seal   optional: ssh-ed25519")
		c.press("enter")
		c.sees(newKey)
		if got := c.server.requests[0]; got.SealedTo != nil {
			t.Errorf("asked for %+v", got)
		}
	})
}

// What is wrong with a recipient is said at its field, before anything is sent.
func TestABadRecipientIsSaidAndNothingIsSent(t *testing.T) {
	folder := t.TempDir()
	private := filepath.Join(folder, "id")
	if err := os.WriteFile(private, []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(o *tui.Options) {
		o.OpenFile = func(path string) (io.ReadCloser, error) {
			file, err := os.Open(path)
			if err != nil {
				return nil, errors.New("no such file")
			}
			return file, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30, open)
		for text, words := range map[string]string{
			"ada":                    `"ada" is no recipient: give ssh-ed25519`,
			adasKey[:40]:             "the ssh-ed25519 key is not whole",
			"@" + folder + "/none":   "none cannot be read: no such file",
			"@" + private:            "holds a private key: name the public one",
			adasKey + "\nssh-dss AA": "keys of the kind ssh-dss",
		} {
			c.press("esc", "esc", "esc")
			c.fillSealed(text)
			c.press("tab", "enter") // from the button
			c.sees("New API Key", words)
		}
		c.press("ctrl+u")
		c.typeText(adasKey)
		c.seesNot("of the kind")
		if n := len(c.server.keys); n != 0 {
			t.Errorf("%d creates were sent", n)
		}
		c.press("enter")
		c.sees("Sealed to ada@laptop, shown to nobody", "age -d -i ~/.ssh/id_ed25519")
	})
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30)
		c.fillSealed("@" + private)
		c.press("enter")
		c.sees("files cannot be read here: paste the recipient itself")
	})
}

// A file is read by a command: it may be on a network that hangs, and nothing is
// sent until it is there.
func TestRecipientsOfAFile(t *testing.T) {
	identity, hang := newIdentity(t), make(chan struct{})
	synctest.Test(t, func(t *testing.T) {
		hang = make(chan struct{})
		c := newConsole(t, newAuthority(), 100, 30, func(o *tui.Options) {
			o.OpenFile = func(string) (io.ReadCloser, error) {
				<-hang
				return io.NopCloser(strings.NewReader("# ops\n" + identity.Recipient().String() + "\n" + adasKey + "\n")), nil
			}
		})
		c.fillSealed("@ops.txt")
		c.send(tea.KeyPressMsg{Code: tea.KeyEnter})
		c.sees("Reading whom it is sealed to.")
		c.press("esc") // and no longer
		c.seesNot("Reading whom")
		close(hang)
		c.settle()
		c.sees("New API Key", "Create")
		if n := len(c.server.keys); n != 0 {
			t.Errorf("%d creates were sent", n)
		}
		c.press("enter")
		c.sees("Sealed to age1", "and 1 other")
		if got := unseal(t, c.osc52[0], identity); got != newKey+"\n" {
			t.Error("the recipient cannot open it")
		}
	})
}

// A lost answer is asked for again with the same recipients, and what comes then
// is sealed too.
func TestASealedCreateIsExactlyOnce(t *testing.T) {
	identity := newIdentity(t)
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("create", 1, 1, lost())
		c := newConsole(t, server, 80, 30)
		c.fillSealed(identity.Recipient().String())
		c.press("enter")
		c.sees("The answer was lost")
		c.wait(2 * time.Second)
		c.sees("Sealed to age1", "same account, with a fresh key")
		if len(server.keys) != 2 || server.keys[0] != server.keys[1] || !server.requests[0].Equal(server.requests[1]) {
			t.Errorf("asked with %v for %+v", server.keys, server.requests)
		}
		c.holdsNoKey()
	})
}

// Secrets that are pasted or typed where a recipient belongs are not shown.
func TestSecretsAreNoRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30)
		for _, secret := range []string{"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r", "AGE-SECRET-KEY-1QQQQQQ"} {
			c.fillSealed(secret)
			c.sees("That was a private key: it was not pasted.")
			c.seesNot("b3Blb", "1QQQ")
			c.press("esc", "esc", "esc")
		}
		c.fillSealed("")
		c.typeText("age-secret-key-1qqqqqq")
		c.seesNot("1qqq")
		c.press("ctrl+u")
		c.typeText(newKey)
		c.seesNot(newKey[3:20])
		c.press("enter")
		c.sees("that is an API key, and not a recipient")
	})
}

// A sealed text that does not fit is copied whole all the same.
func TestASealedKeyOnASmallScreen(t *testing.T) {
	identity := newIdentity(t)
	for _, size := range []struct{ width, height int }{{80, 12}, {60, 12}, {63, 40}} {
		synctest.Test(t, func(t *testing.T) {
			c := newConsole(t, newAuthority(), size.width, size.height)
			c.fillSealed(identity.Recipient().String())
			c.press("enter")
			c.sees("lines more; c copies all of it, w writes it", "Sealed to age1")
			if got := unseal(t, c.osc52[0], identity); got != newKey+"\n" {
				t.Error("the recipient cannot open it")
			}
			c.press("esc")
			c.sees("Leave without the sealed key?", "y leaves, n stays")
			c.press("n", "w")
			view := c.model.View()
			if lines := strings.Split(view.Content, "\n"); view.Cursor == nil || !strings.Contains(lines[view.Cursor.Y], "File") {
				t.Errorf("%v: the cursor is not in the path: %+v", size, view.Cursor)
			}
		})
	}
}

// The server's word on recipients stands at their field.
func TestARefusedRecipientIsSaidAtItsField(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("create", 1, 1, &api.Error{
			Kind: api.KindRefused, Code: api.CodeInvalid, Status: 422, Detail: "No.",
			Fields: []api.FieldProblem{{Location: "body.sealed_to", Message: api.ErrSealedToForm.Error()}},
		})
		c := newConsole(t, server, 100, 30)
		c.fillSealed(adasKey)
		c.press("enter")
		c.sees("must be fingerprints")
		if strings.Contains(fmt.Sprint(c.screen()), "1 to 64") {
			t.Error("the name is asked for again")
		}
	})
}
