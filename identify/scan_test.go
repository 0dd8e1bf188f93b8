package identify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/identify"
)

// source is a fixed one, so that the keys are the same every time.
type source byte

func (s source) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)*byte(s) + byte(s)
	}
	return len(p), nil
}

func mint(seed byte) string {
	key, err := api.MintKey(source(seed))
	if err != nil {
		panic(err)
	}
	return key.Reveal()
}

var one, two, three = mint(3), mint(5), mint(7)

func key(text string, count int, lines ...int) identify.Key {
	return identify.Key{Hash: api.HashKey(text), Hint: api.KeyHint(text), Seen: identify.Seen{Lines: lines, Count: count}}
}

func TestScanFindsWholeKeys(t *testing.T) {
	t.Parallel()
	swapped := []byte(one)
	swapped[10], swapped[11] = swapped[11], swapped[10]
	utf16 := []byte{0xff, 0xfe}
	for _, c := range "log\r\n" + one + "\r\n" {
		utf16 = append(utf16, byte(c), 0)
	}
	for name, test := range map[string]struct {
		text string
		want identify.Found
	}{
		"nothing":               {"", identify.Found{}},
		"no key":                {"a\nhttps-only\n\nps-\nps-short", identify.Found{Lines: 5}},
		"alone":                 {one, identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
		"with a line end":       {one + "\n", identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
		"in a log":              {"start\n\n401 Bearer " + two + ", " + one + "\nend", identify.Found{Keys: []identify.Key{key(two, 1, 3), key(one, 1, 3)}, Lines: 4}},
		"again and again":       {one + "\n" + two + " " + one + "\n\n" + one, identify.Found{Keys: []identify.Key{key(one, 3, 1, 2, 4), key(two, 1, 2)}, Lines: 4}},
		"on many lines":         {strings.Repeat(one+"\n", 9), identify.Found{Keys: []identify.Key{key(one, 9, 1, 2, 3, 4, 5)}, Lines: 9}},
		"glued together":        {"key=" + one + two + three + "rest", identify.Found{Keys: []identify.Key{key(one, 1, 1), key(two, 1, 1), key(three, 1, 1)}, Lines: 1}},
		"behind what is no key": {"ps-ps-abcps-" + one, identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
		"without its prefix":    {"a\n" + one[3:] + ".", identify.Found{Keys: []identify.Key{key(one, 1, 2)}, Lines: 2}},
		"in capital letters":    {"PS-" + one[3:], identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
		"in what is longer":     {strings.Repeat("x", 70_000) + one[3:] + "\n" + strings.Repeat("x", 70_000) + one, identify.Found{Keys: []identify.Key{key(one, 1, 2)}, Lines: 2}},
		"in JSON and a URL":     {`{"k":"` + one + `\n"}` + "\n?k=" + two + "%0A", identify.Found{Keys: []identify.Key{key(one, 1, 1), key(two, 1, 2)}, Lines: 2}},
		"truncated":             {"\n" + one[:40] + "\n" + one[:20], identify.Found{Damaged: identify.Seen{Lines: []int{2}, Count: 1}, Lines: 3}},
		"mistyped":              {string(swapped), identify.Found{Damaged: identify.Seen{Lines: []int{1}, Count: 1}, Lines: 1}},
		"binary":                {"\x00\xff\xfe" + one + "\x00", identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
		"UTF-16":                {string(utf16), identify.Found{Keys: []identify.Key{key(one, 1, 2)}, Lines: 2}},
		"UTF-8 with a mark":     {"\ufeff" + one, identify.Found{Keys: []identify.Key{key(one, 1, 1)}, Lines: 1}},
	} {
		for way, reader := range map[string]io.Reader{
			"whole": strings.NewReader(test.text), "bytes": iotest.OneByteReader(strings.NewReader(test.text)),
			"halves": iotest.HalfReader(strings.NewReader(test.text)), "error with data": iotest.DataErrReader(strings.NewReader(test.text)),
		} {
			got, err := identify.Scan(t.Context(), reader)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%s, read in %s: %v (-want +got)\n%s", name, way, err, diff)
			}
		}
	}
}

// A key is found wherever the bounds of what is read at once lie in it, on a
// line of any length.
func TestScanFindsKeysAcrossChunks(t *testing.T) {
	t.Parallel()
	for offset := range api.KeyLength + 3 {
		for _, padding := range []string{"x", "p", "ps", "ps-", "-"} {
			before := strings.Repeat(padding, 64<<10/len(padding)+1)
			text := before[:64<<10-offset] + one + padding + two
			found, err := identify.Scan(t.Context(), strings.NewReader(text))
			if err != nil || len(found.Keys) != 2 || found.Keys[0].Count != 1 || found.Lines != 1 {
				t.Fatalf("%d bytes before a bound, between %q: %+v, %v", offset, padding, found, err)
			}
		}
	}
}

func TestScanReadsALogOfAnySize(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("2026-01-01 everything as ps-usual ", 100) + "\n"
	const lines = 20_000
	log := io.MultiReader(&repeated{line, lines}, strings.NewReader(one+"\n"), &repeated{line, lines})
	found, err := identify.Scan(t.Context(), log)
	if err != nil || len(found.Keys) != 1 || found.Keys[0].Lines[0] != lines+1 || found.Lines != 2*lines+1 {
		t.Errorf("Scan = %+v, %v", found, err)
	}
}

// repeated is a text again and again.
type repeated struct {
	text string
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for r.left > 0 && n+len(r.text) <= len(p) {
		n += copy(p[n:], r.text)
		r.left--
	}
	if n == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		return 0, fmt.Errorf("a buffer of %d bytes is too small", len(p))
	}
	return n, nil
}

func TestScanSaysWhatItFoundBeforeItFailed(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	found, err := identify.Scan(t.Context(), io.MultiReader(strings.NewReader("\n"+one+"\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(found.Keys) != 1 {
		t.Errorf("Scan = %+v, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := identify.Scan(ctx, strings.NewReader(one)); !errors.Is(err, context.Canceled) {
		t.Errorf("a scan whose context has ended returns %v", err)
	}
}

// No way of printing what was found prints a key.
func TestFoundHoldsNoKey(t *testing.T) {
	t.Parallel()
	found, err := identify.Scan(t.Context(), strings.NewReader(one+" "+two[:40]))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text := fmt.Sprintf(format, found)
		if strings.Contains(text, one[3:20]) || strings.Contains(text, two[3:40]) || strings.Contains(text, fmt.Sprintf("%x", one)) {
			t.Errorf("%s prints a key", format)
		}
	}
}

var runs = regexp.MustCompile(`[0-9A-Za-z]{24,}`)

// naive finds keys in a text that is there whole, with the line of each.
func naive(text string) (keys []string, lines []int, damaged int) {
	for _, at := range runs.FindAllStringIndex(text, -1) {
		run := text[at[0]:at[1]]
		prefixed := strings.HasSuffix(strings.ToLower(text[max(at[0]-3, 0):at[0]]), api.KeyPrefix)
		switch {
		case len(run) >= 49 && (prefixed || len(run) == 49) && api.CheckKey(api.KeyPrefix+run[:49]) == nil:
			keys = append(keys, api.KeyPrefix+run[:49])
			lines = append(lines, 1+strings.Count(text[:at[0]], "\n"))
		case prefixed:
			damaged++
		}
	}
	return keys, lines, damaged
}

func agree(t *testing.T, text string, r io.Reader) {
	t.Helper()
	found, err := identify.Scan(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	keys, lines, damaged := naive(text)
	want := identify.Found{Lines: found.Lines}
	for i, k := range keys {
		hash := api.HashKey(k)
		at := slices.IndexFunc(want.Keys, func(k identify.Key) bool { return k.Hash == hash })
		if at < 0 {
			at = len(want.Keys)
			want.Keys = append(want.Keys, identify.Key{Hash: hash, Hint: api.KeyHint(k)})
		}
		seen := &want.Keys[at].Seen
		seen.Count++
		if len(seen.Lines) < identify.MaxLines && !slices.Contains(seen.Lines, lines[i]) {
			seen.Lines = append(seen.Lines, lines[i])
		}
	}
	want.Damaged.Count, want.Damaged.Lines = damaged, found.Damaged.Lines
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("what is found differs (-want +got)\n%s", diff)
	}
}

func TestScanAgreesWithALookAtTheWhole(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	pieces := []string{one, two, three, one[:30], two[:51], "ps-", "p", "s", "-", "\n", "x", strings.Repeat("y", 60), one[3:], "ps-ps-", strings.ToUpper(api.KeyPrefix), strings.Repeat("z", 5000)}
	for range 2000 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		agree(t, b.String(), iotest.HalfReader(strings.NewReader(b.String())))
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{one, "x" + one + two + "\n" + one[:30], "ps-ps-" + three, "\xff\xfep\x00s\x00", strings.Repeat("ps-", 40), ""} {
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) || bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}) {
			// Another encoding: it need only end well.
			if _, err := identify.Scan(context.Background(), bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
			return
		}
		// A whole key among the noise, so that there is something to find.
		text := string(data[:len(data)/2]) + one + string(data[len(data)/2:])
		agree(t, text, &stepped{strings.NewReader(text), int(step) + 1})
	})
}

// stepped reads so many bytes at once.
type stepped struct {
	r    io.Reader
	step int
}

func (s *stepped) Read(p []byte) (int, error) { return s.r.Read(p[:min(s.step, len(p))]) }

func BenchmarkScan(b *testing.B) {
	log := []byte(strings.Repeat("2026-01-01T00:00:00Z INFO https-proxy GET /ps-1/health 200 in 3 ms\n", 100_000))
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		if _, err := identify.Scan(context.Background(), bytes.NewReader(log)); err != nil {
			b.Fatal(err)
		}
	}
}
