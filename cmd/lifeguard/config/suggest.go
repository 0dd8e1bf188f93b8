package config

import (
	"fmt"
	"strings"
)

// oneOf names the word that was probably meant, or all that there are.
func oneOf(word string, words []string) string {
	if near := Nearest(word, words); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "it is one of " + list(words, "and")
}

// Nearest returns the word that is most like the given one, or "" when none is
// near enough to be what a person meant.
func Nearest(word string, words []string) string {
	plain := strings.NewReplacer("-", "", "_", "", " ", "")
	typed := plain.Replace(strings.ToLower(word))
	best, least := "", 1+min(len([]rune(typed))/3, 3)
	for _, candidate := range words {
		if d := distance(typed, plain.Replace(strings.ToLower(candidate))); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to add, drop, replace or swap to make b of a.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)}
	before, last, this := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i, x := range from {
		this[0] = i + 1
		for j, y := range to {
			change := last[j]
			if x != y {
				change++
			}
			this[j+1] = min(change, last[j+1]+1, this[j]+1)
			if i > 0 && j > 0 && x == to[j-1] && from[i-1] == y {
				this[j+1] = min(this[j+1], before[j-1]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(to)]
}

// list joins words: a, b and c.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
