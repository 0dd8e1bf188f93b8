package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeCertificate puts a certificate with a serial number into cert.pem and
// key.pem.
func writeCertificate(t *testing.T, folder string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// hungUp is a server that gets SIGHUP, and what it logs.
type hungUp struct {
	cmd     *exec.Cmd
	address string
	logged  *bufio.Scanner
}

func serveToHangUp(t *testing.T, folder, scheme string, flags ...string) hungUp {
	t.Helper()
	cmd := program(t, folder, append([]string{"serve", "--listen", "127.0.0.1:0", "--database", "sqlite:keys.db"}, flags...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(strings.TrimSpace(line), "lifeguard listens on "+scheme+"://")
	return hungUp{cmd, address, bufio.NewScanner(stderr)}
}

// hangUp sends SIGHUP and waits until the log says what it did.
func (h hungUp) hangUp(t *testing.T, want string) {
	t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for h.logged.Scan() {
		if strings.Contains(h.logged.Text(), want) {
			return
		}
	}
	t.Fatalf("the log ended without %q", want)
}

func (h hungUp) stop(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for h.logged.Scan() { // until the end
	}
	if err := h.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func TestAHangupWithoutACertificateEndsNothing(t *testing.T) {
	folder := t.TempDir()
	initialised(t, folder)
	running := serveToHangUp(t, folder, "http")
	running.hangUp(t, "there is no certificate to read again")
	running.hangUp(t, "there is no certificate to read again")
	running.stop(t)
}

func TestCertificateIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	initialised(t, folder)
	writeCertificate(t, folder, 1)
	running := serveToHangUp(t, folder, "https", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
	serial := func() int64 {
		t.Helper()
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		conn, err := dialer.DialContext(t.Context(), "tcp", running.address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("certificate %d at first", got)
	}
	writeCertificate(t, folder, 2)
	running.hangUp(t, "the certificate was read again")
	if got := serial(); got != 2 {
		t.Errorf("certificate %d after SIGHUP", got)
	}
	if err := os.WriteFile(filepath.Join(folder, "key.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	running.hangUp(t, "the certificate was not read again, the old one stays")
	if got := serial(); got != 2 {
		t.Errorf("certificate %d after a broken one", got)
	}
	running.stop(t)
}
