package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// DefaultTimeout is how long a request waits for its answer, and for the next
// piece of an answer that is under way.
const DefaultTimeout = 15 * time.Second

// Dialer opens a connection, as net.Dialer.DialContext does.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Option changes how a [Client] connects or what it says of itself.
type Option func(*settings)

type settings struct {
	name      string // what errors call the server, "" until New knows its host
	dialer    Dialer
	transport http.RoundTripper
	tls       *tls.Config
	caFile    string
	proxy     func(*http.Request) (*url.URL, error)
	proxySet  string // where the proxy is set, "" for the environment
	timeout   time.Duration
	userAgent string
	via       string
	readOnly  bool
	clock     func() time.Time
}

func defaults() settings {
	return settings{
		proxy:     http.ProxyFromEnvironment,
		timeout:   DefaultTimeout,
		userAgent: "lifeguard",
		clock:     time.Now,
	}
}

// WithDialer makes all connections through dial, and through no proxy. It is
// for a server inside this process: the key may then travel over plain http.
func WithDialer(dial Dialer) Option { return func(s *settings) { s.dialer = dial } }

// WithName sets what errors call the server, and [Client.Name] returns, instead
// of its host.
func WithName(name string) Option { return func(s *settings) { s.name = name } }

// WithTransport sends requests through transport. The options on dialing, TLS
// and proxies are then the transport's own matter and cannot be combined with
// this one.
func WithTransport(transport http.RoundTripper) Option {
	return func(s *settings) { s.transport = transport }
}

// WithTLSConfig sets how TLS connections are made.
func WithTLSConfig(config *tls.Config) Option { return func(s *settings) { s.tls = config } }

// WithCAFile trusts the certificates of a PEM file in addition to those that
// the system trusts.
func WithCAFile(path string) Option { return func(s *settings) { s.caFile = path } }

// WithProxy connects through the proxy at this address, instead of the one
// that HTTPS_PROXY names. A nil proxy connects directly. Plain http, which
// only reaches loopback, never goes through a proxy.
func WithProxy(proxy *url.URL) Option {
	return func(s *settings) { s.proxy = http.ProxyURL(proxy) }
}

// WithProxySetting is [WithProxy] with the name of the setting that a person
// changes the proxy in: errors name it instead of HTTPS_PROXY.
func WithProxySetting(proxy *url.URL, setting string) Option {
	return func(s *settings) { s.proxy, s.proxySet = http.ProxyURL(proxy), setting }
}

// WithTimeout sets how long a request waits; see [DefaultTimeout].
func WithTimeout(timeout time.Duration) Option { return func(s *settings) { s.timeout = timeout } }

// WithUserAgent sets the User-Agent, which the server keeps in audit events.
func WithUserAgent(agent string) Option { return func(s *settings) { s.userAgent = agent } }

// WithVia names the program that changes are made with: see [api.HeaderVia].
func WithVia(via string) Option { return func(s *settings) { s.via = via } }

// WithReadOnly refuses everything but reads, in the transport: whatever asks
// for a change, nothing is sent.
func WithReadOnly() Option { return func(s *settings) { s.readOnly = true } }

// WithClock sets the clock that a Retry-After date is compared with.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.clock = now } }

// connect builds the HTTP client from the settings.
func (c *Client) connect() error {
	transport := c.transport
	if transport == nil {
		own, err := c.ownTransport()
		if err != nil {
			return err
		}
		transport = own
	} else if c.dialer != nil || c.tls != nil || c.caFile != "" {
		return local("a transport cannot be combined with a dialer, TLS settings or a CA file: set them on the transport", nil)
	}
	if c.readOnly {
		transport = readOnly{transport}
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect would carry the key to an address nobody chose.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

func (c *Client) ownTransport() (*http.Transport, error) {
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: c.timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    c.timeout,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
		// Shorter than what servers and load balancers commonly allow, so that
		// a create seldom meets a connection that is just being closed.
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
		Proxy:                  c.proxyFor,
		OnProxyConnectResponse: proxyAnswer,
	}
	if c.dialer != nil {
		transport.DialContext, transport.Proxy = c.dialer, nil
	}
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	transport.TLSClientConfig = config
	return transport, nil
}

func (c *Client) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.tls != nil {
		config = c.tls.Clone()
	}
	if c.caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(c.caFile)
	if err != nil {
		return nil, local(fmt.Sprintf("the CA file %s cannot be read: check its name and permissions", c.caFile), err)
	}
	if config.RootCAs == nil {
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
	}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, local(fmt.Sprintf("the CA file %s holds no certificate: it must be in PEM form", c.caFile), nil)
	}
	return config, nil
}

// proxyFor returns the proxy for a request. Over plain http a proxy would see
// the key.
func (c *Client) proxyFor(request *http.Request) (*url.URL, error) {
	if request.URL.Scheme != "https" {
		return nil, nil
	}
	return c.proxy(request)
}

// errProxyRefused is how a proxy that answers, but does not connect, is told
// from one that cannot be reached.
type errProxyRefused struct{ status int }

func (e *errProxyRefused) Error() string { return fmt.Sprintf("the proxy answered %d", e.status) }

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &errProxyRefused{status: answer.StatusCode}
	}
	return nil
}

var errReadOnly = errors.New("read-only mode")

// readOnly lets reads through and refuses the rest before it is sent.
type readOnly struct{ next http.RoundTripper }

func (r readOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return r.next.RoundTrip(request)
	}
	if request.Body != nil {
		_ = request.Body.Close() // a transport closes the body, whatever it does
	}
	return nil, &api.Error{
		Kind:   api.KindLocal,
		Detail: "nothing was changed: read-only mode refuses everything but reads; leave read-only mode to make changes",
		Cause:  errReadOnly,
	}
}

// CloseIdleConnections passes on what http.Client asks of its transport.
func (r readOnly) CloseIdleConnections() {
	if closer, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
