package tui

import "image"

// The smallest screen that the console is drawn on, in cells.
const (
	minWidth  = 60
	minHeight = 12
)

// wide is the width from which the details stand beside the table. From tall
// lines on, a screen that is at least as wide as middling has them below it.
const (
	wide     = 110
	middling = 80
	tall     = 34
)

// layout is where everything goes on a screen: rectangles before strings.
type layout struct {
	width, height int
	small         bool // too small: one sentence is shown instead
	header        image.Rectangle
	path          image.Rectangle
	search        image.Rectangle
	heading       image.Rectangle
	table         image.Rectangle
	details       image.Rectangle // beside the table or below it, empty when there is no room
	status        image.Rectangle
	help          image.Rectangle
}

// newLayout lays a screen out. A failure takes two lines of status: what failed,
// and what happens next.
func newLayout(width, height int, failure bool) layout {
	l := layout{width: width, height: height, small: width < minWidth || height < minHeight}
	if l.small {
		return l
	}
	line := func(y int) image.Rectangle { return image.Rect(0, y, width, y+1) }
	l.header, l.path, l.search = line(0), line(1), line(2)
	bottom := height - 2
	if failure {
		bottom--
	}
	l.status, l.help = image.Rect(0, bottom, width, height-1), line(height-1)
	right, below := width, bottom
	if width >= wide {
		right = width - min(max(width/3, 42), 60)
		l.details = image.Rect(right, 3, width, bottom)
	} else if width >= middling && height >= tall {
		below = bottom - height*2/5
		l.details = image.Rect(0, below, width, bottom)
	}
	l.heading = image.Rect(0, 3, right, 4)
	l.table = image.Rect(0, 4, right, below)
	return l
}
