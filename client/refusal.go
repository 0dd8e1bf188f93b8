package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const (
	maxRequestID  = 128            // characters of a request id that are kept
	maxRetryAfter = 24 * time.Hour // longer waits are the person's to decide
)

// refused turns an answer with any status but 2xx into an error.
func (c *Client) refused(k call, response *http.Response, w *watch) error {
	problem, documented := c.readProblem(response, w)
	code, ours := strings.CutPrefix(problem.Type, api.ProblemTypePrefix)
	e := &api.Error{
		Kind: api.KindRefused, Code: api.Code(code), Status: response.StatusCode,
		Fields: problem.Errors, Missing: problem.Missing, Existing: problem.Existing,
		RequestID: c.requestID(response), RetryAfter: c.retryAfter(response.Header.Get("Retry-After")),
	}
	if !ours {
		e.Code = api.CodeOf(response.StatusCode)
		if e.Status == http.StatusNotFound && (!k.item || !documented) {
			e.Code = api.CodeNoSuchEndpoint
		}
	}
	if e.RequestID == "" {
		e.RequestID = cut(problem.RequestID)
	}
	e.Lost = k.changes() && mayBeDone(e, ours)
	e.Detail = c.sentence(k, e, problem.Detail)
	return e
}

// readProblem returns what the body of an error answer says, cleaned, and
// whether it is a problem at all. A body that cannot be read says nothing.
func (c *Client) readProblem(response *http.Response, w *watch) (api.Problem, bool) {
	var problem api.Problem
	var body bytes.Buffer
	if err := w.read(response, maxProblem, &body); err != nil {
		return problem, false
	}
	switch media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media {
	case api.ProblemContentType, "application/json":
	default:
		return problem, false
	}
	if err := json.Unmarshal(body.Bytes(), &problem); err != nil {
		return api.Problem{}, false
	}
	eachText(reflect.ValueOf(&problem), c.harmless)
	return problem, problem.Type != "" || problem.Title != "" || problem.Detail != ""
}

// mayBeDone reports whether a change may have been carried out although its
// answer is an error. Refusals are not; a gateway that lost its server, a
// failure half way and a redirect after the fact may be. Our own 503 says that
// nothing was written, and our in-flight 409 that something is being written.
func mayBeDone(e *api.Error, ours bool) bool {
	switch {
	case e.Code == api.CodeIdempotencyInFlight:
		return true
	case e.Status == http.StatusServiceUnavailable:
		return !ours
	default:
		return e.Status >= 500 || e.Status < 400
	}
}

// sentence says what happened and what to do. What the server says of a
// request comes first: it knows best which field or permission is meant.
func (c *Client) sentence(k call, e *api.Error, said string) string {
	switch {
	case e.Status < 400:
		return fmt.Sprintf("%s redirects to another address (%d), which is not followed because the key would go with it: "+
			"set the server's address to where the API is", c.name, e.Status)
	case e.Code == api.CodeNoSuchEndpoint:
		return fmt.Sprintf("%s does not offer %s (%d): check the server's address, or ask its operator", c.name, k.what, e.Status)
	case e.Code == api.CodeRateLimited && e.RetryAfter > 0:
		return fmt.Sprintf("%s asks to wait %v before the next request", c.name, e.RetryAfter.Round(time.Second))
	case e.Code == api.CodeRateLimited:
		return c.name + " asks for fewer requests: wait a little and try again"
	case said != "" && e.Status >= 500:
		return fmt.Sprintf("%s failed (%d): %s", c.name, e.Status, said)
	case said != "":
		return said
	case e.Status >= 500 && e.Code == api.CodeUnavailable:
		return fmt.Sprintf("%s is not available at the moment (%d): try again soon", c.name, e.Status)
	case e.Status >= 500:
		return fmt.Sprintf("%s had an internal error (%d): try again, or tell its operator", c.name, e.Status)
	case e.Code == api.CodeUnauthorized:
		return c.name + " did not accept the API key: sign in again with a key that is valid"
	case e.Status == http.StatusForbidden:
		return c.forbidden(k, e)
	case e.Code == api.CodeNotFound:
		return fmt.Sprintf("%s has no such %s: it may have been deleted", c.name, k.what)
	}
	return fmt.Sprintf("%s refused the request for %s (%d): check what was entered", c.name, k.what, e.Status)
}

func (c *Client) forbidden(k call, e *api.Error) string {
	if len(e.Missing) == 0 {
		return fmt.Sprintf("%s does not allow you this with %s: ask an administrator for a role that does", c.name, k.what)
	}
	words := make([]string, len(e.Missing))
	for i, permission := range e.Missing {
		words[i] = permission.Action.Words()
	}
	return fmt.Sprintf("%s does not allow you this; missing: %s: ask an administrator for a role that grants it",
		c.name, strings.Join(words, ", "))
}

// harmless cleans a text of an error and takes the key out, should a server
// send it back.
func (c *Client) harmless(text string) string {
	if key := c.key.Reveal(); key != "" {
		text = strings.ReplaceAll(text, key, api.Secret{}.String())
	}
	return api.Clean(text)
}

// retryAfter reads a Retry-After header, in seconds or as a date.
func (c *Client) retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(c.clock()), 0), maxRetryAfter)
	}
	return 0
}

func (c *Client) requestID(response *http.Response) string {
	return cut(c.harmless(response.Header.Get(api.HeaderRequestID)))
}

func cut(id string) string {
	if runes := []rune(id); len(runes) > maxRequestID {
		return string(runes[:maxRequestID])
	}
	return id
}
