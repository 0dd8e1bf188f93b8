package api_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/api"
)

func TestCheckName(t *testing.T) {
	for name, want := range map[string]error{
		"ci-deploy-eu":                     nil,
		"Nightly build (EU) #4, 100 %":     nil,
		"デプロイ":                             nil,
		"中文名字":                             nil,
		"한국어":                              nil,
		"نشر الخدمة":                       nil,
		"हिन्दी":                           nil,
		"ภาษาไทย":                          nil,
		"🚀 rocket":                         nil,
		"🇫🇷 👍🏽":                            nil,
		"❤️ heart":                         nil,
		"1️⃣ first":                        nil,
		"é":                                nil,
		"ạ̈̃":                              nil,
		strings.Repeat("x", 64):            nil,
		strings.Repeat("日", 64):            nil,
		"":                                 api.ErrNameEmpty,
		"   ":                              api.ErrNameEmpty,
		"\u00a0\u3000":                     api.ErrNameEmpty,
		"\t\n":                             api.ErrNameEmpty,
		strings.Repeat("x", 65):            api.ErrNameLong,
		strings.Repeat("日", 65):            api.ErrNameLong,
		" x":                               api.ErrNameSpace,
		"x ":                               api.ErrNameSpace,
		"a\nb":                             api.ErrNameControl,
		"a\tb":                             api.ErrNameControl,
		"a\x00b":                           api.ErrNameControl,
		"a\x7fb":                           api.ErrNameControl,
		"a\u0085b":                         api.ErrNameControl,
		"a\u009bb":                         api.ErrNameControl,
		"a\u2028b":                         api.ErrNameControl,
		"a\x1b[31mb":                       api.ErrNameControl,
		"\x1b]52;c;aGk=\x07":               api.ErrNameControl,
		"a\u202eb":                         api.ErrNameInvisible,
		"a\u2066b":                         api.ErrNameInvisible,
		"a\u200eb":                         api.ErrNameInvisible,
		"a\u200bb":                         api.ErrNameInvisible,
		"a\u200db":                         api.ErrNameInvisible,
		"a\ufeffb":                         api.ErrNameInvisible,
		"a\u00adb":                         api.ErrNameInvisible,
		"a\u2060b":                         api.ErrNameInvisible,
		"a\u00a0b":                         api.ErrNameInvisible,
		"a\u3000b":                         api.ErrNameInvisible,
		"a\u115fb":                         api.ErrNameInvisible,
		"a\u3164b":                         api.ErrNameInvisible,
		"a\u2800b":                         api.ErrNameInvisible,
		"a\U000e0041b":                     api.ErrNameInvisible,
		"a\U000e0101b":                     api.ErrNameInvisible,
		"a\ue000b":                         api.ErrNameInvisible,
		"a\ufe0fb":                         api.ErrNameInvisible,
		"prod\ufe0e":                       api.ErrNameInvisible,
		"1\ufe0f":                          api.ErrNameInvisible,
		"❤\ufe0f\ufe0f":                    api.ErrNameInvisible,
		"\u0301a":                          api.ErrNameMark,
		"a" + strings.Repeat("\u0301", 5):  api.ErrNameMark,
		"\xff":                             api.ErrNameEncoding,
		"a\xc3":                            api.ErrNameEncoding,
		"a\xed\xa0\x80":                    api.ErrNameEncoding,
		strings.Repeat("x", 70) + "\u200b": api.ErrNameInvisible,
	} {
		if got := api.CheckName(name); !errors.Is(got, want) {
			t.Errorf("CheckName(%+q) = %v, want %v", name, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"plain ASCII ~":           "plain ASCII ~",
		"日本 é 🚀 ❤️ 1️⃣":           "日本 é 🚀 ❤️ 1️⃣",
		"a\nb\tc\r\nd":            "a b c  d",
		"a\u2028b\u00a0c":         "a b c",
		"\x1b[31mred\x1b[0m":      "\ufffd[31mred\ufffd[0m",
		"\x1b]52;c;aGk=\x07":      "\ufffd]52;c;aGk=\ufffd",
		"\x1bPq\x1b\\":            "\ufffdPq\ufffd\\",
		"\u009b31m":               "\ufffd31m",
		"a\u202eb\u200bc":         "a\ufffdb\ufffdc",
		"a\U000e0041b":            "a\ufffdb",
		"a\ufe0fb":                "a\ufffdb",
		"\u0301a":                 "\ufffd\u0301a",
		"\xffa\xc3":               "\ufffda\ufffd",
		"\x00":                    "\ufffd",
		"a" + marks(9) + "b":      "a" + marks(4) + "b",
		strings.Repeat("x", 4096): strings.Repeat("x", 4096),
		strings.Repeat("x", 9999): strings.Repeat("x", 4096) + "…",
	} {
		if got := api.Clean(text); got != want {
			t.Errorf("Clean(%+q) = %+q, want %+q", short(text), short(got), short(want))
		}
	}
}

func marks(n int) string { return strings.Repeat("\u0301", n) }

func short(text string) string { return text[:min(len(text), 80)] }

// harmful reports what must be in nothing that is shown. It is written apart
// from the rule under test.
func harmful(r rune) bool {
	switch {
	case r == '\ufffd', r == '\ufe0e', r == '\ufe0f':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029: // controls and line breaks
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f: // zero-width, bidirectional
		return true
	case r >= 0xe0000 && r <= 0xe0fff, r == 0xfeff, r == 0xad, r == 0x61c, r == 0x180e: // tags and others
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r)
}

// FuzzClean: whatever the text, what comes out is harmless, and clean already.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"ci-deploy", "\x1b]52;c;aGk=\x07", "a\u202eb", "\xff\xfe", "日本\u0301\u0301\u0301\u0301\u0301", "❤\ufe0f1\ufe0f\u20e3", "\ufe0f",
		strings.Repeat("é", 3000), "a\u2028b", "\U000e0041", strings.Repeat("x", 4092) + "1\ufe0f\u20e3é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := api.Clean(text)
		if !utf8.ValidString(got) {
			t.Errorf("Clean(%+q) is no valid UTF-8", text)
		}
		if strings.ContainsFunc(got, harmful) {
			t.Errorf("Clean(%+q) = %+q, which is not harmless", text, got)
		}
		whole := api.CleanWhole(text)
		if !utf8.ValidString(whole) || strings.ContainsFunc(whole, harmful) || api.CleanWhole(whole) != whole {
			t.Errorf("CleanWhole(%+q) = %+q", text, whole)
		}
		if len(got) < 4096 && whole != got || !strings.HasPrefix(whole, strings.TrimSuffix(got, "…")) {
			t.Errorf("CleanWhole(%+q) = %+q, and Clean makes it %+q", text, whole, got)
		}
		if again := api.Clean(got); again != got {
			t.Errorf("Clean(%+q) = %+q, and cleaned again %+q", text, got, again)
		}
		if len(got) > 4096+2*utf8.UTFMax+len("…") {
			t.Errorf("Clean made %d bytes", len(got))
		}
		if api.CheckName(text) == nil && got != text {
			t.Errorf("the valid name %+q was changed to %+q", text, got)
		}
	})
}

// FuzzCheckName: an accepted name is harmless and of a size that fits.
func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"ci", " ", "a\u200bb", "e\u0301", "\ufe0f", "x\xff", strings.Repeat("日", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if api.CheckName(name) != nil {
			return
		}
		if n := utf8.RuneCountInString(name); n == 0 || n > api.MaxNameLength || !utf8.ValidString(name) {
			t.Errorf("the name %+q of %d characters was accepted", name, n)
		}
		if strings.ContainsFunc(name, harmful) || strings.TrimSpace(name) != name {
			t.Errorf("the name %+q was accepted", name)
		}
	})
}
