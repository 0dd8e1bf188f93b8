package seal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
)

func newKey(t *testing.T) api.Secret {
	t.Helper()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicLine(t *testing.T, public any, comment string) string {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n") + " " + comment
}

// somebody is a recipient with what opens what is sealed to them.
type somebody struct {
	text     string
	identity age.Identity
}

func everybody(t *testing.T) map[string]somebody {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := agessh.NewEd25519Identity(private)
	if err != nil {
		t.Fatal(err)
	}
	private2, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := agessh.NewRSAIdentity(private2)
	if err != nil {
		t.Fatal(err)
	}
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]somebody{
		"ed25519": {publicLine(t, public, "ada@laptop"), ed},
		"rsa":     {publicLine(t, &private2.PublicKey, "bob's old key"), rs},
		"age":     {x.Recipient().String(), x},
		"pq":      {pq.Recipient().String(), pq},
	}
}

func opened(t *testing.T, sealed string, by age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), by)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEachRecipientOpensWhatIsSealed(t *testing.T) {
	t.Parallel()
	all := everybody(t)
	for name, texts := range map[string][]string{
		"one ssh-ed25519": {"ed25519"}, "one ssh-rsa": {"rsa"}, "one age1": {"age"}, "one age1pq1": {"pq"}, "several": {"ed25519", "rsa", "age", "ed25519"},
	} {
		var lines []string
		for _, who := range texts {
			lines = append(lines, all[who].text)
		}
		recipients, err := seal.Parse(strings.Join(lines, ", "), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := api.CheckSealedTo(recipients.Fingerprints()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		key := newKey(t)
		text := key.Reveal()
		sealed, err := recipients.Seal(key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !key.IsZero() {
			t.Errorf("%s: the key is still there", name)
		}
		armored := sealed.Reveal()
		if !strings.HasPrefix(armored, "-----BEGIN AGE ENCRYPTED FILE-----\n") || !strings.HasSuffix(armored, "\n-----END AGE ENCRYPTED FILE-----") ||
			strings.Contains(armored, text[3:12]) {
			t.Errorf("%s: sealed it is %s", name, armored)
		}
		for _, who := range texts {
			if got := opened(t, armored, all[who].identity); got != text+"\n" {
				t.Errorf("%s: %s opens %d bytes that are not the key", name, who, len(got))
			}
		}
		if _, err := age.Decrypt(armor.NewReader(strings.NewReader(armored)), everybody(t)["age"].identity); err == nil {
			t.Errorf("%s: a stranger opens it", name)
		}
	}
}

func TestWhatIsKnownOfARecipient(t *testing.T) {
	t.Parallel()
	all := everybody(t)
	recipients, err := seal.Parse(all["ed25519"].text+"\n\n"+all["age"].text, nil)
	if err != nil {
		t.Fatal(err)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(all["ed25519"].text))
	if err != nil {
		t.Fatal(err)
	}
	if len(recipients) != 2 || recipients[0].Name() != "ada@laptop" || recipients[0].Fingerprint != ssh.FingerprintSHA256(public) ||
		recipients[1].Name() != all["age"].text || recipients[1].Kind != seal.Age {
		t.Errorf("%+v", recipients)
	}
	if got := recipients.Opening("ci.key.age"); got != "age -d -i ~/.ssh/id_ed25519 ci.key.age" {
		t.Error(got)
	}
	other, err := seal.Parse(all["age"].text+","+all["ed25519"].text, nil)
	if err != nil || strings.Join(other.Fingerprints(), " ") != strings.Join(recipients.Fingerprints(), " ") {
		t.Errorf("the order counts: %v, %v", other.Fingerprints(), err)
	}
}

// A bad recipient is found before there is a key, and is said with what is wrong.
func TestBadRecipients(t *testing.T) {
	t.Parallel()
	all := everybody(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // too small on purpose
	if err != nil {
		t.Skip(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "@" + path
	}
	good := write("good", "# ours\n\n"+all["rsa"].text+"\r\n"+all["age"].text+"\n")
	open := func(path string) (io.ReadCloser, error) {
		file, err := os.Open(path)
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return file, err
	}
	if recipients, err := seal.Parse(good, open); err != nil || len(recipients) != 2 {
		t.Errorf("a file: %v, %v", recipients, err)
	}
	eleven := ""
	for range api.MaxSealedTo + 1 {
		eleven += everybodysAge(t) + "\n"
	}
	key := newKey(t).Reveal()
	ed := all["ed25519"].text
	for text, want := range map[string]string{
		"":                                     "no recipient is named",
		" , ":                                  "no recipient is named",
		"ada":                                  `"ada" is no recipient: give ssh-ed25519 …, ssh-rsa …, age1… or @FILE`,
		"a\x1b[31m" + strings.Repeat("x", 100): "is no recipient",
		"ssh-ed25519":                          "the ssh-ed25519 key is not whole",
		ed[:40]:                                "the ssh-ed25519 key is not whole",
		"ssh-rsa" + ed[len("ssh-ed25519"):]:    "the ssh-rsa key is not whole",
		ed + " " + all["age"].text:             "two recipients without a comma",
		all["age"].text[:30]:                   "is not a whole age recipient",
		all["age"].text + " ada":               "put a comma between",
		all["age"].text + "," + all["pq"].text: "cannot be combined",
		publicLine(t, &small.PublicKey, ""):    "cannot be sealed to",
		publicLine(t, &curve.PublicKey, ""):    "nothing can be sealed to keys of the kind ecdsa-sha2-nistp256",
		"AGE-SECRET-KEY-1QQQQ":                 "that is a private key",
		"age-secret-key-1qqqq":                 "that is a private key",
		key:                                    "that is an API key, and not a recipient",
		eleven:                                 "10 recipients at most",
		"@" + folder + "/none":                 "none cannot be read: no such file or directory",
		"@" + folder:                           "cannot be read: ",
		write("empty", "# nobody\n"):           "names no recipient",
		write("bad", "# x\n"+ed+"\nada\n"):     `line 3 of the file ` + folder + `/bad: "ada" is no recipient`,
		write("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n"): "holds a private key: name the public one, " + folder + "/private.pub",
		write("large", strings.Repeat("# x\n", 100_000)):                           "too large",
		write("key", key): "that is an API key",
	} {
		recipients, err := seal.Parse(text, open)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, %v; want %q", text, recipients, err, want)
			continue
		}
		if strings.Contains(err.Error(), key[3:12]) || strings.ContainsRune(err.Error(), '\x1b') || len(err.Error()) > 300 {
			t.Errorf("%.60q: the error quotes too much: %v", text, err)
		}
	}
	if _, err := seal.Parse(good, nil); err == nil || !strings.Contains(err.Error(), "files cannot be read here") {
		t.Errorf("where there are no files: %v", err)
	}
}

func everybodysAge(t *testing.T) string {
	t.Helper()
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return x.Recipient().String()
}

func TestNothingIsSealedWithoutAKey(t *testing.T) {
	t.Parallel()
	recipients, err := seal.Parse(everybodysAge(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recipients.Seal(api.Secret{}); err == nil {
		t.Error("nothing is sealed")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ada, age1x")
	f.Add("@file\nssh-rsa AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := seal.Parse(text, nil)
		if err != nil && (strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 5000) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
