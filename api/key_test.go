package api_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	mathrand "math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lifeguard-keys/lifeguard/api"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func mint(t testing.TB, random io.Reader) string {
	t.Helper()
	key, err := api.MintKey(random)
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

// seeded is deterministic randomness, fit for tests alone.
func seeded(seed byte) io.Reader { return mathrand.NewChaCha8([32]byte{seed}) }

func TestMintedKeys(t *testing.T) {
	form := regexp.MustCompile(`^ps-[0-9A-Za-z]{49}$`)
	hint := regexp.MustCompile(`^ps-[0-9A-Za-z]{4}…[0-9A-Za-z]{4}$`)
	seen := map[string]bool{}
	for range 2000 {
		key := mint(t, rand.Reader)
		if !form.MatchString(key) || len(key) != api.KeyLength {
			t.Fatalf("a key of %d characters has another form", len(key))
		}
		if err := api.CheckKey(key); err != nil {
			t.Fatalf("a fresh key is refused: %v", err)
		}
		if seen[key] {
			t.Fatal("a key was made twice")
		}
		seen[key] = true
		shown := api.KeyHint(key)
		if !hint.MatchString(shown) || shown != "ps-"+key[3:7]+"…"+key[42:46] {
			t.Fatalf("the hint %q is not of the secret part's ends", shown)
		}
		sum := sha256.Sum256([]byte(key))
		if api.HashKey(key).String() != hex.EncodeToString(sum[:]) {
			t.Fatal("the hash is not the SHA-256 of the whole key")
		}
	}
}

// TestMintIsUnbiased draws 430,000 characters from a fixed source. A modulo
// without rejection would prefer the first eight letters by a quarter.
func TestMintIsUnbiased(t *testing.T) {
	random, counts := seeded(1), map[byte]int{}
	const keys = 10_000
	for range keys {
		key := mint(t, random)
		for i := range 43 {
			counts[key[3+i]]++
		}
	}
	mean := float64(keys*43) / 62
	for i := range alphabet {
		if n := float64(counts[alphabet[i]]); math.Abs(n-mean) > 5*math.Sqrt(mean) {
			t.Errorf("%c was drawn %.0f times, want about %.0f", alphabet[i], n, mean)
		}
	}
}

func TestMintFailsWithItsSource(t *testing.T) {
	failed := errors.New("no entropy")
	for name, random := range map[string]io.Reader{
		"at once": iotest.ErrReader(failed), "half way": io.MultiReader(bytes.NewReader(make([]byte, 10)), iotest.ErrReader(failed)),
	} {
		if key, err := api.MintKey(random); !errors.Is(err, failed) || !key.IsZero() {
			t.Errorf("%s: MintKey = %v, want the source's error and no key", name, err)
		}
	}
}

func TestCheckKey(t *testing.T) {
	key := mint(t, seeded(2))
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"whole":             {key, nil},
		"empty":             {"", api.ErrKeyEmpty},
		"prefix":            {"ps-", api.ErrKeyLength},
		"other prefix":      {"sk-" + key[3:], api.ErrKeyPrefix},
		"upper-case prefix": {"PS-" + key[3:], api.ErrKeyPrefix},
		"space in front":    {" " + key, api.ErrKeyPrefix},
		"space behind":      {key + " ", api.ErrKeyAlphabet},
		"line break behind": {key + "\n", api.ErrKeyAlphabet},
		"a letter more":     {key + "a", api.ErrKeyLength},
		"twice":             {key + key[3:], api.ErrKeyLength},
		"invalid UTF-8":     {key[:51] + "\xff", api.ErrKeyAlphabet},
		"other digits":      {key[:49] + "٣", api.ErrKeyAlphabet},
		"hint":              {api.KeyHint(key), api.ErrKeyAlphabet},
	} {
		if got := api.CheckKey(test.text); !errors.Is(got, test.want) {
			t.Errorf("%s: CheckKey = %v, want %v", name, got, test.want)
		}
	}
}

