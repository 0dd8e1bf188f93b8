// Package identify finds API keys in a log or any other stream of text and says
// whose they are, without a key ever leaving the machine: it is hashed where it
// is found, and the server is asked by the hash. Nothing that this package
// returns holds the text of a key.
package identify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Key is a key that was found.
type Key struct {
	Hash api.KeyHash
	Hint string // what may be shown of it
	Seen
}

// Seen is where something was found.
type Seen struct {
	// Lines are the first lines it stands in, MaxLines at most; the first line
	// of a stream is 1.
	Lines []int
	Count int // how often it was found in all
}

// MaxLines is how many lines are remembered of a key.
const MaxLines = 5

func (s *Seen) at(line int) {
	s.Count++
	if len(s.Lines) < MaxLines && !slices.Contains(s.Lines, line) {
		s.Lines = append(s.Lines, line)
	}
}

// Found is what a stream holds.
type Found struct {
	Keys []Key // each once, in the order of their first lines
	// Damaged are texts that have the shape of a key and are none: cut off or
	// mistyped, which the checksum tells.
	Damaged Seen
	Lines   int // that were looked at
}

// chunk is how much is read at once, in bytes.
const chunk = 64 << 10

// Scan reads a stream to its end, however long it and its lines are, in constant
// memory but for what it finds. A whole key is found also without its prefix, as
// a double click selects it, and with other text glued to its end: the checksum
// is proof enough. UTF-16 is recognised by its byte order mark. Scan returns
// what was found so far also with an error: that of the reader, or the
// context's.
func Scan(ctx context.Context, r io.Reader) (Found, error) {
	s := scanner{line: 1, keys: map[api.KeyHash]int{}}
	r = transform.NewReader(r, unicode.BOMOverride(transform.Nop))
	buffer := make([]byte, chunk)
	defer clear(buffer)
	held := 0 // bytes at the start that are to be looked at again
	for {
		if err := ctx.Err(); err != nil {
			return s.found, err
		}
		n, err := r.Read(buffer[held:])
		data := buffer[:held+n]
		if len(data) > 0 {
			s.open = data[len(data)-1] != '\n'
		}
		from := s.scan(data, err != nil)
		s.count(data[:from])
		s.counted = 0
		held = copy(buffer, data[from:])
		if err == nil {
			continue
		}
		s.found.Lines = s.line - 1
		if s.open {
			s.found.Lines++
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return s.found, err
	}
}

type scanner struct {
	found   Found
	keys    map[api.KeyHash]int // into found.Keys
	line    int
	counted int  // bytes of the present data whose lines are counted
	open    bool // the last line has no end
	within  bool // the data begin within a run that was judged already
}

// count counts the lines of data that are not counted yet.
func (s *scanner) count(data []byte) {
	s.line += bytes.Count(data[s.counted:], []byte{'\n'})
	s.counted = len(data)
}

// Lengths of what stands behind the prefix of a key, in letters and digits.
const (
	wholeRun = api.KeyLength - len(api.KeyPrefix)
	// shaped is from where on a text behind the prefix is taken for a damaged
	// key, as [api.FindKey] does.
	shaped = 24
)

// scan judges every run of letters and digits in data that is long enough, and
// returns from where on data is to be seen again together with what comes. Only
// one byte in so many is looked at: a long run has one of them.
func (s *scanner) scan(data []byte, last bool) int {
	floor := 0
	if s.within {
		floor = runEnd(data, 0)
		s.within = floor == len(data)
	}
	at := floor + shaped - 1
	for at < len(data) {
		if !alphanumeric[data[at]] {
			at += shaped
			continue
		}
		start, end := at, runEnd(data, at)
		for start > floor && alphanumeric[data[start-1]] {
			start--
		}
		if end == len(data) && !last {
			break
		}
		s.judge(data, start, end)
		floor, at = end, end+shaped
	}
	if last {
		return len(data)
	}
	start := len(data)
	for start > floor && alphanumeric[data[start-1]] {
		start--
	}
	if !s.within && len(data)-start > wholeRun {
		// However long it gets, what it is can be told by now.
		s.judge(data, start, len(data))
		s.within = true
	}
	if s.within {
		start = len(data)
	}
	return max(start-len(api.KeyPrefix), 0) // a prefix may be cut in two
}

// judge notes a run of letters and digits that is a key or has the shape of one.
func (s *scanner) judge(data []byte, start, end int) {
	length := end - start
	if length < shaped {
		return
	}
	before := start - len(api.KeyPrefix)
	prefixed := before >= 0 && strings.EqualFold(string(data[before:start]), api.KeyPrefix)
	if prefixed && length >= wholeRun || length == wholeRun {
		text := api.KeyPrefix + string(data[start:start+wholeRun])
		if api.CheckKey(text) == nil {
			s.count(data[:start])
			s.key(text)
			return
		}
	}
	if prefixed {
		s.count(data[:start])
		s.found.Damaged.at(s.line)
	}
}

func (s *scanner) key(text string) {
	hash := api.HashKey(text)
	i, known := s.keys[hash]
	if !known {
		i = len(s.found.Keys)
		s.keys[hash] = i
		s.found.Keys = append(s.found.Keys, Key{Hash: hash, Hint: api.KeyHint(text)})
	}
	s.found.Keys[i].at(s.line)
}

// runEnd returns where the run of letters and digits that begins at a byte, or
// before it, ends.
func runEnd(data []byte, at int) int {
	for at < len(data) && alphanumeric[data[at]] {
		at++
	}
	return at
}

var alphanumeric = func() (is [256]bool) {
	for c := range is {
		is[c] = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	return is
}()
