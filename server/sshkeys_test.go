package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// authorizedKey is the line of a public key, without a comment.
func authorizedKey(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// newSSHKey is the line of a new key.
func newSSHKey(t testing.TB) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return authorizedKey(t, public)
}

// fingerprintOf is what ssh-keygen -l says of a line.
func fingerprintOf(t testing.TB, line string) string {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

func sshKeysBody(keys ...string) string {
	return jsonOf(map[string]any{"ssh_keys": append([]string{}, keys...)})
}

func TestAUserHasSSHKeys(t *testing.T) {
	f := newFixture(t)
	first, second := newSSHKey(t), newSSHKey(t)
	bob := decode[api.User](t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathUsers,
		jsonOf(api.CreateUser{Email: "bob@example.com", SSHKeys: []string{"  " + first + "   bob's  laptop \t"}}))))
	first += " bob's  laptop"
	if !cmp.Equal(bob.SSHKeys, []string{first}) || f.oneEvent(server.ActionUserCreate).Metadata["ssh_keys_added"] != fingerprintOf(t, first) {
		t.Errorf("%q", bob.SSHKeys)
	}
	want := []string{first, second}
	slices.Sort(want)
	bob = decode[api.User](t, f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(bob.ID), sshKeysBody(second, first))))
	if !cmp.Equal(bob.SSHKeys, want) || !cmp.Equal(read[api.User](f, userPath(bob.ID)).SSHKeys, want) {
		t.Errorf("%q", bob.SSHKeys)
	}
	// The same again, and what says nothing of them, leave them alone.
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(bob.ID), sshKeysBody(first, second)))
	bob = decode[api.User](t, f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(bob.ID), `{"name":"Bob"}`)))
	if !cmp.Equal(bob.SSHKeys, want) {
		t.Errorf("%q", bob.SSHKeys)
	}
	bob = decode[api.User](t, f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(bob.ID), sshKeysBody())))
	if bob.SSHKeys != nil {
		t.Errorf("%q", bob.SSHKeys)
	}
	var told []map[string]string
	for _, event := range f.events(server.ActionUserUpdate) {
		told = append(told, event.Metadata)
	}
	both := fingerprintOf(t, want[0]) + " " + fingerprintOf(t, want[1])
	if diff := cmp.Diff([]map[string]string{
		{"ssh_keys_added": fingerprintOf(t, second)}, {"name": "Bob", "previous_name": ""}, {"ssh_keys_removed": both},
	}, told); diff != "" {
		t.Error(diff)
	}
	// Whoever has none is shown as Poolside documents users.
	if answer := f.do("admin", http.MethodGet, userPath(bob.ID), "").Body.String(); strings.Contains(answer, "ssh") {
		t.Error(answer)
	}
}

func TestASSHKeyStandsForOneUser(t *testing.T) {
	f := newFixture(t)
	key := newSSHKey(t)
	bob := f.newUser("bob@example.com")
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(bob.ID), sshKeysBody(key+" bob")))
	problem := f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPost, api.PathUsers,
		jsonOf(api.CreateUser{Email: "eve@example.com", SSHKeys: []string{key}})))
	if !strings.Contains(problem.Detail, fingerprintOf(t, key)) {
		t.Error(problem.Detail)
	}
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPatch, userPath(f.ids["nobody"]), sshKeysBody(key+" other words")))
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, userPath(bob.ID), ""))
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["nobody"]), sshKeysBody(key)))
}

func TestNobodyGivesASSHKeyToWhoCanDoMore(t *testing.T) {
	f := newFixture(t)
	key := newSSHKey(t)
	for _, user := range []string{"admin", "manager", "viewer of A"} {
		problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", http.MethodPatch, userPath(f.ids[user]), sshKeysBody(key)))
		if !strings.HasPrefix(problem.Detail, "This user can do more than you") {
			t.Error(problem.Detail)
		}
		f.refusedWhole("scim", http.StatusForbidden, api.CodeExceedsCaller, edited(f.organization(), func(o *api.Organization) {
			userWith(o, read[api.User](f, userPath(f.ids[user])).Email).SSHKeys = []string{key}
		}))
	}
	// Those who cannot do more may be given one, and a key may be taken away
	// from everybody.
	f.must(http.StatusOK, f.do("scim", http.MethodPatch, userPath(f.ids["scim"]), sshKeysBody(newSSHKey(t))))
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["manager"]), sshKeysBody(key, newSSHKey(t))))
	f.must(http.StatusOK, f.do("scim", http.MethodPatch, userPath(f.ids["manager"]), sshKeysBody(key)))
	f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", http.MethodPatch, userPath(f.ids["manager"]), sshKeysBody(newSSHKey(t))))
}