// What is found of a key, whatever stands around it, and what is left of a text
// without it.
func TestFindKey(t *testing.T) {
	key := mint(t, seeded(4))
	secret := key[len(api.KeyPrefix):]
	for text, want := range map[string]string{
		key: key, "x" + key + " y": key, "Bearer\t" + key + "\n": key, key + "abc": key + "abc", key[:27]: key[:27], "schlüssel=" + key + "ß": key,
		"PS-" + secret: "PS-" + secret, "devops-pS-" + secret: "pS-" + secret, secret: secret, "«" + secret + "»": secret, "/x/" + secret + "/y": secret,
		"ps-" + secret[:23]: "", secret[1:]: "", secret + "x": "", "sk-" + secret[:40]: "", "": "", "ps-": "", "-" + secret[:30]: "", "ps_" + secret[:30]: "",
	} {
		if got := api.FindKey(text); got != want {
			t.Errorf("FindKey(%q) = %q, want %q", text, got, want)
		}
		rest := text
		if want != "" {
			rest = strings.Replace(text, want, "[redacted]", 1)
		}
		if got := api.RedactKeys(text); got != rest {
			t.Errorf("RedactKeys(%q) = %q, want %q", text, got, rest)
		}
	}
	if got := api.RedactKeys(key + "," + secret + "," + key); got != "[redacted],[redacted],[redacted]" {
		t.Errorf("several keys: %q", got)
	}
}

// FuzzFindKey: what is found is in the text, and nothing is found twice.
func FuzzFindKey(f *testing.F) {
	key := mint(f, seeded(5))
	for _, seed := range []string{key, "PS-" + key[3:] + key[3:], key[3:] + "ps-", "\xffps-" + key[3:40] + "é", "ps-ps-" + key} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found := api.FindKey(text); !strings.Contains(text, found) || (found == "") != (api.RedactKeys(text) == text) {
			t.Errorf("%q is found in %q", found, text)
		}
		if left := api.FindKey(api.RedactKeys(text)); left != "" {
			t.Errorf("%q is left of %q", left, text)
		}
		if with := text + " " + key; api.FindKey(with) == "" || strings.Contains(api.RedactKeys(with), key) {
			t.Errorf("the key is not found in %q", with)
		}
	})
}

// TestEveryTypoIsRecognised: CRC-32 finds every change of one character, every
// two neighbours that changed places, and the length every truncation.
func TestEveryTypoIsRecognised(t *testing.T) {
	key := mint(t, seeded(3))
	for i := range key {
		for j := range alphabet {
			if alphabet[j] == key[i] {
				continue
			}
			if typo := key[:i] + alphabet[j:j+1] + key[i+1:]; api.CheckKey(typo) == nil {
				t.Errorf("position %d changed to %c is accepted", i, alphabet[j])
			}
		}
		if api.CheckKey(key[:i]) == nil || api.CheckKey(key[i+1:]) == nil || api.CheckKey(key[:i]+key[i+1:]) == nil {
			t.Errorf("a key cut at %d is accepted", i)
		}
		if i > 0 && key[i] != key[i-1] {
			if api.CheckKey(key[:i-1]+key[i:i+1]+key[i-1:i]+key[i+1:]) == nil {
				t.Errorf("positions %d and %d exchanged are accepted", i-1, i)
			}
		}
	}
}

// FuzzCheckKey changes a valid key in one place, or cuts it, and feeds any
// text: no change is accepted, and no error quotes what was checked.
func FuzzCheckKey(f *testing.F) {
	f.Add(byte(0), uint16(5), byte('x'), "ps-")
	f.Add(byte(9), uint16(51), byte(0), "Bearer ps-abc")
	f.Fuzz(func(t *testing.T, seed byte, at uint16, with byte, text string) {
		key := mint(t, seeded(seed))
		position := int(at) % len(key)
		if key[position] != with && api.CheckKey(key[:position]+string([]byte{with})+key[position+1:]) == nil {
			t.Errorf("position %d changed to %#x is accepted", position, with)
		}
		if api.CheckKey(key[:position]) == nil || api.CheckKey(key[position+1:]) == nil {
			t.Errorf("a key cut at %d is accepted", position)
		}
		err := api.CheckKey(text)
		if err == nil && (len(text) != api.KeyLength || !strings.HasPrefix(text, api.KeyPrefix)) {
			t.Errorf("a text of %d bytes is accepted", len(text))
		}
		if err != nil && len(text) > 12 && strings.Contains(err.Error(), text) {
			t.Error("the error quotes the text")
		}
	})
}
