// Package client speaks to a Lifeguard server, or to any server with the same
// HTTP API, on behalf of whoever an API key belongs to.
//
// Every failure is an *[api.Error] whose text is one sentence for a person.
// Every text that comes from the server has been through [api.Clean], so it is
// harmless on a terminal; only keys are handed over as they came, boxed in an
// [api.Secret]. The client's own key is in no error, and leaves this machine
// only encrypted, and only towards the server it is meant for.
package client

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Client calls one server with one API key. It may be shared between
// goroutines. Close it when done.
type Client struct {
	settings
	base *url.URL // without a trailing slash and without the API's own path
	key  api.Secret
	http *http.Client
}

// apiRoot is part of every path of the API. People paste it with the address.
const apiRoot = "/poolside/v1"

// New makes a client for the server at baseURL, such as
// https://keys.example.com. It does not connect. An empty key is sent as no
// key at all, which the server answers with 401.
//
// It fails with [api.KindLocal] when baseURL is no address of a server, when
// the key holds characters that no key has, when a CA file is unusable, and
// when the key would travel unencrypted: plain http is for loopback addresses
// and for [WithDialer] only.
func New(baseURL string, key api.Secret, options ...Option) (*Client, error) {
	c := &Client{settings: defaults(), key: key}
	for _, option := range options {
		option(&c.settings)
	}
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c.base = base
	if c.name == "" {
		c.name = base.Host
		if c.dialer != nil {
			c.name = "the embedded authority"
		}
	}
	if base.Scheme == "http" && c.dialer == nil && !loopback(base.Hostname()) {
		return nil, local(fmt.Sprintf("the API key would travel unencrypted to %s: use an https address", c.name), nil)
	}
	if !printable(key.Reveal()) {
		e := local("the API key has a line break, a space or another character that no key has: copy it again", nil)
		e.Code = api.CodeUnauthorized
		return nil, e
	}
	if err := c.connect(); err != nil {
		return nil, err
	}
	return c, nil
}

// Close drops the connections that are kept for the next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Name returns what errors call the server: its host, with the port if one is
// in its address.
func (c *Client) Name() string { return c.name }

// NewIdempotencyKey returns a fresh key for [Client.CreateServiceAccount], a
// random UUID. Every retry of one create takes the same one.
func NewIdempotencyKey() string { return uuid.NewString() }

func parseBase(text string) (*url.URL, error) {
	const want = "give an address such as https://keys.example.com"
	base, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil: // its text would quote the address, and a password in it
		return nil, local("the server's address cannot be read: "+want, nil)
	case base.User != nil:
		return nil, local("the server's address must not hold a name or password: "+want, nil)
	case (base.Scheme != "http" && base.Scheme != "https") || base.Hostname() == "":
		return nil, local("the server's address must start with https:// and a host: "+want, nil)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, local("the server's address must not have a ? or #: "+want, nil)
	}
	path := strings.TrimRight(base.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, apiRoot), "/")
	return (&url.URL{Scheme: base.Scheme, Host: base.Host}).Parse(path)
}

// loopback reports whether traffic to host stays on this machine. Only the
// name localhost is taken on trust.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// printable reports whether text is visible ASCII, and so fit for a header
// and for a screen.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func local(detail string, cause error) *api.Error {
	return &api.Error{Kind: api.KindLocal, Detail: detail, Cause: cause}
}
