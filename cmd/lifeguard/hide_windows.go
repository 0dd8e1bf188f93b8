package main

import "golang.org/x/sys/windows"

// hideTyping has a console no longer show what is typed, and returns what has it
// shown again.
func hideTyping(terminal int) (restore func(), err error) {
	console := windows.Handle(terminal)
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(console, before&^windows.ENABLE_ECHO_INPUT); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(console, before) }, nil
}
