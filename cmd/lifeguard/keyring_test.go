package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	system "github.com/zalando/go-keyring"

	"github.com/lifeguard-keys/lifeguard/api"
)

// testKeyring answers when it is let.
type testKeyring struct {
	text    string
	err     error
	hang    chan struct{}
	panics  bool
	service string
}

func (r *testKeyring) Get(service, _ string) (string, error) {
	r.service = service
	if r.hang != nil {
		<-r.hang
	}
	if r.panics {
		panic("a signal of nobody")
	}
	return r.text, r.err
}

func (r *testKeyring) Set(_, _, password string) error { r.text = password; return r.err }

func (r *testKeyring) Delete(string, string) error { return r.err }

func newTestKey(t *testing.T) api.Secret {
	t.Helper()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A keyring that hangs holds nobody up for longer than it takes to say so; one
// that asks for its password in a window leaves the time to type it.
func TestAKeyringThatHangs(t *testing.T) {
	for name, test := range map[string]struct {
		patient bool
		answers time.Duration // 0: never
		want    time.Duration
		words   string // of the error
		said    string
	}{
		"never, and nobody is there": {false, 0, keyringLimit, "the keyring did not answer within 3s; it may wait to be unlocked: unlock it, set LIFEGUARD_API_KEY, or keep the key in a file that you alone can read with lifeguard login --context acme --store file", ""},
		"never, and somebody is":     {true, 0, keyringPatient, "did not answer within 1m0s", "look for a window"},
		"once it is unlocked":        {true, 20 * time.Second, 20 * time.Second, "", "look for a window"},
		"soon":                       {true, time.Second, time.Second, "", ""},
		"too late, without a window": {false, 5 * time.Second, keyringLimit, "did not answer within 3s", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := newTestKey(t)
				ring := &testKeyring{text: key.Reveal(), hang: make(chan struct{})}
				if test.answers > 0 {
					time.AfterFunc(test.answers, func() { close(ring.hang) })
				}
				words := new(bytes.Buffer)
				store := keyringStore{ring: ring, context: "acme", login: "lifeguard login --context acme", patient: test.patient, words: words}
				start := time.Now()
				got, err := store.read(t.Context())
				if took := time.Since(start); took != test.want {
					t.Errorf("it took %v, want %v", took, test.want)
				}
				if test.words == "" && (err != nil || got.Reveal() != key.Reveal()) {
					t.Errorf("no key: %v", err)
				}
				if test.words != "" && (err == nil || !strings.Contains(err.Error(), test.words)) {
					t.Errorf("%v; want %q", err, test.words)
				}
				if said := words.String(); (said != "") != (test.said != "") || !strings.Contains(said, test.said) {
					t.Errorf("it says %q, want %q", said, test.said)
				}
				if test.answers == 0 {
					close(ring.hang) // a bubble ends with its goroutines
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestAKeyringThatFails(t *testing.T) {
	key := newTestKey(t)
	for name, test := range map[string]struct {
		ring    *testKeyring
		missing string
		words   string
	}{
		"an error":  {ring: &testKeyring{err: errors.New("the \x1b[31mname\n" + key.Reveal())}, words: "the keyring cannot be used (the \uFFFD[31mname [redacted]): unlock or start it, set LIFEGUARD_API_KEY"},
		"it breaks": {ring: &testKeyring{panics: true}, words: "the keyring cannot be used (it broke off)"},
		"no bus":    {ring: &testKeyring{}, missing: "there is no D-Bus session", words: "there is no keyring here (there is no D-Bus session): set LIFEGUARD_API_KEY"},
		"not a key": {ring: &testKeyring{text: "hunter2"}, words: "what the keyring keeps for the context acme is no key (an API key starts with ps-): lifeguard login keeps a new one"},
		"nothing":   {ring: &testKeyring{err: system.ErrNotFound}},
	} {
		store := keyringStore{ring: test.ring, context: "acme", login: "lifeguard login", missing: test.missing}
		got, err := store.read(t.Context())
		if test.words == "" && (err != nil || !got.IsZero()) {
			t.Errorf("%s: %v", name, err)
		}
		if test.words != "" && (err == nil || !strings.Contains(err.Error(), test.words)) {
			t.Errorf("%s: %v; want %q", name, err, test.words)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hanging := keyringStore{ring: &testKeyring{hang: make(chan struct{})}}
	if _, err := hanging.read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// sessionBus starts a D-Bus session in folder and returns its address.
func sessionBus(t *testing.T, folder string) string {
	t.Helper()
	for _, name := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(name); err != nil {
			const words = "the keyring is tested with a real one: apt-get install dbus gnome-keyring"
			if os.Getenv("CI") == "true" {
				t.Fatal(words)
			}
			t.Skip(words)
		}
	}
	address := "unix:path=" + filepath.Join(folder, "bus")
	// The usual session starts services by itself, and so a keyring that is not this one.
	config := filepath.Join(folder, "bus.conf")
	if err := os.WriteFile(config, []byte(`<busconfig><type>session</type><listen>`+address+`</listen><policy context="default">`+
		`<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`), 0o600); err != nil {
		t.Fatal(err)
	}
	// --print-address comes when it listens.
	bus := exec.CommandContext(t.Context(), "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	ready, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Process.Kill(); _ = bus.Wait() })
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatalf("no session bus: %v", err)
	}
	return address
}

// The journey with a real keyring: in, the console's key from there, and out. The
// key is in no file, and what a locked keyring says names the remedy.
func TestLoginWithARealKeyring(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	address := sessionBus(t, folder)
	env := append(ownEnvironment(folder), "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_CONFIG_HOME="+filepath.Join(folder, "config"), "DISPLAY=", "WAYLAND_DISPLAY=")
	run := func(stdin string, args ...string) (stdout, stderr string, code int) {
		t.Helper()
		cmd := program(t, folder, args...)
		cmd.Env = env
		cmd.Stdin = strings.NewReader(stdin)
		var out, words bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &words
		err := cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String()+words.String(), key.Reveal()[3:20]) {
			t.Errorf("%v shows the key", args)
		}
		return out.String(), words.String(), code
	}
	login := []string{"login", "--server", server.url, "--context", "acme"}
	if _, words, code := run(key.Reveal(), login...); code != exitFailed || !strings.Contains(words, "the keyring cannot be used (") ||
		!strings.Contains(words, "lifeguard login --server "+server.url+" --context acme --store file") {
		t.Errorf("without a keyring on the bus: %d, %s", code, words)
	}
	if _, err := os.Stat(filepath.Join(folder, "config")); err == nil {
		t.Error("a failed login left a configuration behind")
	}

	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o700); err != nil { // the daemon makes but one folder
		t.Fatal(err)
	}
	start := func(args ...string) (stop func()) {
		t.Helper()
		daemon := exec.CommandContext(t.Context(), "gnome-keyring-daemon", append([]string{
			"--foreground", "--components=secrets", "--control-directory=" + filepath.Join(folder, "control"),
		}, args...)...)
		daemon.Env = env
		daemon.Stdin = strings.NewReader("the login password")
		if err := daemon.Start(); err != nil {
			t.Fatal(err)
		}
		return sync.OnceFunc(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	}
	stop := start("--unlock")
	t.Cleanup(stop)
	var words string
	var code int
	for deadline := time.Now().Add(patience); ; { // until the daemon is on the bus
		if _, words, code = run(key.Reveal(), login...); code == exitDone || time.Now().After(deadline) {
			break
		}
	}
	if code != exitDone {
		t.Fatalf("login: %d, %s", code, words)
	}
	if _, words, code := run("", "list"); code != exitDone {
		t.Errorf("list: %d, %s", code, words)
	}
	complete := []string{"__complete", "create", "--team", "adm"}
	if out, words, code := run("", complete...); code != exitDone || !strings.HasPrefix(out, "administrators\t") {
		t.Errorf("completion: %d, %q, %s", code, out, words)
	}
	for _, where := range []string{"config", "data", "state"} {
		if output, _ := exec.CommandContext(t.Context(), "grep", "-r", key.Reveal()[3:20], filepath.Join(folder, where)).Output(); len(output) > 0 {
			t.Errorf("the key is in a file: %s", where)
		}
	}
	stop()
	stopLocked := start()
	defer stopLocked()
	for deadline := time.Now().Add(patience); ; { // until the daemon is on the bus
		if _, words, code = run("", "list"); !strings.Contains(words, "provided by any") || time.Now().After(deadline) {
			break
		}
	}
	if code != exitNeedsSignIn || !strings.Contains(words, "unlock") || !strings.Contains(words, "lifeguard login --context acme --store file") {
		t.Errorf("a locked keyring: %d, %s", code, words)
	}
	t.Logf("a locked keyring: %s", words)
	if out, words, code := run("", complete...); code != exitDone || !strings.HasPrefix(out, ":") || strings.Contains(words, "keyring") {
		t.Errorf("completion with a locked keyring: %d, %q, %s", code, out, words)
	}
	stopLocked()
	t.Cleanup(start("--unlock"))
	for deadline := time.Now().Add(patience); code != exitDone && time.Now().Before(deadline); {
		_, _, code = run("", "list")
	}
	if out, words, code := run("", "logout"); code != exitDone || !strings.Contains(out, "The key of acme is forgotten, no longer in the keyring.") {
		t.Errorf("logout: %d, %s%s", code, out, words)
	}
	if _, words, code := run("", "list"); code != exitNeedsSignIn || !strings.Contains(words, "run lifeguard login --context acme") {
		t.Errorf("list after logout: %d, %s", code, words)
	}
	if out, words, code := run(key.Reveal(), "login", "--store", "file"); code != exitDone {
		t.Errorf("login with a file: %d, %s%s", code, out, words)
	}
	if _, words, code := run(key.Reveal(), "login", "--store", "keyring"); code != exitDone {
		t.Errorf("login back into the keyring: %d, %s", code, words)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "data/lifeguard/keys/*")); len(left) > 0 {
		t.Errorf("the key file is left behind: %v", left)
	}
}

// A bus that takes connections and says nothing: what a hung session looks like.
func TestABusThatHangs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	socket := filepath.Join(folder, "bus")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	config := filepath.Join(folder, "config.yaml")
	if err := os.WriteFile(config, []byte("contexts: {acme: {server: 'https://keys.example.com', store: keyring}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, folder, "list", "--config", config, "--context", "acme")
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitNeedsSignIn || !strings.Contains(string(output), "the keyring did not answer within 3s") {
		t.Errorf("%v: %s", err, output)
	}
}
