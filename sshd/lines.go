package sshd

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	gossh "golang.org/x/crypto/ssh"
)

// maxLine is how many characters of a line are taken; the terminal rings for those
// beyond. Drivers of terminals take 4,096 bytes.
const maxLine = 64 << 10

// Lines are what is typed at the session's terminal, a line at a time, each with a
// newline at its end. The client of a terminal sends every key as it is pressed and
// shows none, so they are shown here, and what was mistyped is taken back: with
// the keys that the person's own terminal has for it, and with nothing but backspaces
// and spaces, which any terminal can.
//
// interrupt is called when the person presses ctrl+c. A line that was not ended is
// not there: neither when the connection breaks, nor before io.EOF, which ctrl+d in an
// empty line is. Without a terminal nothing is shown, and Lines is Stdin.
func (s *Session) Lines(interrupt func()) io.Reader {
	if !s.Terminal {
		return s.Stdin
	}
	pty, _, _ := s.ssh.Pty()
	r := &lineReader{from: alive{Reader: s.ssh, session: s}, to: s.Stdout, interrupt: interrupt, does: lineKeys(pty.Modes)}
	if echo, told := pty.Modes[gossh.ECHO]; told && echo == 0 {
		r.to = io.Discard // the terminal shows what is typed itself, as that of Emacs does
	}
	return r
}

// edit is what a key does to a line.
type edit int

const (
	adds edit = iota // its character
	endsLine
	erases
	erasesWord
	erasesLine
	showsAgain
	endsInput
	interrupts
)

// noCharacter is the character of a key that a terminal does not have, see RFC 4254,
// section 8.
const noCharacter = 255

// lineKeys are the keys of a terminal, by the characters that they send: those that
// are usual, and those that the client says.
func lineKeys(modes gossh.TerminalModes) map[byte]edit {
	keys := map[byte]edit{
		'\r': endsLine, '\n': endsLine, '\b': erases, 0x7f: erases, 'W' & 0x1f: erasesWord, 'U' & 0x1f: erasesLine,
		'R' & 0x1f: showsAgain, 'D' & 0x1f: endsInput, 'C' & 0x1f: interrupts,
	}
	for mode, key := range map[uint8]edit{
		gossh.VERASE: erases, gossh.VWERASE: erasesWord, gossh.VKILL: erasesLine, gossh.VREPRINT: showsAgain,
		gossh.VEOF: endsInput, gossh.VINTR: interrupts,
	} {
		// Only control characters: no letter is to be lost to a key.
		if character := modes[mode]; character > 0 && character < noCharacter && unicode.IsControl(rune(character)) {
			if _, taken := keys[byte(character)]; !taken {
				keys[byte(character)] = key
			}
		}
	}
	return keys
}

// lineReader makes lines of the keys that are pressed at a terminal.
type lineReader struct {
	from      io.Reader
	to        io.Writer // shows what is typed
	does      map[byte]edit
	interrupt func()

	line     []rune // that is being typed
	begun    []byte // of a character that has not come as a whole
	sequence int    // of what a special key sends: how far it has come
	returned bool   // the last one was a carriage return
	ready    []byte // lines that were ended and not read yet
	failed   error

	shown strings.Builder // what the keys of one reading show
}

// How far a sequence has come that a special key sends, such as an arrow. It is no
// part of a line.
const (
	noSequence  = iota
	sawEscape   // which may be one alone
	sawCSI      // goes on to a final byte
	sawSS3      // ends with the next byte
	finalCSI    = 0x40
	escape      = 0x1b
	bell        = "\a"
	takesBack   = "\b \b"
	sequenceCSI = '['
	sequenceSS3 = 'O'
)

func (r *lineReader) Read(p []byte) (int, error) {
	var keys [1024]byte
	for len(r.ready) == 0 {
		if r.failed != nil {
			return 0, r.failed
		}
		n, err := r.from.Read(keys[:])
		for _, key := range keys[:n] {
			if r.failed == nil {
				r.press(key)
			}
		}
		if r.failed == nil {
			r.failed = err
		}
		clear(keys[:n])
		_, err = io.WriteString(r.to, r.shown.String())
		r.shown.Reset()
		if r.failed == nil {
			r.failed = err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// press takes a byte that has come.
func (r *lineReader) press(key byte) {
	if r.special(key) {
		return
	}
	returned := r.returned
	r.returned = key == '\r'
	if key == '\n' && returned {
		return // of a line that has ended already
	}
	switch r.does[key] {
	case adds:
		r.character(key)
	case endsLine:
		r.ready = append(append(r.ready, string(r.line)...), '\n')
		r.line = r.line[:0]
		r.shown.WriteString("\n")
	case erases:
		r.erase(1)
	case erasesWord:
		r.erase(r.word())
	case erasesLine:
		r.erase(len(r.line))
	case showsAgain:
		r.shown.WriteString("\n")
		for _, character := range r.line {
			r.show(character)
		}
	case endsInput:
		if len(r.line) == 0 {
			r.failed = io.EOF
		}
	case interrupts:
		r.line, r.ready = r.line[:0], nil
		r.shown.WriteString("^C")
		r.interrupt()
	}
}

// special reports whether a byte belongs to the sequence of a special key.
func (r *lineReader) special(key byte) bool {
	before := r.sequence
	r.sequence = noSequence
	switch {
	case key == escape:
		r.sequence = sawEscape
		return true
	case before == sawEscape && key == sequenceCSI:
		r.sequence = sawCSI
		return true
	case before == sawEscape && key == sequenceSS3:
		r.sequence = sawSS3
		return true
	case key < ' ' || key >= utf8.RuneSelf: // none has such a byte
		return false
	case before == sawCSI:
		if key < finalCSI {
			r.sequence = sawCSI
		}
		return true
	}
	return before == sawSS3
}

// character takes a byte of a character.
func (r *lineReader) character(key byte) {
	r.begun = append(r.begun, key)
	for len(r.begun) > 0 && utf8.FullRune(r.begun) {
		character, size := utf8.DecodeRune(r.begun)
		r.begun = r.begun[:copy(r.begun, r.begun[size:])]
		switch {
		case unicode.IsControl(character) && character != '\t':
		case len(r.line) == maxLine:
			if !strings.HasSuffix(r.shown.String(), bell) {
				r.shown.WriteString(bell)
			}
		default:
			r.line = append(r.line, character)
			r.show(character)
		}
	}
}

// show shows a character in as many columns as it is taken to have.
func (r *lineReader) show(character rune) {
	switch {
	case character == '\t':
		r.shown.WriteByte(' ') // how wide a tabulator is here nobody knows
	case unicode.IsPrint(character):
		r.shown.WriteRune(character)
	}
}

// columns is how many a character has on the terminal.
func columns(character rune) int {
	if character == '\t' {
		return 1
	}
	return ansi.StringWidth(string(character))
}

// erase takes characters back, each with what combines with it.
func (r *lineReader) erase(characters int) {
	for len(r.line) > 0 && characters > 0 {
		last := r.line[len(r.line)-1]
		r.line = r.line[:len(r.line)-1]
		r.shown.WriteString(strings.Repeat(takesBack, columns(last)))
		if columns(last) > 0 {
			characters--
		}
	}
}

// word is how many characters the last word has, with what stands behind it.
func (r *lineReader) word() int {
	n := 0
	inWord := false
	for i := len(r.line) - 1; i >= 0; i-- {
		space := unicode.IsSpace(r.line[i])
		if inWord && space {
			break
		}
		inWord = inWord || !space
		if columns(r.line[i]) > 0 {
			n++
		}
	}
	return n
}
