package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{
		"/", "/poolside/v1", "/poolside/v1/people", "/poolside/v1/me/", "/poolside/v1/teams/", "/poolside//v1/me", "/poolside/v1/../v1/me",
		"/openapi.yaml", "/docs", "/schemas/Team.json", "/" + f.keys["robot"],
	} {
		f.refused(http.StatusNotFound, api.CodeNoSuchEndpoint, f.do("admin", http.MethodGet, path, ""))
		f.refused(http.StatusNotFound, api.CodeNoSuchEndpoint, f.do("", http.MethodPost, path, "{}"))
	}
	for path, allow := range map[string]string{
		api.PathMe: "GET, HEAD", api.PathServiceAccounts: "GET, HEAD, POST", accountPath(f.accountA.ID): "DELETE, GET, HEAD",
	} {
		for _, method := range []string{http.MethodPut, http.MethodPatch, "MADEUP"} {
			answer := f.do("admin", method, path, "")
			f.refused(http.StatusMethodNotAllowed, api.CodeNoSuchEndpoint, answer)
			if got := answer.Header().Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allow)
			}
		}
	}
}

func TestProcessEndpoints(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{api.PathHealthz, api.PathReadyz} {
		if body := f.must(http.StatusOK, f.do("", http.MethodGet, path, "")).Body.String(); body != "{\"status\":\"ok\"}\n" {
			t.Errorf("%s: %q", path, body)
		}
	}
	for _, leave := range []func(){f.server.Leave, f.server.Drain} {
		leave()
		f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("", http.MethodGet, api.PathReadyz, ""))
		f.must(http.StatusOK, f.do("", http.MethodGet, api.PathHealthz, ""))
		f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathMe, ""))
	}
}

func TestFailuresTellNothing(t *testing.T) {
	f := newFixture(t)
	f.faults.set(func(s *faultyStore) { s.panics = fmt.Errorf("secret detail with %s", f.keys["robot"]) })
	problem := f.refused(http.StatusInternalServerError, api.CodeInternal, f.do("admin", http.MethodGet, api.PathServiceAccounts, ""))
	if strings.Contains(problem.Detail, "secret") {
		t.Errorf("the panic is told: %s", problem.Detail)
	}
	logged := f.logs.String()
	if !strings.Contains(logged, "secret detail with [redacted]") || !strings.Contains(logged, problem.RequestID) || !strings.Contains(logged, "faulty_test.go") {
		t.Errorf("the log does not have the panic, its place and its request:\n%s", logged)
	}

	f.faults.heal()
	f.faults.set(func(s *faultyStore) { s.read = errDisk })
	for _, caller := range []string{"admin", "unknown"} {
		f.keys["unknown"] = mint(t)
		problem = f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do(caller, http.MethodGet, api.PathServiceAccounts, ""))
		if strings.Contains(problem.Detail, "disk") {
			t.Errorf("the cause is told: %s", problem.Detail)
		}
	}

	f.faults.set(func(s *faultyStore) { s.read, s.panics = nil, http.ErrAbortHandler })
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("an aborted answer was answered: %v", err)
		}
	}()
	f.do("admin", http.MethodGet, api.PathServiceAccounts, "")
}

func TestAccessLog(t *testing.T) {
	f := newFixture(t)
	hash := api.HashKey(f.keys["robot"]).String()
	f.logs.buf.Reset()
	answers := []string{
		f.do("viewer", http.MethodGet, api.PathServiceAccounts+"?key_hash="+hash, "", api.HeaderVia, "console "+f.keys["robot"]).Header().Get(api.HeaderRequestID),
		f.do("", "PS-"+f.keys["robot"][3:], "/"+f.keys["robot"], "").Header().Get(api.HeaderRequestID),
		f.do("viewer", http.MethodGet, accountPath(f.accountA.ID), "").Header().Get(api.HeaderRequestID),
	}
	var lines []map[string]any
	for line := range strings.Lines(f.logs.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("not a structured line: %s", line)
		}
		lines = append(lines, entry)
	}
	if len(lines) != len(answers) {
		t.Fatalf("%d lines:\n%s", len(lines), f.logs)
	}
	for i, want := range []map[string]any{
		{"method": "GET", "route": "GET " + api.PathServiceAccounts, "status": 200.0, "caller_id": f.ids["viewer"], "via": "console [redacted]", "ip": "192.0.2.7"},
		{"method": "other", "route": "", "status": 404.0, "caller_type": "anonymous"},
		{"method": "GET", "route": "GET " + api.PathServiceAccount, "status": 200.0, "caller_type": "user"},
	} {
		want["request_id"], want["msg"] = answers[i], "request"
		for field, value := range want {
			if lines[i][field] != value {
				t.Errorf("line %d: %s is %v, want %v", i, field, lines[i][field], value)
			}
		}
		if _, ok := lines[i]["duration"]; !ok {
			t.Errorf("line %d has no duration", i)
		}
	}
	if strings.Contains(f.logs.String(), hash) {
		t.Error("a key's hash is in the log")
	}
}

