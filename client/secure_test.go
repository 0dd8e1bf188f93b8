package client_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// certificate returns a self-signed certificate for host, valid until the
// given time, and the file that makes a client trust it.
func certificate(t *testing.T, host string, until time.Time) (tls.Certificate, string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, file
}

func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	server := httptest.NewUnstartedServer(answersJSON(200, `{"service_accounts":[]}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it notes every handshake that these tests break
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func TestTLS(t *testing.T) {
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	for name, test := range map[string]struct {
		host  string
		until time.Time
		trust bool
		words string // "" when it works
	}{
		"trusted by CA file": {"127.0.0.1", tomorrow, true, ""},
		"unknown authority":  {"127.0.0.1", tomorrow, false, "CA file"},
		"another host":       {"keys.example.com", tomorrow, true, "for another host (keys.example.com): check the server's address"},
		"expired":            {"127.0.0.1", yesterday, true, "(test) expired on " + yesterday.UTC().Format("2 January 2006") + ": have it renewed, also in the CA file "},
		"not valid yet":      {"127.0.0.1", tomorrow.Add(24 * time.Hour), true, "(test) is not valid before"},
		"another's name":     {"keys\x1b[31m.example.com", tomorrow, true, "for another host (keys\uFFFD[31m.example.com)"},
	} {
		t.Run(name, func(t *testing.T) {
			pair, file := certificate(t, test.host, test.until)
			address := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}})
			var options []client.Option
			if test.trust {
				options = append(options, client.WithCAFile(file))
			}
			key := newKey(t)
			c := connect(t, address, key, options...)
			if test.words == "" {
				if err := list(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				return
			}
			e := failure(t, create(t.Context(), c), key)
			if e.Kind != api.KindTLS || e.Lost {
				t.Errorf("kind %d, lost %t; want TLS, not lost", e.Kind, e.Lost)
			}
			if !strings.Contains(e.Detail, test.words) || !strings.Contains(e.Detail, "127.0.0.1") {
				t.Errorf("%q does not name the host and %q", e.Detail, test.words)
			}
		})
	}
}

func TestTLSThatCannotBeAgreedOn(t *testing.T) {
	pair, file := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	t.Run("no common version", func(t *testing.T) {
		address := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12})
		c := connect(t, address, newKey(t), client.WithCAFile(file), client.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS13}))
		if e := failure(t, create(t.Context(), c), api.Secret{}); e.Kind != api.KindTLS || e.Lost {
			t.Errorf("kind %d, lost %t, %q", e.Kind, e.Lost, e.Detail)
		}
	})
	t.Run("plain server", func(t *testing.T) {
		server := record(t, answersJSON(200, `{}`))
		c := connect(t, strings.Replace(server.URL, "http:", "https:", 1), newKey(t))
		e := failure(t, create(t.Context(), c), api.Secret{})
		if e.Kind != api.KindTLS || e.Lost || !strings.Contains(e.Detail, "does not speak TLS") {
			t.Errorf("kind %d, lost %t, %q", e.Kind, e.Lost, e.Detail)
		}
	})
}

func TestCAFileThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, words := range map[string]string{file: "holds no certificate", file + ".missing": "cannot be read"} {
		_, err := client.New("https://keys.example.com", api.Secret{}, client.WithCAFile(path))
		if e := failure(t, err, api.Secret{}); e.Kind != api.KindLocal || !strings.Contains(e.Detail, words) {
			t.Errorf("kind %d, %q; want %q", e.Kind, e.Detail, words)
		}
	}
}

func TestProxy(t *testing.T) {
	closed := listen(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		answer int // 0: nobody is there
		words  string
	}{
		"refuses":         {403, "refused to connect"},
		"wants a sign-in": {407, "name and password"},
		"fails":           {502, "refused to connect"},
		"is not there":    {0, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			host := closed.Addr().String()
			proxy := record(t, answers(max(test.answer, 200), "text/plain", ""))
			if test.answer != 0 {
				host = strings.TrimPrefix(proxy.URL, "http://")
			}
			key := newKey(t)
			c := connect(t, "https://keys.example.com", key,
				client.WithProxy(&url.URL{Scheme: "http", Host: host, User: url.UserPassword("ada", "hunter2")}))
			e := failure(t, create(t.Context(), c), key)
			if e.Kind != api.KindProxy || e.Lost {
				t.Errorf("kind %d, lost %t; want proxy, not lost", e.Kind, e.Lost)
			}
			if !strings.Contains(e.Detail, test.words) || !strings.Contains(e.Detail, host) || strings.Contains(e.Detail, "hunter2") {
				t.Errorf("%q does not name the proxy and %q, or holds its password", e.Detail, test.words)
			}
			for _, request := range proxy.seen() {
				if request.header.Get("Authorization") != "" {
					t.Error("the proxy was sent the key")
				}
			}
		})
	}
}

// TestPlainHTTPAvoidsProxies: a proxy would read the key of a plain request.
func TestPlainHTTPAvoidsProxies(t *testing.T) {
	proxy := record(t, answers(500, "text/plain", ""))
	server := record(t, answersJSON(200, `{"service_accounts":[]}`))
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := list(t.Context(), connect(t, server.URL, newKey(t), client.WithProxy(address))); err != nil {
		t.Fatal(err)
	}
	if seen := proxy.seen(); len(seen) != 0 {
		t.Errorf("the proxy saw %d plain requests", len(seen))
	}
}

// TestRedirectIsNotFollowed: the key would go to an address nobody chose.
func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := record(t, answersJSON(200, `{"service_accounts":[]}`))
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := record(t, func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, elsewhere.URL+q.URL.Path, status)
		})
		e := failure(t, list(t.Context(), connect(t, server.URL, newKey(t))), api.Secret{})
		if e.Kind != api.KindRefused || e.Status != status {
			t.Errorf("%d: kind %d, status %d", status, e.Kind, e.Status)
		}
	}
	if seen := elsewhere.seen(); len(seen) != 0 {
		t.Errorf("%d redirects were followed", len(seen))
	}
}
