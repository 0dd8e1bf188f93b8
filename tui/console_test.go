package tui_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

func TestMain(m *testing.M) {
	// os/signal starts a goroutine on first use; it must not be born in a bubble.
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
	os.Exit(m.Run())
}

// authority is a client over accounts in memory, with failures on demand.
type authority struct {
	mu       sync.Mutex
	caller   api.Caller
	teams    []api.Team
	accounts []api.ServiceAccount
	log      []api.AuditEvent // oldest first
	pageSize int
	// fail is asked before each call, by its name; nil means no failure.
	fail func(call string, attempt int) *api.Error
	// delay is how long a call takes.
	delay map[string]time.Duration
	calls map[string]int
	ended int // calls that were given up
	// keys are the idempotency keys of creates, in order.
	keys     []string
	requests []api.CreateServiceAccount
	deleted  []string
	minted   api.Secret
	written  chan struct{} // closed and replaced with every event
	// owned are the accounts whose keys are known, by the keys' hashes.
	owned map[string]int
}

func (a *authority) enter(ctx context.Context, call string) error {
	a.mu.Lock()
	a.calls[call]++
	attempt, wait, fail := a.calls[call], a.delay[call], a.fail
	a.mu.Unlock()
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			a.mu.Lock()
			defer a.mu.Unlock()
			a.ended++
			return ctx.Err()
		}
	}
	if fail != nil {
		if err := fail(call, attempt); err != nil {
			return err
		}
	}
	return nil
}

func (a *authority) Me(ctx context.Context) (api.Caller, error) {
	return a.caller, a.enter(ctx, "me")
}

func (a *authority) Teams(ctx context.Context, _ api.TeamFilter, _ api.ListOptions) (api.TeamList, error) {
	return api.TeamList{Teams: a.teams}, a.enter(ctx, "teams")
}

func (a *authority) NextTeams(ctx context.Context, _ string) (api.TeamList, error) {
	return api.TeamList{}, a.enter(ctx, "teams")
}

