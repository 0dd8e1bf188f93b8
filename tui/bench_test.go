package tui_test

import (
	"context"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui"
)

// loadedModel is a console with n accounts on a screen of 120×40, made by
// running the commands of the start to their end.
func loadedModel(b *testing.B, n int) tea.Model {
	b.Helper()
	server := manyAccounts(n)
	m := tea.Model(tui.New(tui.Options{
		Context: context.Background(), Client: server, ContextName: "bench", Clock: time.Now,
		Clipboard: &board{}, NewIdempotencyKey: func() string { return "" },
	}))
	m, _ = m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m, cmd := m, m.Init()
	for _, part := range cmd().(tea.BatchMsg)[1:4] { // the end of the log, caller, teams
		queue := []tea.Msg{part()}
		for len(queue) > 0 {
			var next tea.Cmd
			m, next = m.Update(queue[0])
			queue = queue[1:]
			// What follows a page of accounts is the next page; the clock's
			// ticks, which wait, are left out.
			if batch, ok := run(next).(tea.BatchMsg); ok {
				for _, c := range batch {
					if msg := run(c); msg != nil {
						queue = append(queue, msg)
					}
				}
			}
		}
	}
	return m
}

// run carries out a command unless it waits.
func run(cmd tea.Cmd) tea.Msg {
	if cmd == nil {
		return nil
	}
	answer := make(chan tea.Msg, 1)
	go func() { answer <- cmd() }()
	select {
	case msg := <-answer:
		return msg
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

// BenchmarkFrame is a key press and the frame that follows it: the model's and
// the view's share of what a person waits for.
func BenchmarkFrame(b *testing.B) {
	for _, size := range []struct {
		name string
		rows int
	}{{"1204", 1_204}, {"100k", 100_000}} {
		b.Run("cursor-down/"+size.name, func(b *testing.B) {
			m := loadedModel(b, size.rows)
			for b.Loop() {
				m, _ = m.Update(keyPress("j"))
				_ = m.View()
			}
		})
		b.Run("page-down/"+size.name, func(b *testing.B) {
			m := loadedModel(b, size.rows)
			for b.Loop() {
				m, _ = m.Update(keyPress("pgdown"))
				_ = m.View()
			}
		})
		b.Run("search-key/"+size.name, func(b *testing.B) {
			m := loadedModel(b, size.rows)
			m, _ = m.Update(keyPress("/"))
			query := []string{"c", "i", "space", "d", "e", "p"}
			for i := 0; b.Loop(); i++ {
				if i%(len(query)+1) == len(query) {
					m, _ = m.Update(keyPress("esc"))
				} else {
					m, _ = m.Update(keyPress(query[i%(len(query)+1)]))
				}
				_ = m.View()
			}
		})
	}
	b.Run("dialog/1204", func(b *testing.B) {
		m := loadedModel(b, 1_204)
		m, _ = m.Update(keyPress("n"))
		for b.Loop() {
			m, _ = m.Update(keyPress("a"))
			_ = m.View()
			m, _ = m.Update(keyPress("backspace"))
		}
	})
}

var _ tui.Client = (*authority)(nil)
