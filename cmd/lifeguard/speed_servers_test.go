package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// The servers that are measured are processes of their own: the released
// program, and beside it one with a bare handler that answers the same bytes.

// measured is a process that serves.
type measured struct {
	address string
	pid     int
}

func (m measured) url() string { return "http://" + m.address }

// startMeasured starts a program that says its address at the end of its first
// line.
func startMeasured(b *testing.B, env []string, name string, args ...string) measured {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	var stderr tail
	cmd.Stderr = &stderr
	if strings.Contains(name, "lifeguard") && len(env) == 0 {
		// One line for every request: it is written, and nobody reads it.
		if cmd.Stderr, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			b.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("%s did not start: %v %s", name, err, stderr)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(line), "://")
	return measured{address: address, pid: cmd.Process.Pid}
}

// tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if over := len(*t) - 4096; over > 0 {
		*t = (*t)[over:]
	}
	return len(p), nil
}

// answer is what a bare server answers, whatever it is asked.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

const bareVariable = "LIFEGUARD_BARE_ANSWER"

// bare serves one answer with a bare net/http handler. It reads the body of
// the request, as any handler must that is to take one.
func bare() {
	if err := serveBare(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveBare() error {
	var always answer
	if err := json.Unmarshal([]byte(os.Getenv(bareVariable)), &always); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Printf("http://%s\n", listener.Addr()); err != nil { //nolint:forbidigo // the child's answer
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		header := w.Header()
		for name, values := range always.Header {
			header[name] = values
		}
		w.WriteHeader(always.Status)
		_, _ = w.Write(always.Body)
	})}
	return server.Serve(listener)
}

// startBare starts a server that answers as another one did.
func startBare(b *testing.B, always answer) measured {
	b.Helper()
	text, err := json.Marshal(always)
	if err != nil {
		b.Fatal(err)
	}
	return startMeasured(b, []string{bareVariable + "=" + string(text)}, "lifeguard-test-bare")
}

// ask sends one request and returns the answer.
func ask(b *testing.B, to measured, method, path, body string, key api.Secret) answer {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, to.url()+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	response.Header.Del("Date") // net/http writes its own
	response.Header.Del("Content-Length")
	return answer{Status: response.StatusCode, Header: response.Header, Body: text}
}

// speedKey is the key of the account with a number: the same in every run.
func speedKey(number int) api.Secret {
	var seed [32]byte
	copy(seed[:], "speed "+strconv.Itoa(number))
	key, err := api.MintKey(rand.NewChaCha8(seed))
	if err != nil { // its source does not fail
		panic(err)
	}
	return key
}

// keyed is a store into which accounts are imported whose keys are known and
// have been used: that a key was never used is written at once, which happens
// once in the life of a key.
type keyed struct{ *sqlstore.Store }

func (k keyed) Import(ctx context.Context, accounts iter.Seq[sqlstore.ImportedAccount], done func(int)) error {
	return k.Store.Import(ctx, func(yield func(sqlstore.ImportedAccount) bool) {
		number := 0
		for account := range accounts {
			key := speedKey(number)
			account.Key.Hash, account.Key.Hint = api.HashKey(key.Reveal()), api.KeyHint(key.Reveal())
			used := account.Account.CreatedAt.Add(time.Minute)
			account.Account.Key.LastUsedAt, account.Account.Key.LastUsedIP = &used, "127.0.0.1"
			if number++; !yield(account) {
				return
			}
		}
	}, done)
}

// administratorNumber is the number of the administrator's key.
const administratorNumber = -1

// fillForSpeed puts the organization into a database.
func fillForSpeed(b *testing.B, dsn string, accounts int) {
	b.Helper()
	store, err := sqlstore.Open(b.Context(), dsn, sqlstore.Options{Volatile: true})
	if err != nil {
		b.Fatal(err)
	}
	organization, err := sample.New(1, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), accounts)
	if err != nil {
		b.Fatal(err)
	}
	admin := sample.Admin{Email: "ada@example.com", Key: speedKey(administratorNumber)}
	_, err = sample.Load(b.Context(), keyed{store}, organization, admin, nil)
	if err := errors.Join(err, store.Close()); err != nil {
		b.Fatal(err)
	}
}

// speedDatabase returns the path of the database that is measured. It is kept
// in LIFEGUARD_BENCH_FOLDER from one run to the next, if that is set.
func speedDatabase(b *testing.B, accounts int) string {
	b.Helper()
	folder := os.Getenv("LIFEGUARD_BENCH_FOLDER")
	if folder == "" {
		folder = b.TempDir()
	}
	path := filepath.Join(folder, fmt.Sprintf("speed-%d.db", accounts))
	if _, err := os.Stat(path); err != nil {
		fillForSpeed(b, "sqlite:"+path+".part", accounts)
		if err := os.Rename(path+".part", path); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// speedAccounts is how many accounts there are.
func speedAccounts(b *testing.B) int {
	b.Helper()
	accounts := 20_000
	if text := os.Getenv("LIFEGUARD_BENCH_ACCOUNTS"); text != "" {
		var err error
		if accounts, err = strconv.Atoi(text); err != nil || accounts < 1000 || accounts > sample.MaxAccounts {
			b.Fatalf("LIFEGUARD_BENCH_ACCOUNTS must be from 1000 to %d", sample.MaxAccounts)
		}
	}
	return accounts
}
