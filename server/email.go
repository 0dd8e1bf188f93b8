package server

import (
	"errors"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// maxEmail is the longest email address that mail can be sent to, in bytes
// (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const maxEmail = 254

var (
	errEmail    = errors.New("must be an email address, such as mary@example.com")
	errEmailKey = errors.New("that is an API key, not an email address")
)

// checkEmail reports why a text cannot be the email of a user, or nil. Only
// its form is checked: one @ with something on both sides and nothing that
// cannot be seen. Whether mail arrives is not for this program to find out.
func checkEmail(email string) error {
	local, domain, _ := strings.Cut(email, "@")
	switch {
	case len(email) > maxEmail, local == "", domain == "", strings.Contains(domain, "@"),
		strings.Contains(email, " "), api.Clean(email) != email:
		return errEmail
	case api.FindKey(email) != "":
		return errEmailKey
	}
	return nil
}
