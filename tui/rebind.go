package tui

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
)

// Keys are the keys that a person gave to actions, by the actions' names. An
// action without keys is not reached by a key. What is not named keeps its own.
type Keys map[string][]string

// Action is something that keys do.
type Action struct {
	Name  string // in the configuration
	Help  string // what it does, in a word or two
	Where string // the section of the help page
	Keys  []string
	// Dangerous actions change something.
	Dangerous bool
}

// Actions are all actions there are with their own keys, in the order of the
// help page.
func Actions() []Action {
	var actions []Action
	known := map[string]bool{}
	for _, section := range defaultKeyMap().sections() {
		for _, b := range section.bindings {
			if !known[b.name] {
				known[b.name] = true
				actions = append(actions, Action{b.name, b.Help().Desc, section.title, b.Keys(), b.dangerous})
			}
		}
	}
	return actions
}

// KeyProblem is why an action cannot have its keys.
type KeyProblem struct {
	Action string
	// Other is the action that has the same key in the same place, or "".
	Other string
	Text  string
}

// Check returns what is wrong with the keys. A console can be made with keys
// that have no problem.
//
// The rules: a key means one thing in one place. What changes something is on a
// key that nobody presses without meaning it: none that moves, confirms or goes
// back, and none with ctrl. Where text is typed, no action is on a key that
// writes. And there is always a key that leads out.
func (k Keys) Check() []KeyProblem {
	var problems []KeyProblem
	keys := defaultKeyMap()
	keys.each(func(b *binding) {
		chosen, ours := k[b.name]
		if !ours {
			return
		}
		if len(chosen) == 0 && b.needed {
			problems = append(problems, KeyProblem{Action: b.name, Text: b.name + " must keep a key: without one there are screens that nobody can leave"})
		}
		for _, text := range chosen {
			problem := wrongKey(text)
			if problem == "" && b.dangerous && !deliberate(text) {
				problem = fmt.Sprintf("%s changes something, so it cannot be on %s: choose a letter, a sign or a function key", b.name, text)
			}
			if problem != "" {
				problems = append(problems, KeyProblem{Action: b.name, Text: problem})
			}
		}
	})
	keys.rebind(k)
	return append(problems, keys.clashes(k)...)
}

// clashes finds keys that mean two things in one place, and keys that write
// where text is typed.
func (k *keyMap) clashes(chosen Keys) []KeyProblem {
	var problems []KeyProblem
	// What two actions have against each other in several places is told once.
	type clash struct{ action, other, key string }
	told := map[clash]bool{}
	tell := func(p KeyProblem, key string) {
		about := clash{min(p.Action, p.Other), max(p.Action, p.Other), key}
		if !told[about] {
			told[about] = true
			problems = append(problems, p)
		}
	}
	for _, place := range k.places() {
		seen := map[string]binding{}
		for _, b := range place.bindings {
			_, ours := chosen[b.name]
			for _, text := range b.Keys() {
				if ours && place.typing && writes(text) {
					tell(KeyProblem{Action: b.name, Text: fmt.Sprintf("%s cannot be on %s: that writes where text is typed (%s)", b.name, text, place.title)}, text)
				}
				other, taken := seen[text]
				if !taken || other.name == b.name {
					seen[text] = b
					continue
				}
				a, o := b, other
				if !ours {
					a, o = other, b
				}
				tell(KeyProblem{
					Action: a.name, Other: o.name,
					Text: fmt.Sprintf("%s is on %s, which %s has in the same place (%s): give one of them another key", a.name, text, o.name, place.title),
				}, text)
			}
		}
	}
	return problems
}

// each calls f for every binding.
func (k *keyMap) each(f func(*binding)) {
	fields := reflect.ValueOf(k).Elem()
	for i := range fields.NumField() {
		if b, ok := fields.Field(i).Addr().Interface().(*binding); ok {
			f(b)
		}
	}
}

// rebind gives actions other keys. The help follows.
func (k *keyMap) rebind(chosen Keys) {
	k.each(func(b *binding) {
		keys, ours := chosen[b.name]
		if !ours {
			return
		}
		help := b.Help().Desc
		if len(keys) == 0 {
			b.Binding = key.NewBinding(key.WithHelp(noKey, help))
			return
		}
		b.Binding = key.NewBinding(key.WithKeys(keys...), key.WithHelp(arrow(keys[0]), help))
	})
}

// noKey stands for the key of an action that has none.
const noKey = "(no key)"

// arrow shortens the keys that have a sign of their own.
func arrow(key string) string {
	switch key {
	case "down":
		return "↓"
	case "up":
		return "↑"
	}
	return key
}

// namedKeys are the keys that have a name. Function keys are f1 to f20.
var namedKeys = strings.Fields("enter tab backspace esc space up down left right insert delete pgup pgdown home end")

// misnamed are names that people write for keys.
var misnamed = map[string]string{
	" ": "space", "escape": "esc", "return": "enter", "pageup": "pgup", "page-up": "pgup", "pagedown": "pgdown", "page-down": "pgdown", "pgdn": "pgdown",
	"del": "delete", "ins": "insert", "bs": "backspace", "backtab": "shift+tab", "ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "esc", "ctrl+space": "ctrl+@",
}

// wrongKey says why a text does not name a key that can arrive, or "".
func wrongKey(text string) string {
	if right, known := misnamed[strings.ToLower(text)]; known {
		return fmt.Sprintf("the key %q is called %q here", text, right)
	}
	rest, mods := text, ""
	for _, mod := range []string{"ctrl+", "alt+", "shift+"} { // in the order in which they arrive
		if after, has := strings.CutPrefix(rest, mod); has && after != "" {
			rest, mods = after, mods+mod
		}
	}
	if slices.Contains(namedKeys, rest) || functionKey(rest) {
		return ""
	}
	letters := []rune(rest)
	if len(letters) != 1 || letters[0] == ' ' || !unicode.IsPrint(letters[0]) {
		return fmt.Sprintf("there is no key %q: keys are letters and signs, %s, f1 to f20, with ctrl+, alt+ or shift+ before them", text, strings.Join(namedKeys, " "))
	}
	if lower := strings.ToLower(rest); mods != "" && lower != rest {
		return fmt.Sprintf("the key %q is called %q here", text, mods+lower)
	}
	if mods == "shift+" {
		return fmt.Sprintf("the key %q is called %q here", text, strings.ToUpper(rest))
	}
	return ""
}

func functionKey(text string) bool {
	n := 0
	_, err := fmt.Sscanf(text, "f%d", &n)
	return err == nil && n >= 1 && n <= 20 && text == fmt.Sprintf("f%d", n)
}

// writes reports whether a key writes a letter, or takes one away.
func writes(key string) bool {
	return key == "space" || key == "backspace" || key == "delete" || len([]rune(key)) == 1
}

// deliberate reports whether nobody presses a key without meaning it.
func deliberate(key string) bool {
	name := key[strings.LastIndexByte(key[:max(len(key)-1, 0)], '+')+1:]
	return !strings.Contains(key[:len(key)-len(name)], "ctrl+") && (key == "delete" || key == "insert" || !slices.Contains(namedKeys, name))
}
