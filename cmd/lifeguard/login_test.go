package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificateFor returns a self-signed certificate for a host, and the file that
// makes a client trust it.
func certificateFor(t *testing.T, host string, until time.Time) (tls.Certificate, string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme's keys"}, DNSNames: []string{host},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
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

// What stands between here and the server is said by its name and with the
// setting that mends it; nothing is kept, and the key is in nothing.
func TestLoginSaysWhatIsInTheWay(t *testing.T) {
	yesterday, tomorrow := time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
	answers := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "" && q.Method == http.MethodConnect {
			t.Error("the proxy was sent the key")
		}
		w.WriteHeader(http.StatusForbidden)
	})
	serveTLS := func(host string, until time.Time) (address, ca string) {
		pair, file := certificateFor(t, host, until)
		server := httptest.NewUnstartedServer(answers)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
		t.Cleanup(server.Close)
		return strings.Replace(server.URL, "127.0.0.1", "localhost", 1), file
	}
	proxy := httptest.NewServer(answers)
	defer proxy.Close()
	expired, expiredCA := serveTLS("localhost", yesterday)
	other, otherCA := serveTLS("keys.example.com", tomorrow)
	good, _ := serveTLS("localhost", tomorrow)
	gone := httptest.NewServer(answers)
	gone.Close()
	key := newTestKey(t).Reveal()
	for name, test := range map[string]struct {
		args  []string
		words []string
	}{
		"an expired certificate": {
			[]string{"--server", expired, "--ca-file", expiredCA},
			[]string{"the certificate of localhost:", "(Acme's keys) expired on " + yesterday.UTC().Format("2 January 2006"), "also in the CA file " + expiredCA},
		},
		"another's certificate":  {[]string{"--server", other, "--ca-file", otherCA}, []string{"is for another host (keys.example.com): check the server's address (--server, or server of the context)"}},
		"an unknown authority":   {[]string{"--server", good}, []string{"add that authority with a CA file (--ca-file, or ca_file of the context)"}},
		"a proxy that refuses":   {[]string{"--server", good, "--proxy", proxy.URL}, []string{"the proxy " + strings.TrimPrefix(proxy.URL, "http://") + " refused to connect to localhost:", "(403): check --proxy"}},
		"a proxy that is gone":   {[]string{"--server", good, "--proxy", gone.URL}, []string{"the proxy " + strings.TrimPrefix(gone.URL, "http://") + " cannot be reached: check --proxy"}},
		"a proxy of the context": {[]string{"--context", "behind"}, []string{"refused to connect to keys.example.com (403): check contexts.behind.proxy in ", "config.yaml"}},
		"a proxy that is none":   {[]string{"--server", good, "--proxy", "proxy:3128"}, []string{"--proxy must be the address of a proxy"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			config := filepath.Join(folder, "config.yaml")
			before := []byte("contexts:\n  behind:\n    server: https://keys.example.com\n    proxy: " + proxy.URL + "\n")
			if err := os.WriteFile(config, before, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := program(t, folder, append([]string{"login", "--store", "file", "--config", config}, test.args...)...)
			cmd.Stdin = strings.NewReader(key)
			output, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
				t.Errorf("it ended with %v", err)
			}
			for _, words := range test.words {
				if !strings.Contains(string(output), words) {
					t.Errorf("%q does not say %q", output, words)
				}
			}
			if bytes.Contains(output, []byte(key[3:15])) {
				t.Error("the key is in the words")
			}
			if after, err := os.ReadFile(config); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the configuration became %q, %v", after, err)
			}
			if kept, _ := filepath.Glob(filepath.Join(folder, "data/lifeguard/keys/*")); len(kept) > 0 {
				t.Errorf("a key is kept: %v", kept)
			}
		})
	}
}

// A certificate and a proxy that were named at the login are the context's.
func TestLoginKeepsHowToConnect(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	pair, ca := certificateFor(t, "localhost", time.Now().Add(time.Hour))
	backend := startServing(t, folder)
	reverse := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		again := q.Clone(q.Context())
		again.URL.Scheme, again.URL.Host, again.RequestURI = "http", strings.TrimPrefix(backend.url, "http://"), ""
		answer, err := http.DefaultTransport.RoundTrip(again)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = answer.Body.Close() }()
		w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	reverse.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	reverse.StartTLS()
	defer reverse.Close()
	address := strings.Replace(reverse.URL, "127.0.0.1", "localhost", 1)
	login := program(t, folder, "login", "--server", address, "--context", "acme", "--store", "file", "--ca-file", ca, "--proxy", "none")
	login.Stdin = strings.NewReader(key.Reveal())
	if output, err := login.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	list := program(t, folder, "list")
	list.Env = append(list.Env, "HTTPS_PROXY=http://127.0.0.1:1")
	if output, err := list.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// At a terminal: the key is asked for unseen, the console opens with it, and
// whoever interrupts gets the terminal back as it was.
func TestLoginAtATerminal(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	p := openPane(t, folder, "100", "24", "trap : INT; lifeguard login --server "+server.url+" --context acme --store file; stty -a | tr ' ' '\\n' | grep echo$; lifeguard login; lifeguard")
	p.waitFor("Developer API key for 127.0.0.1:", "(it is not shown):")
	p.press("C-c")
	p.waitFor("lifeguard: cancelled", "\necho\n", "name the server")
	p.waitFor("0 keys") // of the authority on this machine: nothing was kept
	p.press("q")
	p.waitFor("exit code 0")
	p.close()

	p = openPane(t, folder, "100", "24", "lifeguard login --server "+server.url+" --context acme --store file; read _; lifeguard")
	p.waitFor("(it is not shown):")
	p.write(key.Reveal())
	p.press("Enter")
	screen := p.waitFor("Signed in to 127.0.0.1:", "as ada (ada@example.com), Acme.")
	if strings.Contains(screen, "ps-") {
		t.Errorf("the key is shown:\n%s", hidden(screen))
	}
	p.press("Enter")
	p.waitFor("acme", "0 keys")
	p.press("q")
	p.waitFor("exit code 0")
	p.close()

	// A key that is refused leads to the dialog, which says how to be spared it.
	logout := program(t, folder, "logout")
	if output, err := logout.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	p = openPane(t, folder, "100", "24", "lifeguard")
	p.waitFor("Sign in", "No API key was given. Enter yours.", "login --context acme, or set")
	p.write(key.Reveal())
	p.press("Enter")
	p.waitFor("Signed in as ada@example.com", "0 keys")
	p.press("q")
	p.waitFor("exit code 0")
	p.close()
	p = openPane(t, folder, "100", "24", envPoolsideKey+"="+newTestKey(t).Reveal()+" lifeguard")
	p.waitFor("The server does not accept your key", "set POOLSIDE_API_KEY")
	p.press("Escape")
	p.waitGone("Sign in")
	p.press("q")
	p.waitFor("exit code 0")
}