func (a *authority) ServiceAccounts(ctx context.Context, filter api.ServiceAccountFilter, _ api.ListOptions) (api.ServiceAccountList, error) {
	if filter.KeyHash != "" {
		if err := a.enter(ctx, "find"); err != nil {
			return api.ServiceAccountList{}, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if i, known := a.owned[filter.KeyHash]; known {
			return api.ServiceAccountList{ServiceAccounts: []api.ServiceAccount{a.accounts[i]}}, nil
		}
		if a.owned == nil && len(a.accounts) > 3 && filter.KeyHash == api.HashKey(knownKey).String() {
			owner := a.accounts[3]
			owner.Key.Hint = api.KeyHint(knownKey)
			return api.ServiceAccountList{ServiceAccounts: []api.ServiceAccount{owner}}, nil
		}
		return api.ServiceAccountList{}, nil
	}
	if err := a.enter(ctx, "count"); err != nil {
		return api.ServiceAccountList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	total := len(a.accounts)
	return api.ServiceAccountList{ServiceAccounts: a.accounts[:min(total, 1)], Total: &total}, nil
}

func (a *authority) ServiceAccountPages(ctx context.Context, _ api.ServiceAccountFilter) iter.Seq2[api.ServiceAccountList, error] {
	return func(yield func(api.ServiceAccountList, error) bool) {
		for from, more := 0, true; more; from += a.pageSize {
			page, err := a.page(ctx, from)
			more = err == nil && page.Links.Next != ""
			if !yield(page, err) {
				return
			}
		}
	}
}

func (a *authority) page(ctx context.Context, from int) (api.ServiceAccountList, error) {
	if err := a.enter(ctx, "accounts"); err != nil {
		return api.ServiceAccountList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	to := min(from+a.pageSize, len(a.accounts))
	list := api.ServiceAccountList{ServiceAccounts: append([]api.ServiceAccount{}, a.accounts[min(from, to):to]...)}
	if to < len(a.accounts) {
		list.Links.Next = "/more"
	}
	return list, nil
}

func (a *authority) ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error) {
	if err := a.enter(ctx, "account"); err != nil {
		return api.ServiceAccount{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, account := range a.accounts {
		if account.ID == id {
			return account, nil
		}
	}
	return api.ServiceAccount{}, &api.Error{Kind: api.KindRefused, Code: api.CodeNotFound, Status: 404, Detail: "there is no such service account"}
}

func (a *authority) CreateServiceAccount(ctx context.Context, request api.CreateServiceAccount, key string) (api.CreatedServiceAccount, error) {
	a.mu.Lock()
	a.keys = append(a.keys, key)
	a.requests = append(a.requests, request)
	a.mu.Unlock()
	if err := a.enter(ctx, "create"); err != nil {
		return api.CreatedServiceAccount{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	team := a.teams[0]
	for _, t := range a.teams {
		if t.ID == request.TeamID {
			team = t
		}
	}
	account := api.ServiceAccount{
		ID: "new-id", Name: request.Name, Team: api.Ref{ID: team.ID, Name: team.Name},
		Key: api.KeySummary{Hint: api.KeyHint(newKey), CreatedAt: time.Now()}, CreatedAt: time.Now(),
		CreatedBy: api.Actor{Type: api.IdentityUser, ID: "u1", Name: "ada"},
	}
	a.accounts = append(a.accounts, account)
	a.happened(a.me(), "service_account.create", account)
	a.minted = api.NewSecret(newKey)
	return api.CreatedServiceAccount{ServiceAccount: account, APIKey: a.minted, Replayed: a.calls["create"] > 1}, nil
}

func (a *authority) DeleteServiceAccount(ctx context.Context, id string) error {
	if err := a.enter(ctx, "delete"); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deleted = append(a.deleted, id)
	for i, account := range a.accounts {
		if account.ID == id {
			a.accounts = append(a.accounts[:i:i], a.accounts[i+1:]...)
			a.happened(a.me(), "service_account.delete", account)
			return nil
		}
	}
	return &api.Error{Kind: api.KindRefused, Code: api.CodeNotFound, Status: 404, Detail: "there is no such service account"}
}

// Two well-formed keys that belong to nobody, made of a fixed source.
var knownKey, newKey = fixedKey(7), fixedKey(11)

func fixedKey(seed byte) string {
	secret, err := api.MintKey(fixedSource(seed))
	if err != nil {
		panic(err)
	}
	return secret.Reveal()
}

type fixedSource byte

func (s fixedSource) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)*byte(s) + byte(s)
	}
	return len(p), nil
}

// board is this machine's clipboard in a test.
type board struct {
	native  bool
	problem string
	text    string
	slow    time.Duration
}

func (b *board) Copy(_ context.Context, text string) clipboard.Result {
	time.Sleep(b.slow)
	r := clipboard.Result{Native: b.native && b.problem == "", Problem: b.problem}
	if r.Native {
		b.text = text
	} else {
		r.Terminal, r.Sequence = clipboard.OSC52, ansi.SetSystemClipboard(text)
	}
	return r
}

// console drives a model without a terminal: commands run as goroutines of a
// synctest bubble, time is the bubble's own.
type console struct {
	t        *testing.T
	model    tea.Model
	server   *authority
	board    *board
	messages chan tea.Msg
	osc52    []string
	quit     bool
}

func newConsole(t *testing.T, server *authority, width, height int, change ...func(*tui.Options)) *console {
	t.Helper()
	return newConsoleOf(t, server, width, height, func(options tui.Options) tea.Model { return tui.New(options) }, change...)
}

// newConsoleOf is newConsole for any model that takes the console's options.
func newConsoleOf(
	t *testing.T, server *authority, width, height int, model func(tui.Options) tea.Model, change ...func(*tui.Options),
) *console {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &console{t: t, server: server, board: &board{}, messages: make(chan tea.Msg, 1024)}
	n := 0
	options := tui.Options{
		Context: ctx, Client: server, ContextName: "prod", Address: "keys.example.com", Clock: time.Now,
		Clipboard: c.board,
		NewIdempotencyKey: func() string {
			n++
			return fmt.Sprintf("00000000-0000-7000-8000-%012d", n)
		},
		SignIn: func(api.Secret) (tui.Client, error) { return server, nil },
	}
	for _, f := range change {
		f(&options)
	}
	c.model = model(options)
	c.send(tea.WindowSizeMsg{Width: width, Height: height})
	c.run(c.model.Init())
	c.settle()
	t.Cleanup(func() {
		// Whatever still waits for its time must end with the bubble.
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
	})
	return c
}

func (c *console) send(msg tea.Msg) {
	var cmd tea.Cmd
	c.model, cmd = c.model.Update(msg)
	c.run(cmd)
}

func (c *console) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		select {
		case c.messages <- cmd():
		case <-time.After(50 * time.Minute):
		}
	}()
}

// settle lets everything happen that needs no time to pass.
func (c *console) settle() {
	c.t.Helper()
	for range 1000 {
		synctest.Wait()
		select {
		case msg := <-c.messages:
			c.receive(msg)
		default:
			return
		}
	}
	c.t.Fatal("the console does not come to rest")
}

func (c *console) receive(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
		return
	case tea.BatchMsg:
		for _, cmd := range msg {
			c.run(cmd)
		}
		return
	case tea.QuitMsg:
		c.quit = true
		return
	}
	v := reflect.ValueOf(msg)
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]():
		// A sequence: one after the other.
		cmds := make([]tea.Cmd, v.Len())
		for i := range cmds {
			cmds[i] = v.Index(i).Interface().(tea.Cmd)
		}
		for _, cmd := range cmds {
			c.receive(cmd())
		}
		return
	case v.Type() == reflect.TypeFor[tea.RawMsg]():
		sequence := fmt.Sprint(msg.(tea.RawMsg).Msg)
		text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(sequence, "\x1b]52;c;"), "\x07"))
		if err != nil {
			c.t.Fatalf("the terminal gets %q", sequence)
		}
		c.osc52 = append(c.osc52, string(text))
		return
	}
	c.send(msg)
}

