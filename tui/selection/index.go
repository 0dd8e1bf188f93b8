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
// in the case in which it stands puts its account first, whatever else matches;
// then one in another case, if it has a digit or its ps-. Four letters in another
// case may be a word that happens to stand in a hint, and come after words of
// names. Then come whole words of the team and the creator, then
// scattered letters. Scattered letters in a hint would be noise: it is random.
func NewIndex() fuzzy.Index {
	return fuzzy.New(
		fuzzy.Field{Exact: 100, Prefix: 90, Word: 85, Inside: 80, Scattered: 30},                                 // FieldName
		fuzzy.Field{Exact: 70, Prefix: 65, Word: 60, Inside: 50, Scattered: 20, Repeats: true},                   // FieldTeam
		fuzzy.Field{Exact: 68, Prefix: 62, Word: 58, Inside: 45, Scattered: 10, Repeats: true},                   // FieldCreator
		fuzzy.Field{Exact: 84, Prefix: 83, Word: 82, Inside: 81, Cased: 10_000, Coded: 5_000, Least: 4, Head: 7}, // FieldHint
	)
}

// SearchRow is what is searched of an account, in a row of that index.
func SearchRow(account api.ServiceAccount) fuzzy.Row {
	row := fuzzy.Row{Texts: []string{
		FieldName: account.Name, FieldTeam: account.Team.Name, FieldCreator: account.CreatedBy.Name, FieldHint: account.Key.Hint,
	}}
	if account.Key.LastUsedAt != nil {
		row.Recent = account.Key.LastUsedAt.Unix()
	}
	return row
}
