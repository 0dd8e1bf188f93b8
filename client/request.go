package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Bounds of an answer, in bytes. A page of 300 accounts is about 150 KiB.
const (
	maxAnswer  = 8 << 20
	maxProblem = 64 << 10
)

// wholeFactor bounds an answer that keeps arriving, in timeouts: a slow link
// may take its time, a server that drips bytes may not take for ever.
const wholeFactor = 8

// call is one request as an operation describes it.
type call struct {
	method string
	url    string
	body   any
	// what names the thing that is asked for, in errors.
	what string
	// item is true when the path names one resource, so that a 404 can be
	// about it and not about the endpoint.
	item           bool
	idempotencyKey string
	// ifMatch is the ETag of the state that may be changed, if that matters.
	ifMatch string
	prefer  string // RFC 7240
	// wait is how long the server was asked to hold its answer.
	wait time.Duration
	// answered, when not nil, is given the headers of a good answer before its
	// body is read.
	answered func(http.Header)
}

func (k call) changes() bool { return k.method != http.MethodGet && k.method != http.MethodHead }

// errTimeout is the cause of a context that ended because the server was slow.
var errTimeout = errors.New("no answer in time")

// do sends the request once and decodes the answer into a T. Nothing but
// decoding depends on T: an answer without a body is asked for as nothing.
func do[T any](ctx context.Context, c *Client, k call) (T, http.Header, error) {
	var answer T
	ctx, watch := c.watch(ctx, k.wait)
	defer watch.stop()
	request, err := c.request(ctx, k)
	if err != nil {
		return answer, nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer, nil, c.unanswered(ctx, k, watch, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answer, nil, c.refused(k, response, watch)
	}
	if k.answered != nil {
		k.answered(response.Header)
	}
	body := bodies.Get().(*bytes.Buffer)
	defer dispose(body)
	if err := watch.read(response, maxAnswer, body); err != nil {
		return answer, nil, c.broken(ctx, k, response, watch, err)
	}
	if reason := decode(response, body.Bytes(), &answer); reason != "" {
		return answer, nil, c.malformed(k, response, reason)
	}
	return answer, response.Header, nil
}

// nothing is the answer to a request whose status says it all.
type nothing struct{}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	var body io.Reader
	if k.body != nil {
		text, err := json.Marshal(k.body)
		if err != nil {
			return nil, local("the request cannot be written as JSON", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, k.method, k.url, body)
	if err != nil {
		return nil, local("the request cannot be made: check the server's address", err)
	}
	// Without GetBody the transport makes a single attempt also when there is
	// an Idempotency-Key: repeating a create is for the caller, who says so.
	request.GetBody = nil
	request.Header.Set("Accept", "application/json, "+api.ProblemContentType)
	request.Header.Set("User-Agent", c.userAgent)
	if !c.key.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	}
	if k.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if k.idempotencyKey != "" {
		request.Header.Set(api.HeaderIdempotencyKey, k.idempotencyKey)
	}
	if k.ifMatch != "" {
		request.Header.Set("If-Match", k.ifMatch)
	}
	if k.prefer != "" {
		request.Header.Set("Prefer", k.prefer)
	}
	if c.via != "" {
		request.Header.Set(api.HeaderVia, c.via)
	}
	return request, nil
}

// watch follows one request: whether it may have left, and how long the
// server has been silent.
type watch struct {
	timeout time.Duration
	silence *time.Timer
	cancel  context.CancelFunc
	left    atomic.Bool
}

func (c *Client) watch(ctx context.Context, wait time.Duration) (context.Context, *watch) {
	ctx, cancelWhole := context.WithTimeoutCause(ctx, wait+wholeFactor*c.timeout, errTimeout)
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{timeout: c.timeout}
	w.silence = time.AfterFunc(wait+c.timeout, func() { cancel(errTimeout) })
	w.cancel = func() { cancel(nil); cancelWhole() }
	// A RoundTripper that is not net/http's may report nothing: a request then
	// counts as sent, unless the error says that it was not.
	w.left.Store(true)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.left.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { w.left.Store(true) },
	})
	return ctx, w
}

func (w *watch) stop() {
	w.silence.Stop()
	w.cancel()
}

// errTooLarge stands for an answer beyond its bound.
var errTooLarge = errors.New("the answer is too large")

// bodies are buffers to read answers into: a list of 100,000 accounts comes in
// hundreds of pages of the same size.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is kept for another answer, in bytes.
const maxKept = 1 << 20

// dispose gives a buffer back without what was in it: the answer to a create
// holds a key.
func dispose(body *bytes.Buffer) {
	clear(body.Bytes())
	body.Reset()
	if body.Cap() <= maxKept {
		bodies.Put(body)
	}
}

// read reads the whole body of an answer, which may have limit bytes.
func (w *watch) read(response *http.Response, limit int64, into *bytes.Buffer) error {
	if response.ContentLength > limit {
		return errTooLarge
	}
	// A buffer that grows while it is read into leaves copies behind.
	into.Grow(int(max(response.ContentLength, 0)) + bytes.MinRead)
	if _, err := into.ReadFrom(io.LimitReader(&reader{response.Body, w}, limit+1)); err != nil {
		return err
	}
	if int64(into.Len()) > limit {
		return errTooLarge
	}
	return nil
}

// reader restarts the clock of silence with every piece that arrives.
type reader struct {
	body  io.Reader
	watch *watch
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if n > 0 {
		r.watch.silence.Reset(r.watch.timeout)
	}
	return n, err
}

// decode fills answer from a body, cleaned, or returns in words why it is not
// the API's. It never quotes the body.
func decode(response *http.Response, body []byte, answer any) string {
	if _, ok := answer.(*nothing); ok {
		return ""
	}
	switch media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); {
	case media == "text/html":
		return "it sent a web page"
	case media != "" && media != "application/json" && !strings.HasSuffix(media, "+json"):
		return "it sent something that is not JSON"
	}
	if accounts, ok := answer.(*api.ServiceAccountList); ok {
		if list, read := readAccounts(body); read {
			*accounts = list
			return incomplete(answer)
		}
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return reasonOf(err)
	}
	clean(answer)
	return incomplete(answer)
}

// reasonOf describes a decoding error by its place alone: the errors of
// encoding/json and of time quote what they could not read.
func reasonOf(err error) string {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Sprintf("its field %s has the wrong type", api.Clean(wrongType.Field))
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("its JSON is broken at byte %d", syntax.Offset)
	}
	return "one of its values has the wrong form"
}