// wait lets time pass, and all that falls due in it happen.
func (c *console) wait(d time.Duration) {
	c.t.Helper()
	for end := time.After(d); ; {
		c.settle()
		select {
		case msg := <-c.messages:
			c.receive(msg)
		case <-end:
			c.settle()
			return
		}
	}
}

var specialKeys = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
	"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp},
	"home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "backspace": {Code: tea.KeyBackspace}, "space": {Code: ' ', Text: " "},
	"delete": {Code: tea.KeyDelete},
}

func keyPress(name string) tea.KeyPressMsg {
	if msg, ok := specialKeys[name]; ok {
		return msg
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: []rune(rest)[0], Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func (c *console) press(names ...string) {
	c.t.Helper()
	for _, name := range names {
		c.send(keyPress(name))
		c.settle()
	}
}

func (c *console) typeText(text string) {
	c.t.Helper()
	for _, r := range text {
		c.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	c.settle()
}

func pasteOf(text string) tea.Msg { return tea.PasteMsg{Content: text} }

func (c *console) paste(text string) {
	c.t.Helper()
	c.send(pasteOf(text))
	c.settle()
}

// screen is what is shown, without styles.
func (c *console) screen() string { return ansi.Strip(c.model.View().Content) }

func (c *console) sees(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if !strings.Contains(squeeze(c.screen()), squeeze(text)) {
			c.t.Fatalf("the screen does not show %q:\n%s", text, c.screen())
		}
	}
}

func (c *console) seesNot(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if strings.Contains(squeeze(c.screen()), squeeze(text)) {
			c.t.Fatalf("the screen shows %q:\n%s", text, c.screen())
		}
	}
}

// squeeze makes runs of spaces, line ends and dialog borders one space, so that
// a sentence is found although it is wrapped.
func squeeze(text string) string {
	text = strings.NewReplacer("│", " ", "\n", " ").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// selected is the row under the cursor.
func (c *console) selected() string {
	c.t.Helper()
	for _, line := range strings.Split(c.screen(), "\n") {
		if strings.HasPrefix(line, "▌ ") {
			return strings.Fields(line)[1]
		}
	}
	return ""
}
