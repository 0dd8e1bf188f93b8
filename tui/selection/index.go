// Package selection says what service accounts are searched for and sorted by:
// for the console and for lifeguard list, so that both find the same ones, in
// the same order.
package selection

import (
	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

// Fields of the index, in this order.
const (
	FieldName = iota
	FieldTeam
	FieldCreator
	FieldHint
)

// NewIndex makes an empty index of service accounts. Its fields rank: a key hint
// that was typed puts its account first, then whole words of the name, then of
// the team and the creator, then scattered letters. Scattered letters in a hint
// would be noise: it is random.
func NewIndex() fuzzy.Index {
	return fuzzy.New(
		fuzzy.Field{Exact: 100, Prefix: 90, Word: 85, Inside: 80, Scattered: 30},    // FieldName
		fuzzy.Field{Exact: 70, Prefix: 65, Word: 60, Inside: 50, Scattered: 20},     // FieldTeam
		fuzzy.Field{Exact: 68, Prefix: 62, Word: 58, Inside: 45, Scattered: 10},     // FieldCreator
		fuzzy.Field{Exact: 99, Prefix: 98, Word: 97, Inside: 96, Least: 4, Head: 7}, // FieldHint
	)
}

// Index returns the index with one more account.
func Index(x fuzzy.Index, account api.ServiceAccount) fuzzy.Index {
	return x.Append(account.Name, account.Team.Name, account.CreatedBy.Name, account.Key.Hint)
}
