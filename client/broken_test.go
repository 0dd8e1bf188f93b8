package client_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// speak starts a TCP server that reads one request a connection, writes text
// and closes; with reset it closes so that the other side sees a reset.
func speak(t *testing.T, text string, reset bool) string {
	t.Helper()
	listener := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			readRequest(conn)
			_, _ = io.WriteString(conn, text)
			if tcp, ok := conn.(*net.TCPConn); ok && reset {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return "http://" + listener.Addr().String()
}

// readRequest reads a whole request: closing a connection with bytes unread
// would reset it.
func readRequest(conn net.Conn) {
	if q, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		_, _ = io.Copy(io.Discard, q.Body)
	}
}

const head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"

func TestBrokenAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		reset bool
		kind  api.ErrorKind
		words string
	}{
		"nothing":               {"", false, api.KindUnreachable, "broke off before"},
		"reset":                 {"", true, api.KindUnreachable, "broke off before"},
		"half a head":           {"HTTP/1.1 200 OK\r\nContent-", false, api.KindUnreachable, "broke off before"},
		"another protocol":      {"SSH-2.0-OpenSSH_9.2\r\n", false, api.KindMalformed, "does not speak HTTP"},
		"half a body":           {head + "Content-Length: 500\r\n\r\n{\"id\":\"u", false, api.KindMalformed, "half way"},
		"half a chunk":          {head + "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"id\"", false, api.KindMalformed, "half way"},
		"half a JSON document":  {head + "Content-Length: 8\r\n\r\n{\"id\":\"u", false, api.KindMalformed, "JSON is broken"},
		"announced as too long": {head + "Content-Length: 99999999\r\n\r\n{", false, api.KindMalformed, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			key := newKey(t)
			c := connect(t, speak(t, test.text, test.reset), key)
			for _, operation := range operations {
				if strings.HasPrefix(operation.name, "Delete") && strings.HasPrefix(test.text, head) {
					continue // its status says all: what follows is not read as JSON
				}
				e := failure(t, operation.run(t.Context(), c), key)
				if e.Kind != test.kind || !strings.Contains(e.Detail, test.words) {
					t.Errorf("%s: kind %d, %q; want kind %d, %q", operation.name, e.Kind, e.Detail, test.kind, test.words)
				}
				if e.Lost != operation.changes {
					t.Errorf("%s: lost = %t", operation.name, e.Lost)
				}
			}
		})
	}
}

// TestNotTheAPI has whole answers with status 200 that are not the API's.
func TestNotTheAPI(t *testing.T) {
	const marker = "body-text-that-nobody-may-quote"
	// Longer than any port, which an error may well name: 471147114711.
	for name, test := range map[string]struct{ media, body string }{
		"a web page":              {"text/html; charset=utf-8", "<html>" + marker},
		"a web page called JSON":  {"application/json", "<html>" + marker},
		"text":                    {"text/plain", marker},
		"empty":                   {"application/json", ""},
		"another object":          {"application/json", `{"status":"` + marker + `"}`},
		"an array":                {"application/json", `["` + marker + `"]`},
		"null":                    {"application/json", `null`},
		"two documents":           {"application/json", `{"id":"a","teams":[],"service_accounts":[]} {"` + marker + `":1}`},
		"null lists and no ids":   {"application/json", `{"teams":null,"service_accounts":null}`},
		"a row without an id":     {"application/json", `{"teams":[{"name":"x"}],"service_accounts":[{"name":"x"}]}`},
		"a time that is none":     {"application/json", `{"created_at":"` + marker + `","service_accounts":[{"created_at":"` + marker + `"}],"teams":[{"created_at":"` + marker + `"}]}`},
		"a number as the id":      {"application/json", `{"id":471147114711,"teams":471147114711,"service_accounts":471147114711}`},
		"8 MiB and more, unsized": {"application/json", `{"id":"` + strings.Repeat("x", 8<<20) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			server := record(t, func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Transfer-Encoding", "chunked")
				answers(200, test.media, test.body)(w, q)
			})
			c := connect(t, server.URL, newKey(t))
			for _, operation := range operations {
				if strings.HasPrefix(operation.name, "Delete") {
					continue
				}
				e := failure(t, operation.run(t.Context(), c), api.Secret{})
				if e.Kind != api.KindMalformed || e.Lost != operation.changes {
					t.Errorf("%s: kind %d, lost %t; want a malformed answer", operation.name, e.Kind, e.Lost)
				}
				for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
					if strings.Contains(cause.Error(), marker) || strings.Contains(cause.Error(), "471147114711") {
						t.Errorf("%s: the error quotes the body: %v", operation.name, cause)
					}
				}
			}
		})
	}
}

