package orgfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/orgfile"
)

const whole = `# Who may do what.
roles:
  - name: agents
    permissions:
      - create-agent
      - action: use-agents
        resources:
          - agent-1
teams:
  - name: platform
    previously: infra
    role: agents
    members:
      - ada@example.com
  - name: empty
    members: []
users:
  - email: ada@example.com
    name: Ada
    ssh_keys:
      - "ssh-ed25519 AAAA/+=="
      - sk-ssh-ed25519@openssh.com BBBB token
  - email: eve@example.com
    previously: eva@example.com
    suspended: true
`

var organization = api.Organization{
	Roles: []api.DeclaredRole{{Name: "agents", Permissions: []api.Permission{
		{Action: api.CreateAgent, Scope: api.ScopeAll}, {Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1"}},
	}}},
	Teams: []api.DeclaredTeam{
		{Name: "platform", Previously: "infra", Role: "agents", Members: []string{"ada@example.com"}}, {Name: "empty", Members: []string{}},
	},
	Users: []api.DeclaredUser{
		{Email: "ada@example.com", Name: "Ada", SSHKeys: []string{"ssh-ed25519 AAAA/+==", "sk-ssh-ed25519@openssh.com BBBB token"}},
		{Email: "eve@example.com", Previously: "eva@example.com", Suspended: true},
	},
}

func TestAFileIsReadAndWritten(t *testing.T) {
	file, err := orgfile.Parse([]byte(whole))
	if diff := cmp.Diff(organization, file.Organization); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	written, err := orgfile.Format(organization)
	if diff := cmp.Diff(strings.TrimPrefix(whole, "# Who may do what.\n"), string(written)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	empty := api.Organization{Roles: []api.DeclaredRole{}, Teams: []api.DeclaredTeam{}, Users: []api.DeclaredUser{}}
	written, err = orgfile.Format(api.Organization{})
	if err != nil || string(written) != "roles: []\nteams: []\nusers: []\n" {
		t.Errorf("%q, %v", written, err)
	}
	if file, err := orgfile.Parse(written); err != nil || !cmp.Equal(empty, file.Organization) {
		t.Errorf("%+v, %v", file.Organization, err)
	}
	// The same in other words: a byte order mark, the beginning of a document, quotes, flow, comments, other ends of lines.
	other := "\uFEFF---\r\n{roles: [], teams: [{name: 'a', members: [\"ada@example.com\"]}], # none\r\nusers: [{email: ada@example.com}]}\r\n"
	if _, err := orgfile.Parse([]byte(other)); err != nil {
		t.Error(err)
	}
}

func TestMistakesAreNamedWithTheirLines(t *testing.T) {
	const tail = "\nteams: []\nusers: []\n"
	for text, want := range map[string]string{
		"":                            "it is empty: lifeguard org export writes what there is",
		"# nothing\n":                 "it is empty: lifeguard org export writes what there is",
		"\xff":                        "it is not text in UTF-8",
		"roles: [\n":                  "line 1: this is not YAML: ",
		"- a\n":                       "line 1: the file must be a list of fields, such as roles: …",
		"roles: []\nusers: []\n":      "line 1: the file lacks teams; write [] for none",
		"rolls: []" + tail:            `line 1: there is no field "rolls": did you mean "roles"? (and 1 more)`,
		"roles:" + tail:               "line 1: roles must be a list; write [] for none",
		"roles: {}" + tail:            "line 1: roles must be a list; write [] for none",
		"roles: []\nroles: []" + tail: "line 2: roles stands in line 1 already",
		"roles: []\nteams: []\nusers:\n  - email: a@b\n    ssh_keys: x y\n":                                          "line 5: ssh_keys must be a list",
		"roles: []\nteams: []\nusers:\n  - email: a@b\n    ssh_keys: [x y z, x  y]\n":                                `line 5: "x  y" in ssh_keys stands in this document twice`,
		"roles: []\nteams: []\nusers: []\n---\nroles: []\n":                                                          "line 5: a second document begins here: everything must be in one",
		"roles:\n  - name: a\n    permissions: [x]\n    name: b" + tail:                                              "line 4: name stands in line 2 already",
		"roles:\n  - name: a\n    permission: [x]" + tail:                                                            `line 2: this role lacks permissions (and 1 more)`,
		"roles:\n  - name: 7\n    permissions: [x]" + tail:                                                           "line 2: name must be text: put it in quotes",
		"roles:\n  - name:\n    permissions: [x]" + tail:                                                             "line 2: name must be text: put it in quotes",
		"roles:\n  - name: a\n    permissions: [true]" + tail:                                                        "line 3: this permission must be a list of fields, such as action: …",
		"roles:\n  - name: a\n    permissions:\n      - action: x\n        resources: []" + tail:                     "line 5: resources must name at least one: a permission for all of them is written as its name alone",
		"roles:\n  - &r\n    name: a\n    permissions: [x]\n  - *r" + tail:                                           "line 2: &, * and ! are not taken here: write it out (and 1 more)",
		"roles: &none []\nteams: *none\nusers: []\n":                                                                 "line 1: &, * and ! are not taken here: write it out (and 1 more)",
		"roles:\n  - name: !!str a\n    permissions: [x]" + tail:                                                     "line 2: &, * and ! are not taken here: write it out",
		"roles:\n  - developer" + tail:                                                                               "line 2: this role must be a list of fields, such as name: …",
		"roles:\n  - name: developer\n    permissions: [x]" + tail:                                                   `line 2: name "developer" is a system role, which is always there and cannot be changed: leave it out`,
		"roles: []\nteams:\n  - name: a\n    role: tenant-admn\nusers: []\n":                                         `line 4: role "tenant-admn" is no role of this document: did you mean "tenant-admin"?`,
		"roles: []\nteams:\n  - name: a\n    members:\n      - ada@exmple.com\nusers:\n  - email: ada@example.com\n": `line 5: "ada@exmple.com" in members is no user of this document: did you mean "ada@example.com"?`,
		"roles: []\nteams:\n  - name: a\n  - name: a\nusers: []\n":                                                   `line 4: name "a" stands in this document twice`,
		"roles: []\nteams: []\nusers:\n  - email: a@b\n    suspended: yes\n":                                         "line 5: suspended must be true or false",
		"roles: []\nteams: []\nusers:\n  - email: A@b\n  - email: a@B\n":                                             `line 5: email "a@B" stands in this document twice`,
		"roles: []\nteams: []\nusers:\n  - email: a@b\n    previously: a@b\n":                                        `line 5: previously "a@b" is still in this document`,
	} {
		_, err := orgfile.Parse([]byte(text))
		var problems orgfile.Problems
		if !errors.As(err, &problems) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestARefusalIsFoundInTheFile(t *testing.T) {
	file, err := orgfile.Parse([]byte(strings.Replace(whole, "create-agent", "create-agents", 1)))
	if err != nil {
		t.Fatal(err)
	}
	got := file.Locate([]api.FieldProblem{
		{Location: "body.users[1].email", Message: "must be an email address"},
		{Location: "body.roles[0].permissions[0].action", Message: "is not a permission that this server knows"},
		{Location: "body.roles[0].permissions[1].scope", Message: "must be all"},
		{Location: "header.If-Match", Message: "is missing"},
	})
	want := orgfile.Problems{
		{Line: 5, Message: `action "create-agents" is not a permission that this server knows: did you mean "create-agent"?`},
		{Line: 6, Message: "scope must be all"},
		{Line: 23, Message: `email "eve@example.com" must be an email address`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzParse reads any bytes. What is read is written so that it is read as the
// same, and what is not is refused with a sentence.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{whole, "", "{}", "roles: [", "a: &a [*a]", "<<: {}", "roles: !!map {}", "- - -", "? {a: b}\n: c", "%YAML 1.2\n---\nroles: []", "roles: []\nteams: []\nusers: []\n...\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := orgfile.Parse(data)
		if err != nil {
			var problems orgfile.Problems
			if !errors.As(err, &problems) || len(problems) == 0 || problems[0].Message == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		readAgain(t, file.Organization)
	})
}

// FuzzFormat writes names of every kind.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{"a", "yes", "null", "~", "1e3", "0x1f", "1_000", "2024-01-01", "- a", "a: b", "a #b", "#a", "'", `"`, `\`, "!x", "&x", "*x", "%x", "@x", "`", "?", "[x", "{x", "|", ">", "...", "---", "=", "<<", ".inf", "true ", "日本語", "a\u00a0b", "1️⃣", "a\nb", "\t", "\u2028", "😀", "ok, then", ":", "a:"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if api.CheckName(a) != nil || api.CheckName(b) != nil || a == b {
			return
		}
		if a == api.RoleDeveloper || a == api.RoleTenantAdmin {
			return
		}
		organization := api.Organization{
			Roles: []api.DeclaredRole{{Name: a, Previously: "x" + a, Permissions: []api.Permission{{Action: "use-agents", Scope: api.ScopeSpecific, Resources: []string{a, b}}}}},
			Teams: []api.DeclaredTeam{{Name: a, Role: a, Members: []string{"one" + b}}, {Name: b, Members: []string{}}},
			Users: []api.DeclaredUser{{Email: "one" + b, Name: a}, {Email: fmt.Sprintf("two%s", a), Name: b, Suspended: true}},
		}
		if organization.Problems() != nil {
			return
		}
		readAgain(t, organization)
	})
}

func readAgain(t *testing.T, organization api.Organization) {
	t.Helper()
	written, err := orgfile.Format(organization)
	if err != nil {
		t.Fatalf("%+v: %v", organization, err)
	}
	again, err := orgfile.Parse(written)
	if diff := cmp.Diff(organization, again.Organization); err != nil || diff != "" {
		t.Fatalf("%v\n%s\n%s", err, diff, written)
	}
}
