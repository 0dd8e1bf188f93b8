package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/lifeguard-keys/lifeguard/api"
)

// unanswered explains a request that got no answer at all.
func (c *Client) unanswered(ctx context.Context, k call, w *watch, err error) error {
	var already *api.Error
	if errors.As(err, &already) {
		return already // refused by read-only mode
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the address around it adds nothing that the sentence lacks
	}
	e := &api.Error{Cause: c.withoutKey(err)}
	e.Kind, e.Detail = c.explain(ctx, err)
	e.Lost = k.changes() && w.left.Load() && !neverLeft(err)
	return e
}

// neverLeft reports failures that are known to come before a request is sent.
func neverLeft(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func (c *Client) explain(ctx context.Context, err error) (api.ErrorKind, string) {
	if kind, detail := c.explainEnd(ctx); kind != 0 {
		return kind, detail
	}
	if detail := c.explainProxy(err); detail != "" {
		return api.KindProxy, detail
	}
	if detail := c.explainTLS(err); detail != "" {
		return api.KindTLS, detail
	}
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return api.KindUnreachable, c.name + " is not a known host: check the server's address"
	case errors.As(err, &dns):
		return api.KindUnreachable, fmt.Sprintf("the address of %s could not be looked up: check the network and its DNS", c.name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return api.KindUnreachable, c.name + " refused the connection: check that the server is running there"
	case timedOut(err):
		return api.KindTimeout, c.name + " did not answer in time: try again, or check the network"
	case errors.As(err, &op) && op.Op == "dial":
		return api.KindUnreachable, c.name + " cannot be reached: check the network and the server's address"
	case strings.Contains(err.Error(), "malformed HTTP"): // net/http has no type for it
		return api.KindMalformed, c.notAPI("it does not speak HTTP")
	}
	return api.KindUnreachable, fmt.Sprintf("the connection to %s broke off before its answer: try again", c.name)
}

// explainEnd explains a request whose context ended: given up by the caller,
// out of the caller's time, or out of ours.
func (c *Client) explainEnd(ctx context.Context) (api.ErrorKind, string) {
	if ctx.Err() == nil {
		return 0, ""
	}
	if errors.Is(context.Cause(ctx), errTimeout) {
		return api.KindTimeout, fmt.Sprintf("%s did not answer within %v: try again, or check the network", c.name, c.timeout)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return api.KindTimeout, c.name + " did not answer in the time there was: try again, or check the network"
	}
	return api.KindCanceled, "the request was given up before an answer came"
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (c *Client) explainProxy(err error) string {
	remedy := fmt.Sprintf("check HTTPS_PROXY, or list %s in NO_PROXY", c.base.Hostname())
	credentials := "put them into HTTPS_PROXY"
	if c.proxySet != "" {
		remedy = "check " + c.proxySet
		credentials = fmt.Sprintf("take it out of %s, and put its address with them into HTTPS_PROXY", c.proxySet)
	}
	var refused *errProxyRefused
	if errors.As(err, &refused) {
		if refused.status == http.StatusProxyAuthRequired {
			return fmt.Sprintf("the proxy %s wants a name and password: %s", c.proxyName(), credentials)
		}
		return fmt.Sprintf("the proxy %s refused to connect to %s (%d): %s", c.proxyName(), c.name, refused.status, remedy)
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "proxyconnect" || op.Op == "socks connect") {
		return fmt.Sprintf("the proxy %s cannot be reached: %s", c.proxyName(), remedy)
	}
	return ""
}

// proxyName returns the proxy's host and port. Its address may hold a password.
func (c *Client) proxyName() string {
	proxy, err := c.proxyFor(&http.Request{URL: c.base})
	if err != nil || proxy == nil {
		return "between here and the server"
	}
	return proxy.Host
}

func (c *Client) explainTLS(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is signed by an authority that this machine does not know: "+
			"add that authority with a CA file (--ca-file, or ca_file of the context)", c.name)
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate of %s is for another host (%s): check the server's address (--server, or server of the context)",
			c.name, hostsOf(host.Certificate))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return c.explainExpired(invalid.Cert)
	case errors.As(err, &invalid), errors.As(err, &verify):
		return fmt.Sprintf("the certificate of %s is not valid: have it replaced, or add its authority with a CA file "+
			"(--ca-file, or ca_file of the context)", c.name)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return fmt.Sprintf("%s does not speak TLS on that port: check the port in the server's address", c.name)
	case strings.Contains(err.Error(), "tls: "): // crypto/tls has no type for its alerts
		return fmt.Sprintf("%s and this program could not agree on a TLS connection: check the server's TLS settings", c.name)
	}
	return ""
}

