package tui_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	server.pageSize = max(server.pageSize, n/100)
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
			// What follows a page of accounts is the next page.
			queue = append(queue, all(next)...)
		}
	}
	if !strings.Contains(m.View().Content, "ps-") {
		b.Fatalf("there are no accounts:\n%s", m.View().Content)
	}
	return m
}

// all are the answers to a command and to those that it consists of.
func all(cmd tea.Cmd) (answers []tea.Msg) {
	switch msg := run(cmd).(type) {
	case nil:
	case tea.BatchMsg:
		for _, part := range msg {
			answers = append(answers, all(part)...)
		}
	default:
		if fmt.Sprintf("%T", msg) != "tui.tickMsg" { // it would go on for ever
			answers = append(answers, msg)
		}
	}
	return answers
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
	case <-time.After(2 * time.Second):
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

// BenchmarkFrameByLength moves the cursor in lists of 1,000 and of 1,000,000
// accounts in turns: what a frame costs must not depend on how many there are.
func BenchmarkFrameByLength(b *testing.B) {
	models := []tea.Model{loadedModel(b, 1_000), loadedModel(b, 1_000_000)}
	spent := make([][]time.Duration, len(models))
	for b.Loop() {
		for range 100 {
			for i := range models {
				start := time.Now()
				models[i], _ = models[i].Update(keyPress("j"))
				_ = models[i].View()
				spent[i] = append(spent[i], time.Since(start))
			}
		}
	}
	short, long := median(spent[0]), median(spent[1])
	b.ReportMetric(short.Seconds()*1000, "ms-1k")
	b.ReportMetric(long.Seconds()*1000, "ms-1M")
	b.ReportMetric(float64(long)/float64(short), "ratio")
	b.ReportMetric(0, "ns/op")
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// BenchmarkTypeAhead types into a list of 1,000,000 accounts without waiting for
// answers, as the program runs it: commands beside the model, which handles one
// message after the other. It reports how long the model is not free to handle
// the next key.
func BenchmarkTypeAhead(b *testing.B) {
	m := loadedModel(b, 1_000_000)
	m, _ = m.Update(keyPress("/"))
	messages := make(chan tea.Msg, 1024)
	var keys, answers []time.Duration
	var start func(cmd tea.Cmd)
	start = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		go func() {
			switch msg := cmd().(type) {
			case nil:
			case tea.BatchMsg:
				for _, part := range msg {
					start(part)
				}
			default:
				messages <- msg
			}
		}()
	}
	handle := func(msg tea.Msg) time.Duration {
		began := time.Now()
		var cmd tea.Cmd
		m, cmd = m.Update(msg)
		_ = m.View()
		took := time.Since(began)
		start(cmd)
		return took
	}
	typed := []string{"c", "i", "space", "d", "e", "p", "space", "1", "2", "backspace", "backspace", "esc", "/", "n", "l", "y", "esc", "/"}
	for b.Loop() {
		for _, key := range typed {
			keys = append(keys, handle(keyPress(key)))
			for pause := time.After(40 * time.Millisecond); pause != nil; {
				select {
				case msg := <-messages:
					answers = append(answers, handle(msg))
				case <-pause:
					pause = nil
				}
			}
		}
	}
	b.ReportMetric(slices.Max(keys).Seconds()*1000, "ms-longest-key")
	b.ReportMetric(slices.Max(answers).Seconds()*1000, "ms-longest-answer")
	b.ReportMetric(median(keys).Seconds()*1000, "ms-key")
	b.ReportMetric(0, "ns/op")
}

var _ tui.Client = (*authority)(nil)
