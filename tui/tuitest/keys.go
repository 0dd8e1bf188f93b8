package tuitest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// plain are the keys that send one byte.
var plain = map[string]string{
	"enter": "\r", "tab": "\t", "esc": "\x1b", "space": " ", "backspace": "\x7f",
	"ctrl+space": "\x00", "ctrl+@": "\x00", "ctrl+[": "\x1b", "ctrl+\\": "\x1c", "ctrl+]": "\x1d", "ctrl+^": "\x1e", "ctrl+_": "\x1f",
	"shift+tab": "\x1b[Z",
}

// lettered keys send CSI with a final letter, numbered ones CSI with a number
// and ~; both carry modifiers as a second parameter, as xterm does.
var (
	lettered = map[string]byte{
		"up": 'A', "down": 'B', "right": 'C', "left": 'D', "home": 'H', "end": 'F',
		"f1": 'P', "f2": 'Q', "f3": 'R', "f4": 'S',
	}
	numbered = map[string]int{
		"insert": 2, "delete": 3, "pgup": 5, "pgdown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
	}
	coded = map[string]int{"enter": 13, "tab": 9, "esc": 27, "space": 32, "backspace": 127}
)

// encode returns what an xterm sends for a key, and false for a name that is
// none.
func encode(key string) (string, bool) {
	if sequence, ok := plain[key]; ok {
		return sequence, true
	}
	if utf8.RuneCountInString(key) == 1 {
		return key, key[0] >= ' ' && key[0] != 0x7f
	}
	modifier, name := 1, key
	for rest, more := key, true; more; {
		var word string
		if word, rest, more = strings.Cut(rest, "+"); !more || rest == "" {
			break
		}
		weight, ok := map[string]int{"shift": 1, "alt": 2, "ctrl": 4}[word]
		if !ok {
			return "", false
		}
		modifier, name = modifier+weight, rest
	}
	return modified(modifier, name)
}

// modified encodes a named key or a character with modifiers; 1 means none.
func modified(modifier int, name string) (string, bool) {
	if letter, ok := lettered[name]; ok {
		if modifier > 1 {
			return fmt.Sprintf("\x1b[1;%d%c", modifier, letter), true
		}
		if letter >= 'P' {
			return "\x1bO" + string(letter), true
		}
		return "\x1b[" + string(letter), true
	}
	if number, ok := numbered[name]; ok {
		if modifier > 1 {
			return fmt.Sprintf("\x1b[%d;%d~", number, modifier), true
		}
		return fmt.Sprintf("\x1b[%d~", number), true
	}
	const altAlone = 3
	if modifier == altAlone {
		sequence, ok := encode(name)
		return "\x1b" + sequence, ok
	}
	if code, ok := coded[name]; ok {
		return fmt.Sprintf("\x1b[%d;%du", code, modifier), true
	}
	if utf8.RuneCountInString(name) != 1 {
		return "", false
	}
	return character(modifier, name)
}

// character encodes a character with shift or ctrl, with alt or without.
func character(modifier int, name string) (string, bool) {
	prefix := ""
	if (modifier-1)&2 != 0 {
		prefix = "\x1b"
	}
	switch letter := name[0]; {
	case (modifier-1)&1 != 0 && (modifier-1)&4 == 0:
		return prefix + strings.ToUpper(name), true
	case (modifier-1)&4 != 0 && (modifier-1)&1 == 0 && letter >= 'a' && letter <= 'z':
		return prefix + string(letter&0x1f), true
	}
	return "", false
}