// One key is made and used in every way that could leave it somewhere.
func TestTheKeyIsNowhereElse(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("canary", f.teamA)
	_, first := f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
	account, second := f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
	keys := []string{first, second, f.keys["admin"]}
	var answers bytes.Buffer
	for _, key := range keys {
		for _, answer := range []*httptest.ResponseRecorder{
			f.do("key:"+key, http.MethodGet, api.PathServiceAccounts+"?query="+key, "", "User-Agent", key, api.HeaderVia, key),
			f.do("key:"+key, http.MethodGet, "/"+key, ""),
			f.do("admin", http.MethodGet, accountPath(key), ""),
			f.do("admin", http.MethodGet, api.PathServiceAccounts+"?start_token="+key, ""),
			f.do("admin", http.MethodGet, api.PathServiceAccounts+"?key_hash="+key, ""),
			f.do("admin", http.MethodGet, api.PathServiceAccounts+"?page_size="+key, ""),
			f.post("admin", `{"name":"x","team_id":"`+key+`"}`),
			f.post("admin", `{"`+key+`":true}`),
			f.post("admin", key),
			f.post("admin", body, "Content-Type", key),
			f.post("admin", body, api.HeaderIdempotencyKey, key),
		} {
			fmt.Fprintln(&answers, answer.Header(), answer.Body)
		}
	}
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(account.ID), "", "User-Agent", second, api.HeaderVia, second))
	if err := f.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"an answer": answers.String(), "the log": f.logs.String()}
	files, err := filepath.Glob(f.db + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("the database's files: %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		places[filepath.Base(file)] = string(content)
	}
	for place, content := range places {
		for i, key := range keys {
			if secret := key[len(api.KeyPrefix) : len(key)-6]; strings.Contains(content, secret) {
				at := strings.Index(content, secret)
				t.Errorf("key %d is in %s, after %q", i, place, content[max(0, at-60):at])
			}
		}
	}
}

// listen serves on a port, as lifeguard serve does but for what adapt changes,
// and returns its address.
func (f *fixture) listen(adapt func(*http.Server)) (address string) {
	f.t.Helper()
	listener, err := new(net.ListenConfig).Listen(f.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	httpServer := server.NewHTTPServer(f.handler)
	httpServer.ErrorLog = log.New(io.Discard, "", 0)
	if adapt != nil {
		adapt(httpServer)
	}
	done := make(chan error)
	go func() { done <- httpServer.Serve(listener) }()
	f.t.Cleanup(func() {
		if err := httpServer.Close(); err != nil {
			f.t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			f.t.Error(err)
		}
	})
	return listener.Addr().String()
}

func TestABodyThatDoesNotArriveInTime(t *testing.T) {
	f := newFixture(t)
	address := f.listen(func(s *http.Server) { s.ReadTimeout = 500 * time.Millisecond })
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
		api.PathServiceAccounts, f.keys["admin"])
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "did not arrive in time") {
		t.Errorf("%s, %v", answer, err)
	}
}

// Over real connections: the address of the other side is known, a body that
// breaks off is refused, and headers have a limit.
func TestOverRealConnections(t *testing.T) {
	f := newFixture(t)
	address := f.listen(nil)
	base := "http://" + address
	me := func(header http.Header) (status int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+api.PathMe, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		return answer.StatusCode
	}
	if status := me(http.Header{"Authorization": {"Bearer " + f.keys["account of A"]}}); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if used := f.used(f.accountA.ID); used.LastUsedIP != "127.0.0.1" {
		t.Errorf("used from %q", used.LastUsedIP)
	}
	if status := me(http.Header{"X-Long": {strings.Repeat("x", 64<<10)}}); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("long headers: status %d", status)
	}

	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
		api.PathServiceAccounts, f.keys["admin"])
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 4096)
	n, err := connection.Read(raw)
	if err != nil || !strings.HasPrefix(string(raw[:n]), "HTTP/1.1 400 ") || !strings.Contains(string(raw[:n]), api.ProblemContentType) {
		t.Errorf("a broken body: %s, %v", raw[:n], err)
	}
}
