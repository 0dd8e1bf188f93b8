package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"

	"github.com/lifeguard-keys/lifeguard/api"
)

// request is what is known of a request from its first moment on.
type request struct {
	id        string
	ip        string // "" when it came over no network
	userAgent string
	via       string
	sshKey    string    // that the connection was signed in with, "" for none
	caller    api.Actor // once authenticated
	operation string    // "" when there is none on this path
	failure   string    // why the caller is not authenticated
	// finally runs when the answer has been written.
	finally []func()
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if info, ok := ctx.Value(requestKey{}).(*request); ok {
		return info
	}
	return &request{}
}

// observe gives each request its id, writes the access log, and turns a panic
// into an answer. Neither the path nor the query is logged, only the route:
// a key that was pasted into them must not end up in a log.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.source.clock()
		info := &request{
			id: s.source.newID(), ip: remoteIP(r.RemoteAddr),
			userAgent: eventText(r.UserAgent()), via: eventText(r.Header.Get(api.HeaderVia)),
			caller: api.Actor{Type: api.IdentityAnonymous},
		}
		login, bound := loginOf(r.Context())
		switch {
		case bound:
			info.via, info.sshKey = ViaSSH, login.Key.String()
		case info.via == ViaSSH: // anybody can say so
			info.via = ""
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, info))
		answer := &answerWriter{ResponseWriter: w}
		header := answer.Header()
		header.Set(api.HeaderRequestID, info.id)
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		defer func() {
			for _, f := range info.finally {
				f()
			}
			s.metrics.answered(r.Pattern, answer.statusOr(http.StatusOK))
			s.logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request_id", info.id), slog.String("method", knownMethod(r.Method)),
				slog.String("route", r.Pattern), slog.Int("status", answer.statusOr(http.StatusOK)),
				slog.Duration("duration", s.source.clock().Sub(started)), slog.Int64("bytes", answer.written),
				slog.String("ip", info.ip), slog.String("caller_type", string(info.caller.Type)),
				slog.String("caller_id", info.caller.ID), slog.String("via", info.via))
		}()
		defer func() { s.recovered(answer, r, recover()) }()
		next.ServeHTTP(answer, r)
	})
}

// recovered answers a request whose handler panicked. The panic is logged and
// not told.
func (s *Server) recovered(w *answerWriter, r *http.Request, value any) {
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value)
	}
	s.logPanic(r, value)
	if w.status == 0 {
		s.writeProblem(w, r, internal(nil))
	}
}

func (s *Server) logPanic(r *http.Request, value any) {
	s.logger.Error("a handler panicked", "request_id", requestOf(r.Context()).id, "route", r.Pattern,
		"panic", api.RedactKeys(fmt.Sprint(value)), "stack", string(debug.Stack()))
}

// route finds the handler, and answers in the API's own way when there is
// none: the standard mux would do it in plain text.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if isAuth(r.URL.Path) {
		s.auth(w, r)
		return
	}
	handler, pattern := s.mux.Handler(r)
	if pattern != "" && path.Clean("/"+r.URL.Path) == r.URL.Path {
		s.mux.ServeHTTP(w, r)
		return
	}
	refusal := refuse(http.StatusNotFound, api.CodeNoSuchEndpoint, "This server does not serve this path.")
	if pattern == "" {
		// The mux knows which methods the path takes.
		verdict := &answerWriter{ResponseWriter: discard{header: http.Header{}}}
		handler.ServeHTTP(verdict, r)
		if verdict.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", verdict.Header().Get("Allow"))
			refusal = refuse(http.StatusMethodNotAllowed, api.CodeNoSuchEndpoint, "This server does not serve this path with this method.")
		}
	}
	s.writeProblem(w, r, refusal)
}

// writeProblem answers with a problem and logs its cause.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	refusal := problemOf(err)
	problem := s.complete(r.Context(), w.Header(), refusal)
	body, err := json.Marshal(problem)
	if err != nil { // a problem is texts and numbers
		panic(err)
	}
	w.Header().Set("Content-Type", api.ProblemContentType)
	w.WriteHeader(problem.Status)
	// A caller that has gone away does not want the answer.
	_, _ = w.Write(append(body, '\n'))
}

// complete gives a problem what belongs to this request, and logs the cause
// that the caller is not told.
func (s *Server) complete(ctx context.Context, header http.Header, refusal *problemError) api.Problem {
	problem := refusal.problem
	s.denied(requestOf(ctx), refusal)
	problem.RequestID = requestOf(ctx).id
	problem.Instance = "urn:lifeguard:request:" + problem.RequestID
	switch {
	case refusal.code() == api.CodeRateLimited:
		header.Set("Retry-After", "1")
	case problem.Status == http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	}
	if refusal.cause != nil && ctx.Err() == nil {
		s.logger.Error("a request failed", "request_id", problem.RequestID, "status", problem.Status,
			"error", api.RedactKeys(refusal.cause.Error()))
	}
	return problem
}

// remoteIP is the address without its port. A pipe in memory has none.
func remoteIP(remoteAddr string) string {
	address, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return ""
	}
	return address.Addr().Unmap().WithZone("").String()
}

// knownMethod keeps made-up methods, which are free text, out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return method
	}
	return "other"
}

// answerWriter remembers the status and size of an answer.
type answerWriter struct {
	http.ResponseWriter
	status  int
	written int64
}

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.written += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answerWriter) statusOr(other int) int {
	if w.status == 0 {
		return other
	}
	return w.status
}

// discard is a ResponseWriter to nowhere.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

var _ http.ResponseWriter = discard{}