func TestCreateWithoutAUsableKeyIsLost(t *testing.T) {
	for name, key := range map[string]string{
		"missing": ``, "null": `null`, "number": `17`, "object": `{}`, "empty": `""`, "no prefix": `"sk-abc"`, "prefix alone": `"ps-"`,
		"escape sequence": `"ps-\u001b]52;c;eA==\u0007"`, "line break": `"ps-a\nb"`, "wide": `"ps-ä"`, "endless": `"ps-` + strings.Repeat("a", 600) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"service_account":{"id":"a1"},"api_key":` + key + `}`
			if name == "missing" {
				body = `{"service_account":{"id":"a1"}}`
			}
			server := record(t, answersJSON(201, body))
			e := failure(t, create(t.Context(), connect(t, server.URL, newKey(t))), api.Secret{})
			if e.Kind != api.KindMalformed || !e.Lost {
				t.Errorf("kind %d, lost %t; want malformed and lost", e.Kind, e.Lost)
			}
		})
	}
}

func TestUnreachableIsNotLost(t *testing.T) {
	listener := listen(t)
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	e := failure(t, create(t.Context(), connect(t, "http://"+address, newKey(t))), api.Secret{})
	if e.Kind != api.KindUnreachable || e.Lost || !strings.Contains(e.Detail, address) {
		t.Errorf("kind %d, lost %t, %q; want unreachable, not lost, naming %s", e.Kind, e.Lost, e.Detail, address)
	}
}

func TestUnknownHost(t *testing.T) {
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}
	}
	c := connect(t, "https://keys.example.com", newKey(t), client.WithTransport(&http.Transport{DialContext: dial}))
	e := failure(t, create(t.Context(), c), api.Secret{})
	if e.Kind != api.KindUnreachable || e.Lost || !strings.Contains(e.Detail, "keys.example.com is not a known host") {
		t.Errorf("kind %d, lost %t, %q", e.Kind, e.Lost, e.Detail)
	}
}

func TestTextsAreCleaned(t *testing.T) {
	const evil = `\u001b]52;c;eA==\u0007\u202e\n`
	server := record(t, answersJSON(200, `{"service_accounts":[{"id":"`+evil+`","name":"`+evil+`","team":{"id":"x","name":"`+evil+`"},
		"key":{"hint":"`+evil+`","last_used_ip":"`+evil+`"},"created_by":{"type":"`+evil+`","name":"`+evil+`"}}],"links":{"next":"`+evil+`"}}`))
	page, err := connect(t, server.URL, newKey(t)).ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := page.ServiceAccounts[0]
	for _, text := range []string{a.ID, a.Name, a.Team.Name, a.Key.Hint, a.Key.LastUsedIP, string(a.CreatedBy.Type), a.CreatedBy.Name, page.Links.Next} {
		if want := "\uFFFD]52;c;eA==\uFFFD\uFFFD "; text != want {
			t.Errorf("text %q, want %q", text, want)
		}
	}
}

// TestConnectionsAreUsedAgain fails when an answer, good or bad, is left
// unread: its connection could then not be used again.
func TestConnectionsAreUsedAgain(t *testing.T) {
	var n int
	kinds := []http.HandlerFunc{
		answersJSON(200, `{"service_accounts":[]}`), answers(404, "text/html", strings.Repeat("x", 60<<10)),
		answers(500, api.ProblemContentType, `{"title":"x"}`), answers(200, "text/html", strings.Repeat("x", 60<<10)),
	}
	server := record(t, func(w http.ResponseWriter, q *http.Request) { n++; kinds[n%len(kinds)](w, q) })
	c := connect(t, server.URL, newKey(t))
	for range 40 {
		_ = list(t.Context(), c) // three of four fail, and that is the point
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.opened != 1 {
		t.Errorf("%d connections for 40 requests one after another, want 1", server.opened)
	}
}

// FuzzAnswer feeds any bytes as answers: there is no panic, and whatever comes
// back is clean or an error.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", `{"service_accounts":[{"id":"a","name":"\u001b"}],"links":{"next":"/x"}}`)
	f.Add(404, "text/html", "<html>")
	f.Add(503, api.ProblemContentType, `{"type":"urn:lifeguard:problem:unavailable","errors":[{}]}`)
	f.Fuzz(func(t *testing.T, status int, media, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		transport := transportFunc(func(q *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			answer.Header().Set("Content-Type", media)
			answer.WriteHeader(status)
			_, _ = io.WriteString(answer, body)
			return answer.Result(), nil
		})
		key := newKey(t)
		c := connect(t, "https://keys.example.com", key, client.WithTransport(transport))
		page, err := c.ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
		if err != nil {
			_ = failure(t, err, key)
			return
		}
		for _, account := range page.ServiceAccounts {
			if account.Name != api.Clean(account.Name) {
				t.Errorf("the name %q is not clean", account.Name)
			}
		}
	})
}
