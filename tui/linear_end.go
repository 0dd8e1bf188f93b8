package tui

import tea "charm.land/bubbletea/v2"

// finish ends it when there are no more lines.
func (l *Linear) finish() {
	l.raw("\n")
	accounts, creates := l.model.Undelivered()
	_, signIn := l.model.topDialog().(signInDialog)
	switch {
	case len(accounts) > 0:
		l.say("The input ended before you said that you have the key. It stands above, and nothing can show it again.")
		l.leave(LinearKeyLost)
	case len(creates) > 0:
		l.say("The input ended before the server answered. The account may exist, and nobody knows its key: look for it in the list.")
		l.leave(LinearKeyLost)
	case signIn:
		l.say("The input ended before you signed in.")
		l.leave(LinearSignedOut)
	case len(l.model.dialogs) > 0 && !l.delivered():
		l.say("The input ended in the middle of a question. Nothing was done for it.")
		l.leave(LinearUnfinished)
	default:
		if f := l.model.accounts.failure; f != nil && f.unauthorized() {
			l.leave(LinearSignedOut)
			return
		}
		l.leave(LinearLeft)
	}
}

// delivered reports whether all that is open is a key that has arrived, or a
// deletion of many that is over.
func (l *Linear) delivered() bool {
	switch d := l.model.topDialog().(type) {
	case keyDialog:
		return d.delivered
	case bulkDialog:
		return d.phase == bulkDone && d.left() == 0
	}
	return false
}

func (l *Linear) leave(end LinearEnd) {
	l.left, l.end = true, end
	l.cmds = append(l.cmds, tea.Quit)
}

// quit leaves, unless a dialog holds something that would be lost.
func (l *Linear) quit() {
	if cmd := l.model.interrupt(); cmd != nil {
		l.leave(LinearLeft)
	}
}
