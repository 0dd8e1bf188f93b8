package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// reading is the call that reads what is at a path of the API.
func (c *Client) reading(path string, query url.Values, what string) call {
	return call{method: http.MethodGet, url: c.url(path, query), what: what}
}

// get reads what is at a path of the API.
func get[T any](ctx context.Context, c *Client, path string, query url.Values, what string) (T, error) {
	answer, _, err := do[T](ctx, c, c.reading(path, query, what))
	return answer, err
}

// getOf reads one page of a list that is part of one resource.
func getOf[L any](ctx context.Context, c *Client, of item, options api.ListOptions) (L, error) {
	var none L
	if err := of.check(); err != nil {
		return none, err
	}
	k := c.reading(of.path(), listQuery(options), of.what)
	k.item = true
	list, _, err := do[L](ctx, c, k)
	return list, err
}

// post makes one more of what a path lists.
func post[T any](ctx context.Context, c *Client, path, what string, body any) (T, error) {
	answer, _, err := do[T](ctx, c, call{method: http.MethodPost, url: c.url(path, nil), body: body, what: what})
	return answer, err
}

// item is one resource: a path of the API with one placeholder, the id to
// stand there, and what errors call it.
type item struct{ pattern, id, what string }

// check refuses an id that is empty or walks the path: it would name another
// endpoint, and the server has no such resource.
func (i item) check() error {
	if i.id == "" || i.id == "." || i.id == ".." {
		e := local("no "+i.what+" has this id: check the id", nil)
		e.Code = api.CodeNotFound
		return e
	}
	return nil
}

// path is the path of the resource, escaped.
func (i item) path() string {
	before, rest, _ := strings.Cut(i.pattern, "{")
	_, after, _ := strings.Cut(rest, "}")
	return before + url.PathEscape(i.id) + after
}

// one asks for one resource, or changes it.
func one[T any](ctx context.Context, c *Client, method string, at item, body any) (T, error) {
	var none T
	if err := at.check(); err != nil {
		return none, err
	}
	answer, _, err := do[T](ctx, c, call{method: method, url: c.url(at.path(), nil), body: body, what: at.what, item: true})
	return answer, err
}

// url returns the address of a path of the API, which is escaped already.
func (c *Client) url(path string, query url.Values) string {
	address := c.base.String() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func checkIdempotencyKey(key string) error {
	if !printable(key) || key == "" {
		return local("the Idempotency-Key must be a UUID: make one for each create", nil)
	}
	return nil
}

// wholePages is how lists are read from one end to the other.
var wholePages = api.ListOptions{PageSize: api.MaxPageSize}

func listQuery(options api.ListOptions) url.Values {
	query := url.Values{}
	if options.PageSize != 0 {
		query.Set("page_size", strconv.Itoa(options.PageSize))
	}
	if options.Page != 0 {
		query.Set("page", strconv.Itoa(options.Page))
	}
	if options.IncludeTotals {
		query.Set("include_totals", "true")
	}
	setIf(query, "start_token", options.StartToken)
	return query
}

func setIf(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
