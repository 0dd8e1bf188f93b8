package table

import "slices"

// gap stands between two columns.
const gap = "  "

// Column describes a column. Widths are in cells.
type Column struct {
	ID    string // the caller's name for it
	Title string
	// Width is the width that the column gets. Before [Fit] it is the least
	// that makes sense.
	Width int
	// Most is the greatest useful width; the room that is left goes to the
	// columns that have less than their most. 0 means Width is fixed.
	Most int
	// Keep orders columns by importance: when there is not enough room, the
	// column with the lowest Keep leaves first.
	Keep int
}

// Fit chooses the columns that fit into width, which includes the marker's two
// cells, and shares the rest of the room among those that can grow, in order
// of importance. The most important column always stays, cut if need be.
func Fit(columns []Column, width int) []Column {
	fitted := slices.Clone(columns)
	room := width - 2
	for len(fitted) > 1 && total(fitted) > room {
		least := 0
		for i, column := range fitted {
			if column.Keep < fitted[least].Keep {
				least = i
			}
		}
		fitted = slices.Delete(fitted, least, least+1)
	}
	order := make([]int, len(fitted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return fitted[b].Keep - fitted[a].Keep })
	spare := room - total(fitted)
	for _, i := range order {
		grow := min(max(fitted[i].Most-fitted[i].Width, 0), max(spare, 0))
		fitted[i].Width += grow
		spare -= grow
	}
	if len(fitted) == 1 {
		fitted[0].Width = max(min(fitted[0].Width, room), 0)
	}
	return fitted
}

func total(columns []Column) int {
	sum := len(gap) * max(len(columns)-1, 0)
	for _, column := range columns {
		sum += column.Width
	}
	return sum
}
