package selection

import (
	"cmp"
	"strings"

	"github.com/lifeguard-keys/lifeguard/tui/inventory"
)

// Order is how accounts are sorted. The zero value is the order of the server:
// by name, and by id where names are the same.
type Order struct {
	Column  int // into Columns
	Reverse bool
}

// ParseOrder reads what [Order.String] writes: a column's id, with - before it for
// the reverse. It reports false for what is neither.
func ParseOrder(text string) (Order, bool) {
	id, reverse := strings.CutPrefix(text, "-")
	for i, column := range Columns {
		if column.ID == id {
			return Order{Column: i, Reverse: reverse}, true
		}
	}
	return Order{}, false
}

func (o Order) String() string {
	if o.Reverse {
		return "-" + Columns[o.Column].ID
	}
	return Columns[o.Column].ID
}

// Column is something to sort by.
type Column struct {
	ID      string
	compare func(rows inventory.List, i, j int32) int
}

// Columns are what can be sorted by. Those that are times begin with the latest,
// because that is what one looks for.
var Columns = []Column{
	{"name", byName},
	{"team", func(rows inventory.List, i, j int32) int {
		return strings.Compare(rows.Team(i).Name, rows.Team(j).Name)
	}},
	{"created", func(rows inventory.List, i, j int32) int { return rows.CreatedAt(j).Compare(rows.CreatedAt(i)) }},
	{"by", func(rows inventory.List, i, j int32) int {
		return strings.Compare(rows.Creator(i).Name, rows.Creator(j).Name)
	}},
	{"used", byLastUse},
}

// Compare sorts rows by the column and, where that leaves two alike, by name
// and id.
func (o Order) Compare(rows inventory.List, i, j int32) int {
	order := Columns[o.Column].compare(rows, i, j)
	if o.Reverse {
		order = -order
	}
	return cmp.Or(order, byName(rows, i, j))
}

func byName(rows inventory.List, i, j int32) int {
	return cmp.Or(strings.Compare(rows.Name(i), rows.Name(j)), strings.Compare(rows.ID(i), rows.ID(j)))
}

func byLastUse(rows inventory.List, i, j int32) int {
	first, _ := rows.LastUsedAt(i) // the zero time where there is none
	second, _ := rows.LastUsedAt(j)
	return second.Compare(first)
}
