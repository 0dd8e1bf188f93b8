package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// The format of a key (contract, "The key"): the prefix, 43 Base62 characters
// from the system's CSPRNG, which carry 256 bits, and 6 Base62 characters of
// CRC-32 over all that precedes, so that a typo or a truncated paste is
// recognised without asking anybody.
const (
	KeyPrefix = "ps-"

	keySecretLength   = 43
	keyChecksumLength = 6

	// KeyLength is the length of a whole key in characters, all of them ASCII.
	KeyLength = len(KeyPrefix) + keySecretLength + keyChecksumLength
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Errors of [CheckKey]. None of them quotes the text that was checked.
var (
	ErrKeyEmpty    = errors.New("the key is empty")
	ErrKeyPrefix   = errors.New("an API key starts with ps-")
	ErrKeyLength   = fmt.Errorf("not a whole key: an API key has %d characters", KeyLength)
	ErrKeyAlphabet = errors.New("not a key: an API key has only letters and digits after ps-")
	ErrKeyChecksum = errors.New("not a whole key: check the last characters")
)

// minShaped is from how many letters and digits behind the prefix on a text
// looks like a key, also one with letters missing or too many.
const minShaped = 24

// FindKey returns the first part of text that has the shape of a key, or "". It
// may be one that [CheckKey] refuses: a truncated or mistyped key does not
// belong on a screen or in a log either, nor one whose prefix has another case,
// nor a whole one without its prefix, which is what a double click selects.
func FindKey(text string) string {
	from, to := keyIn(text)
	return text[from:to]
}

// RedactKeys returns text with all that has the shape of a key replaced.
func RedactKeys(text string) string {
	from, to := keyIn(text)
	if to == 0 {
		return text
	}
	var b strings.Builder
	for ; to > 0; from, to = keyIn(text) {
		b.WriteString(text[:from])
		b.WriteString(redacted)
		text = text[to:]
	}
	b.WriteString(text)
	return b.String()
}

// keyIn returns where the first part that has the shape of a key begins and
// ends, or zeros.
func keyIn(text string) (from, to int) {
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && inBase62(text[i]) {
			i++
		}
		switch run := text[start:i]; {
		case len(run) >= minShaped && start >= len(KeyPrefix) && strings.EqualFold(text[start-len(KeyPrefix):start], KeyPrefix):
			return start - len(KeyPrefix), i
		case len(run) == keySecretLength+keyChecksumLength && CheckKey(KeyPrefix+run) == nil:
			return start, i
		}
	}
	return 0, 0
}

func inBase62(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// KeyHash is the SHA-256 of a whole key: all that is ever stored of it. A fast
// hash is right for a 256-bit random secret; a slow one would be a lever for
// denial of service.
type KeyHash [sha256.Size]byte

// String returns the hash in lower-case hex, as the key_hash filter takes it.
func (h KeyHash) String() string { return hex.EncodeToString(h[:]) }

// MintKey makes a new key from 43 unbiased draws of random, which must be a
// cryptographic source such as crypto/rand.Reader. It fails only when random
// does.
func MintKey(random io.Reader) (Secret, error) {
	key := make([]byte, 0, KeyLength)
	key = append(key, KeyPrefix...)
	buffer := make([]byte, 64)
	for len(key) < len(KeyPrefix)+keySecretLength {
		if _, err := io.ReadFull(random, buffer); err != nil {
			return Secret{}, fmt.Errorf("read randomness for a new key: %w", err)
		}
		for _, b := range buffer {
			// 248 is the largest multiple of 62 in a byte: what lies above
			// would favour the first letters.
			if b < 248 && len(key) < len(KeyPrefix)+keySecretLength {
				key = append(key, base62[b%62])
			}
		}
	}
	clear(buffer)
	key = append(key, keyChecksum(string(key))...)
	return boxed(key), nil
}

func keyChecksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var digits [keyChecksumLength]byte
	for i := keyChecksumLength - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

// CheckKey reports whether text is a whole, well-formed key, by its prefix,
// length, alphabet and checksum. It says nothing about whether the key exists.
func CheckKey(text string) error {
	switch {
	case text == "":
		return ErrKeyEmpty
	case !strings.HasPrefix(text, KeyPrefix):
		return ErrKeyPrefix
	}
	for _, r := range text[len(KeyPrefix):] {
		if !strings.ContainsRune(base62, r) {
			return ErrKeyAlphabet
		}
	}
	if len(text) != KeyLength {
		return ErrKeyLength
	}
	body := text[:len(text)-keyChecksumLength]
	if keyChecksum(body) != text[len(body):] {
		return ErrKeyChecksum
	}
	return nil
}

// HashKey returns the hash under which a key is stored.
func HashKey(text string) KeyHash { return sha256.Sum256([]byte(text)) }

// KeyHint returns what may be shown of a key: the first four and last four
// characters of its secret part, as in ps-4f8a…9Qx2. The text must have passed
// [CheckKey].
func KeyHint(text string) string {
	secret := text[len(KeyPrefix) : len(KeyPrefix)+keySecretLength]
	return KeyPrefix + secret[:4] + "…" + secret[len(secret)-4:]
}
