//go:build !windows

package main

import "golang.org/x/sys/unix"

// hideTyping has a terminal no longer show what is typed, and returns what has
// it shown again. Lines are still edited and ended as before.
func hideTyping(terminal int) (restore func(), err error) {
	before, err := unix.IoctlGetTermios(terminal, readTermios)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(terminal, writeTermios, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(terminal, writeTermios, before) }, nil
}