func TestWhatCannotBeASSHKey(t *testing.T) {
	f := newFixture(t)
	wire := func(algorithm string, more ...string) string {
		fields := struct{ Type, A, B string }{Type: algorithm, A: strings.Repeat("a", 32)}
		return algorithm + " " + base64.StdEncoding.EncodeToString(ssh.Marshal(fields)) + strings.Join(more, "")
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := newSSHKey(t)
	for text, want := range map[string]string{
		"":                                            "must be a public key",
		"ssh-rsa":                                     "must be a public key",
		"# " + good:                                   "must be a public key",
		good[:len(good)-20]:                           "must be a public key",
		good + "\n" + newSSHKey(t):                    "must be a public key",
		good + " " + strings.Repeat("x", 3000):        "must be a public key",
		`command="/bin/sh" ` + good:                   "without options",
		"cert-authority " + good:                      "without options",
		"-----BEGIN OPENSSH PRIVATE KEY-----":         "is a private key",
		authorizedKey(t, &weak.PublicKey):             "RSA key",
		wire("ssh-dss"):                               "must be a public key",
		wire("ssh-ed25519-cert-v01@openssh.com"):      "must be a public key",
		good + " " + strings.Repeat("x", 200):         "comment",
		good + " \u202ebob":                           "comment",
		good + " " + mint(t):                          "comment",
		"ssh-ed448 " + strings.Fields(good)[1]:        "must be a public key",
		"ssh-rsa " + strings.Fields(good)[1] + " bob": "must be a public key",
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathUsers,
			jsonOf(api.CreateUser{Email: "bob@example.com", SSHKeys: []string{good, text}})))
		if len(problem.Errors) != 1 || problem.Errors[0].Location != "body.ssh_keys[1]" || !strings.Contains(problem.Errors[0].Message, want) {
			t.Errorf("%.60q: %+v", text, problem.Errors)
		}
	}
	var many []string
	for range api.MaxSSHKeys + 1 {
		many = append(many, newSSHKey(t))
	}
	for location, keys := range map[string][]string{"body.ssh_keys[1]": {good, good + " again"}, "body.ssh_keys": many} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, userPath(f.ids["nobody"]), sshKeysBody(keys...)))
		if len(problem.Errors) != 1 || problem.Errors[0].Location != location {
			t.Errorf("%+v", problem.Errors)
		}
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	security := struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, make([]byte, 32), "ssh:"}
	all := append(many[:api.MaxSSHKeys-3], authorizedKey(t, &strong.PublicKey), authorizedKey(t, &curve.PublicKey),
		ssh.KeyAlgoSKED25519+" "+base64.StdEncoding.EncodeToString(ssh.Marshal(security)))
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["nobody"]), sshKeysBody(all...)))
}

func TestSSHKeysInADocument(t *testing.T) {
	f := newFixture(t)
	key, other, moved := newSSHKey(t), newSSHKey(t), newSSHKey(t)
	plan := func(edit func(*api.Organization)) api.OrganizationPlan {
		t.Helper()
		document := edited(f.organization(), edit)
		return decode[api.OrganizationPlan](t, f.must(http.StatusOK, f.put("admin", document, "", "If-Match", document.ETag)))
	}
	made := plan(func(o *api.Organization) {
		userWith(o, "nobody@example.com").SSHKeys = []string{key + "  laptop", moved}
		o.Users = append(o.Users, api.DeclaredUser{Email: "new@example.com", SSHKeys: []string{other}, Suspended: true})
	})
	sorted := []string{key + " laptop", moved}
	slices.Sort(sorted)
	want := []api.OrganizationChange{
		{Action: api.ChangeUpdate, Type: "user", Name: "nobody@example.com", Fields: []api.FieldChange{{Field: "ssh_keys", Added: sorted}}},
		{Action: api.ChangeCreate, Type: "user", Name: "new@example.com", Fields: []api.FieldChange{
			{Field: "suspended", To: "true"}, {Field: "ssh_keys", Added: []string{other}},
		}},
	}
	if diff := cmp.Diff(want, made.Changes); diff != "" {
		t.Error(diff)
	}
	if got := userWith(new(f.organization()), "nobody@example.com").SSHKeys; !cmp.Equal(sorted, got) {
		t.Errorf("%q", got)
	}
	if again := plan(func(*api.Organization) {}); len(again.Changes) != 0 {
		t.Errorf("%+v", again.Changes)
	}
	// What the document leaves out is taken away.
	gone := plan(func(o *api.Organization) { userWith(o, "nobody@example.com").SSHKeys = nil })
	if diff := cmp.Diff([]api.OrganizationChange{
		{Action: api.ChangeUpdate, Type: "user", Name: "nobody@example.com", Fields: []api.FieldChange{{Field: "ssh_keys", Removed: sorted}}},
	}, gone.Changes); diff != "" {
		t.Error(diff)
	}
	for location, keys := range map[string][]string{"body.users[1].ssh_keys[0]": {other}, "body.users[1].ssh_keys[1]": {moved, "nonsense"}} {
		problem := f.refusedWhole("admin", http.StatusUnprocessableEntity, api.CodeInvalid, edited(f.organization(), func(o *api.Organization) {
			o.Users[0].SSHKeys, o.Users[1].SSHKeys = []string{other + " the same"}, keys
			userWith(o, "new@example.com").SSHKeys = nil
		}))
		if len(problem.Errors) != 1 || problem.Errors[0].Location != location {
			t.Errorf("%+v", problem.Errors)
		}
	}
}
