package orgfile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The file as it is written: fields in the order that people read them.
type (
	document struct {
		Roles []writtenRole `yaml:"roles"`
		Teams []writtenTeam `yaml:"teams"`
		Users []writtenUser `yaml:"users"`
	}
	writtenRole struct {
		Name        text  `yaml:"name"`
		Previously  text  `yaml:"previously,omitempty"`
		Permissions []any `yaml:"permissions"` // a text, or a writtenPermission
	}
	writtenPermission struct {
		Action    text   `yaml:"action"`
		Resources []text `yaml:"resources"`
	}
	writtenTeam struct {
		Name       text   `yaml:"name"`
		Previously text   `yaml:"previously,omitempty"`
		Role       text   `yaml:"role,omitempty"`
		Members    []text `yaml:"members"`
	}
	writtenUser struct {
		Email      text   `yaml:"email"`
		Previously text   `yaml:"previously,omitempty"`
		Name       text   `yaml:"name,omitempty"`
		Suspended  bool   `yaml:"suspended,omitempty"`
		SSHKeys    []text `yaml:"ssh_keys,omitempty"`
	}
)

// Format writes an organization as a file that [Parse] reads as the same.
func Format(organization api.Organization) ([]byte, error) {
	file := document{Roles: []writtenRole{}, Teams: []writtenTeam{}, Users: []writtenUser{}}
	for _, role := range organization.Roles {
		written := writtenRole{Name: text(role.Name), Previously: text(role.Previously), Permissions: []any{}}
		for _, permission := range role.Permissions {
			if permission.Scope == api.ScopeSpecific {
				written.Permissions = append(written.Permissions, writtenPermission{text(permission.Action), texts(permission.Resources)})
			} else {
				written.Permissions = append(written.Permissions, text(permission.Action))
			}
		}
		file.Roles = append(file.Roles, written)
	}
	for _, team := range organization.Teams {
		file.Teams = append(file.Teams, writtenTeam{text(team.Name), text(team.Previously), text(team.Role), texts(team.Members)})
	}
	for _, user := range organization.Users {
		file.Users = append(file.Users, writtenUser{text(user.Email), text(user.Previously), text(user.Name), user.Suspended, texts(user.SSHKeys)})
	}
	return yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
}

// text is a text that is written in quotes unless nobody, and no reader of
// YAML, can take it for anything else: .inf and 1e3 are numbers to some.
type text string

var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@+-]*( [A-Za-z0-9_.@+-]+)*$`)

// words are what YAML, in one of its versions, takes for something else.
var words = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// MarshalYAML writes the text.
func (t text) MarshalYAML() ([]byte, error) {
	if plain.MatchString(string(t)) && !slices.Contains(words, strings.ToLower(string(t))) {
		return []byte(t), nil
	}
	return []byte(strconv.Quote(string(t))), nil
}

func texts(all []string) []text {
	written := make([]text, 0, len(all))
	for _, one := range all {
		written = append(written, text(one))
	}
	return written
}