// explainExpired is about a certificate that the server shows, or one that it
// is signed by.
func (c *Client) explainExpired(certificate *x509.Certificate) string {
	const day = "2 January 2006"
	when := "expired on " + certificate.NotAfter.UTC().Format(day)
	if c.clock().Before(certificate.NotBefore) {
		when = "is not valid before " + certificate.NotBefore.UTC().Format(day)
	}
	renew := "have it renewed"
	if c.caFile != "" {
		renew += ", also in the CA file " + c.caFile + " if it is there"
	}
	return fmt.Sprintf("the certificate of %s (%s) %s: %s, and check this machine's clock, which says %s",
		c.name, named(certificate), when, renew, c.clock().UTC().Format(day))
}

// maxCertificateName bounds what an error says of a certificate, in bytes.
const maxCertificateName = 100

// named is what a person may know a certificate by.
func named(certificate *x509.Certificate) string {
	if name := certificate.Subject.CommonName; name != "" {
		return shortened(name)
	}
	return hostsOf(certificate)
}

// hostsOf lists what a certificate is for.
func hostsOf(certificate *x509.Certificate) string {
	hosts := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	if len(hosts) == 0 {
		return "it names none"
	}
	return shortened(strings.Join(hosts, ", "))
}

// shortened makes a text of a certificate fit for a sentence: whoever listens
// there chose it.
func shortened(text string) string {
	if len(text) > maxCertificateName {
		text = strings.ToValidUTF8(text[:maxCertificateName], "") + "…"
	}
	return api.RedactKeys(api.Clean(text))
}

// broken explains an answer that began well and could not be read to its end.
func (c *Client) broken(ctx context.Context, k call, response *http.Response, w *watch, err error) error {
	e := &api.Error{
		Status: response.StatusCode, RequestID: c.requestID(response), Lost: k.changes(), Cause: c.withoutKey(err),
	}
	kind, detail := c.explainEnd(ctx)
	switch {
	case kind != 0:
		e.Kind, e.Detail = kind, detail
	case errors.Is(err, errTooLarge):
		e.Kind, e.Detail = api.KindMalformed, c.notAPI("its answer is too large")
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Kind, e.Detail = api.KindMalformed, fmt.Sprintf("the answer of %s broke off half way: try again", c.name)
	default:
		e.Kind, e.Detail = api.KindUnreachable, fmt.Sprintf("the connection to %s broke off during its answer: try again", c.name)
	}
	return e
}

// malformed is an answer that came whole and is not the API's.
func (c *Client) malformed(k call, response *http.Response, reason string) error {
	return &api.Error{
		Kind: api.KindMalformed, Status: response.StatusCode, RequestID: c.requestID(response),
		Detail: c.notAPI(reason), Lost: k.changes(), Cause: errors.New(reason),
	}
}

func (c *Client) notAPI(reason string) string {
	return fmt.Sprintf("%s does not answer as a Lifeguard server (%s): check the server's address", c.name, reason)
}

// withoutKey drops a cause whose text holds the key: net/http quotes broken
// answers, and a server might send back what it was sent.
func (c *Client) withoutKey(err error) error {
	if key := c.key.Reveal(); key != "" && strings.Contains(err.Error(), key) {
		return errors.New("the error's text held the key")
	}
	return err
}
