package sqlstore

import (
	"net/url"
	"strings"
)

// Shown is the name of a database as it may be shown and logged: without a
// password, and otherwise usable where it was. Of a name that cannot be read
// only the kind of database is left.
func Shown(dsn string) string {
	scheme, _, found := strings.Cut(dsn, ":")
	switch {
	case !found:
		return "…"
	case scheme == "sqlite":
		return dsn
	}
	parsed, err := url.Parse(dsn)
	if err != nil || (scheme != "postgres" && scheme != "postgresql") || parsed.Opaque != "" {
		return scheme + ":…"
	}
	if parsed.User != nil {
		parsed.User = url.User(parsed.User.Username())
	}
	options := parsed.Query()
	for _, secret := range []string{"password", "sslpassword"} {
		options.Del(secret)
	}
	parsed.RawQuery = options.Encode()
	return parsed.String()
}
