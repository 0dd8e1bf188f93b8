package client

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/api"
)

// readAccounts decodes and cleans a list of service accounts as this API writes
// it. A console reads 100,000 of them at its start, and encoding/json with
// reflection was half of that time. Whatever is not quite as expected (a field
// that is new, written otherwise, null or there twice) makes it give up, and
// encoding/json decides what it means; so there is one opinion about that.
func readAccounts(body []byte) (api.ServiceAccountList, bool) {
	p := accountParser{in: body, names: map[string]string{}}
	list, ok := p.list()
	p.space()
	return list, ok && p.at == len(p.in)
}

// accountParser goes through a body once.
type accountParser struct {
	in []byte
	at int
	// names are texts that many accounts share.
	names map[string]string
	// text holds the texts of some accounts together: one allocation for many.
	text strings.Builder
	used []time.Time
}

// chunk is how many bytes of text, and how many times, are allocated together.
const (
	textChunk = 8 << 10
	timeChunk = 128
)

func (p *accountParser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// take goes past a character, if it comes next.
func (p *accountParser) take(c byte) bool {
	p.space()
	if p.at >= len(p.in) || p.in[p.at] != c {
		return false
	}
	p.at++
	return true
}

// object reads members until the object ends. Each name may come once: member
// returns its number, or -1 when it is unknown or its value is not as expected.
func (p *accountParser) object(member func(name []byte) int) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	for seen := 0; ; {
		name, plain, ok := p.quoted()
		if !ok || !plain || !p.take(':') {
			return false
		}
		number := member(name)
		if number < 0 || seen&(1<<number) != 0 {
			return false
		}
		seen |= 1 << number
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// quoted reads a text and returns what stands between its quotes. plain is true
// when that is printable ASCII and means itself.
func (p *accountParser) quoted() (text []byte, plain, ok bool) {
	if !p.take('"') {
		return nil, false, false
	}
	plain = true
	for i := p.at; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '"':
			text, p.at = p.in[p.at:i], i+1
			return text, plain, true
		case c == '\\':
			i++
			plain = false
		case c < ' ':
			return nil, false, false
		case c > '~':
			plain = false
		}
	}
	return nil, false, false
}

// value reads a text that is an account's own, cleaned.
func (p *accountParser) value(into *string) bool {
	text, plain, ok := p.quoted()
	if !ok {
		return false
	}
	if !plain {
		return p.decoded(text, into)
	}
	*into = api.Clean(p.keep(text))
	return true
}

// keep copies a text to the others.
func (p *accountParser) keep(text []byte) string {
	if p.text.Cap()-p.text.Len() < len(text) {
		p.text = strings.Builder{}
		p.text.Grow(max(textChunk, len(text)))
	}
	from := p.text.Len()
	p.text.Write(text)
	return p.text.String()[from:]
}

// decoded is value for a text with escapes or beyond ASCII.
func (p *accountParser) decoded(text []byte, into *string) bool {
	if bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		*into = api.Clean(p.keep(text))
		return true
	}
	quoted := make([]byte, 0, len(text)+2)
	quoted = append(append(append(quoted, '"'), text...), '"')
	if json.Unmarshal(quoted, into) != nil {
		return false
	}
	*into = api.Clean(*into)
	return true
}

// name reads a text that other accounts have too, cleaned.
func (p *accountParser) name(into *string) bool {
	text, plain, ok := p.quoted()
	if !ok {
		return false
	}
	if known, is := p.names[string(text)]; is {
		*into = known
		return true
	}
	written := string(text)
	if plain {
		*into = api.Clean(written)
	} else if !p.decoded(text, into) {
		return false
	}
	p.names[written] = *into
	return true
}

func (p *accountParser) time(into *time.Time) bool {
	text, plain, ok := p.quoted()
	return ok && plain && into.UnmarshalText(text) == nil
}

// as returns number when a value was read, or -1.
func as(number int, read bool) int {
	if read {
		return number
	}
	return -1
}

func (p *accountParser) list() (list api.ServiceAccountList, ok bool) {
	ok = p.object(func(name []byte) int {
		switch string(name) {
		case "service_accounts":
			return as(0, p.accounts(&list.ServiceAccounts))
		case "links":
			return as(1, p.object(func(name []byte) int {
				if string(name) != "next" {
					return -1
				}
				return as(0, p.value(&list.Links.Next))
			}))
		case "total":
			list.Total = new(int)
			return as(2, p.number(list.Total))
		}
		return -1
	})
	return list, ok
}

// number reads a number without sign, point and exponent.
func (p *accountParser) number(into *int) bool {
	p.space()
	from := p.at
	for p.at < len(p.in) && p.in[p.at] >= '0' && p.in[p.at] <= '9' {
		p.at++
	}
	digits := p.in[from:p.at]
	if len(digits) > 1 && digits[0] == '0' {
		return false
	}
	n, err := strconv.Atoi(string(digits))
	*into = n
	return err == nil
}

func (p *accountParser) accounts(into *[]api.ServiceAccount) bool {
	if !p.take('[') {
		return false
	}
	accounts := make([]api.ServiceAccount, 0, api.MaxPageSize)
	if p.take(']') {
		*into = accounts
		return true
	}
	for {
		accounts = append(accounts, api.ServiceAccount{})
		if !p.account(&accounts[len(accounts)-1]) {
			return false
		}
		if p.take(']') {
			*into = accounts
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *accountParser) account(a *api.ServiceAccount) bool {
	return p.object(func(name []byte) int {
		switch string(name) {
		case "id":
			return as(0, p.value(&a.ID))
		case "name":
			return as(1, p.value(&a.Name))
		case "team":
			return as(2, p.object(func(name []byte) int {
				switch string(name) {
				case "id":
					return as(0, p.name(&a.Team.ID))
				case "name":
					return as(1, p.name(&a.Team.Name))
				}
				return -1
			}))
		case "key":
			return as(3, p.key(&a.Key))
		case "created_by":
			return as(4, p.actor(&a.CreatedBy))
		case "created_at":
			return as(5, p.time(&a.CreatedAt))
		}
		return -1
	})
}

func (p *accountParser) key(k *api.KeySummary) bool {
	return p.object(func(name []byte) int {
		switch string(name) {
		case "hint":
			return as(0, p.value(&k.Hint))
		case "created_at":
			return as(1, p.time(&k.CreatedAt))
		case "last_used_at":
			if len(p.used) == cap(p.used) {
				p.used = make([]time.Time, 0, timeChunk)
			}
			p.used = append(p.used, time.Time{})
			k.LastUsedAt = &p.used[len(p.used)-1]
			return as(2, p.time(k.LastUsedAt))
		case "last_used_ip":
			return as(3, p.value(&k.LastUsedIP))
		}
		return -1
	})
}

func (p *accountParser) actor(a *api.Actor) bool {
	return p.object(func(name []byte) int {
		switch string(name) {
		case "type":
			return as(0, p.name((*string)(&a.Type)))
		case "id":
			return as(1, p.name(&a.ID))
		case "name":
			return as(2, p.name(&a.Name))
		}
		return -1
	})
}
