package sample

import (
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/server"
)

// mailDomain is reserved for documentation (RFC 2606): no mail ever goes there.
const mailDomain = "@northwind.example"

// person is one line of the staff list.
type person struct {
	name   string
	status server.UserStatus
	teams  []string
}

const (
	active    = server.UserActive
	created   = server.UserCreated
	suspended = server.UserSuspended
	deleted   = server.UserDeleted
)

// staff is everybody who can have made service accounts. The first was there
// when the organization was founded.
var staff = []person{
	{"Marisol Okafor", active, []string{server.TeamAdministrators, "platform"}},
	{"Tomasz Wrona", active, []string{"platform"}},
	{"Ines Carvalho", active, []string{"platform", "release"}},
	{"Grace Mbeki", active, []string{"data"}},
	{"Yuki Tanabe", active, []string{"data", "machine-learning"}},
	{"Léa Fournier", active, []string{"payments"}},
	{"Anders Holm", deleted, []string{"platform"}},
	{"Priya Raman", active, []string{"security"}},
	{"Sven Lindqvist", suspended, []string{"data"}},
	{"Aisha Rahimi", active, []string{"identity", "security"}},
	{"Diego Fuentes", active, []string{"mobile"}},
	{"Nora Eriksen", active, []string{"support"}},
	{"Wei Zhang", active, []string{"machine-learning"}},
	{"Olga Petrova", deleted, []string{"payments"}},
	{"Samuel Adeyemi", active, []string{"release", "platform"}},
	{"Hannah Vogel", active, []string{"web"}},
	{"Mateus Lima", active, []string{"web", "mobile"}},
	{"Zeynep Kaya", active, []string{"payments", "security"}},
	{"Conor Walsh", active, []string{"support"}},
	{"Fatima Zahra", active, []string{"data"}},
	{"Jonas Weiß", active, []string{"platform"}},
	{"Mei Lin", suspended, []string{"mobile"}},
	{"Rafael Ortega", active, []string{"payments"}},
	{"Ingrid Solberg", active, []string{"security"}},
	{"Kofi Mensah", active, []string{"web"}},
	{"Agnieszka Nowak", active, []string{server.TeamDevelopers}},
	{"Hiroshi Sato", deleted, []string{"machine-learning"}},
	{"Clara Jensen", active, []string{server.TeamDevelopers, "support"}},
	{"Ravi Menon", active, []string{server.TeamAdministrators, "identity"}},
	{"Beatriz Rocha", active, []string{"data", "release"}},
	{"Emeka Obi", active, []string{"platform"}},
	{"Sofia Marino", active, []string{"mobile"}},
	{"Lukas Brandt", suspended, []string{"web"}},
	{"Nadia Haddad", active, []string{"machine-learning"}},
	{"Pavel Dvořák", active, []string{"release"}},
	{"Amara Diallo", active, []string{"payments"}},
	{"Tuomas Laine", deleted, []string{"web"}},
	{"Elif Demir", active, []string{server.TeamDevelopers}},
	{"Bruno Keller", active, []string{server.TeamDevelopers}},
	{"Thandi Nkosi", created, []string{"support"}},
}

func users(random *rand.Rand, founded, now time.Time) []Member {
	members := make([]Member, len(staff))
	service := now.Sub(founded)
	for i, p := range staff {
		// They came one after the other, most of them early.
		joined := founded.Add(service * time.Duration(i*i) / time.Duration(len(staff)*len(staff)+1)).Truncate(time.Microsecond)
		member := Member{Teams: p.teams, User: server.User{
			ID: newID(random, joined, i), Email: email(p.name), Name: p.name, Status: p.status,
			CreatedAt: joined, UpdatedAt: joined,
		}}
		if p.status == suspended || p.status == deleted {
			changed := now.Add(-time.Duration(random.Int64N(int64(now.Sub(joined) / 2)))).Truncate(time.Microsecond)
			member.UpdatedAt = changed
			if p.status == deleted {
				member.DeletedAt = &changed
			}
		}
		members[i] = member
	}
	return members
}

// email writes a name as an address: without marks, the words joined by dots.
func email(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(strings.ReplaceAll(name, "ß", "ss"))) {
		switch {
		case r == ' ':
			b.WriteByte('.')
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return b.String() + mailDomain
}
