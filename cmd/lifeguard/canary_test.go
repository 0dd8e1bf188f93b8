package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// canary is a server whose keys are looked for everywhere afterwards.
type canary struct {
	t                *testing.T
	folder, database string
	replica          served
	admin            string
	keys             map[string]string // by what they are
	places           map[string][]byte // what is searched
}

// The texts of keys are nowhere but in the answers that hand them out. Keys of
// every kind are made through the API, used, listed, replaced, introspected,
// mistyped, pasted wherever a request has room for them, and deleted; then
// everything that is left of that is searched for them.
func TestKeysAreNowhere(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { searchForKeys(t, "sqlite:keys.db") })
	t.Run("postgres", func(t *testing.T) { searchForKeys(t, postgrestest.New(t)) })
}

func searchForKeys(t *testing.T, database string) {
	c := &canary{t: t, folder: t.TempDir(), database: database, keys: map[string]string{}, places: map[string][]byte{}}
	stdout, words, err := runOn(t, c.folder, database, "init", "--organization", "Acme", "--admin", "ada@example.com")
	if err != nil {
		t.Fatalf("init: %v: %s", err, words)
	}
	c.admin = strings.TrimSpace(stdout)
	c.keys["the administrator's"] = c.admin
	c.keep("init's words", []byte(words))
	c.replica = startServingOn(t, c.folder, database)

	account := c.handOut()
	c.use()
	c.pasteEverywhere()
	c.sendNonsense()
	if status, _ := c.send(http.MethodDelete, api.PathServiceAccounts+"/"+account, c.admin, "", c.keys["the account's"]); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	for _, path := range []string{api.PathMe, api.PathAuth} {
		if status, _ := c.send(http.MethodGet, path, c.keys["the account's"], "", c.admin); status != http.StatusUnauthorized {
			t.Errorf("%s with the deleted key: %d", path, status)
		}
	}
	c.scriptTheLives()
	c.runCommands()
	if strings.HasPrefix(database, "sqlite:") {
		c.readDatabase("while it runs")
	}
	if err := c.replica.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.replica.cmd.Wait(); err != nil {
		t.Errorf("serve: %v", err)
	}
	c.keep("the server's log", c.replica.stderr.Bytes())
	c.readDatabase("when it has stopped")
	c.search()
}

func (c *canary) keep(place string, content []byte) {
	c.places[place] = append(c.places[place], content...)
}

// request sends one request with a key in every header that has room for it,
// and returns the answer.
func (c *canary) request(method, target, key, body, pasted string) (int, []byte) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.replica.url+target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(target, api.PathIntrospect) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, name := range []string{"User-Agent", api.HeaderVia, "Referer", "Cookie", "Origin", "X-Forwarded-For", "X-Request-Id", "If-Match", "Accept-Language"} {
		if pasted != "" {
			r.Header.Set(name, pasted)
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.keep("an answer's headers", []byte(fmt.Sprintln(answer.Header)))
	return answer.StatusCode, content
}

// send is request whose answer is searched.
func (c *canary) send(method, target, key, body, pasted string) (int, []byte) {
	c.t.Helper()
	status, content := c.request(method, target, key, body, pasted)
	c.keep("an answer's body", content)
	return status, content
}

// handOut makes keys: the answers of these requests alone hold them.
func (c *canary) handOut() (account string) {
	c.t.Helper()
	_, content := c.send(http.MethodGet, api.PathMe, c.admin, "", "")
	var me api.Caller
	if err := json.Unmarshal(content, &me); err != nil {
		c.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"name":"canary","team_id":%q}`, me.Teams[0].ID)
	for _, made := range []struct{ what, path, body, idempotencyKey string }{
		{"the account's first", api.PathServiceAccounts, body, "0198c000-0000-7000-8000-000000000001"},
		{"the account's", api.PathServiceAccounts, body, "0198c000-0000-7000-8000-000000000001"},
		{"a developer's", api.PathMyAPIKeys, "", "0198c000-0000-7000-8000-000000000002"},
	} {
		r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.replica.url+made.path, strings.NewReader(made.body))
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {"Bearer " + c.admin}, "Content-Type": {"application/json"}, api.HeaderIdempotencyKey: {made.idempotencyKey}}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			c.t.Fatal(err)
		}
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			c.t.Fatal(err)
		}
		_ = answer.Body.Close()
		var created api.CreatedServiceAccount
		if err := json.Unmarshal(content, &created); err != nil || created.APIKey.IsZero() {
			c.t.Fatalf("%s: %v, status %s", made.what, err, answer.Status)
		}
		key := created.APIKey.Reveal()
		c.keys[made.what] = key
		if n := bytes.Count(content, []byte(key[len(api.KeyPrefix):])); n != 1 {
			c.t.Errorf("the answer that hands %s key out holds it %d times", made.what, n)
		}
		c.keep("the rest of a create's answer", bytes.ReplaceAll(content, []byte(key), nil))
		c.keep("a create's headers", []byte(fmt.Sprintln(answer.Header)))
		account = max(account, created.ServiceAccount.ID)
	}
	return account
}

// use uses the keys in every way, whole and mistyped.
func (c *canary) use() {
	c.t.Helper()
	for what, key := range maps.Clone(c.keys) {
		want := http.StatusOK
		if what == "the account's first" { // replaced by the second
			want = http.StatusUnauthorized
		}
		for _, path := range []string{api.PathMe, api.PathAuth, api.PathServiceAccounts, api.PathTeams + "?page_size=1", api.PathMyAPIKeys} {
			if status, _ := c.send(http.MethodGet, path, key, "", key); status != want {
				c.t.Errorf("%s key at %s: %d, want %d", what, path, status, want)
			}
		}
		c.send(http.MethodPost, api.PathIntrospect, c.admin, "token="+key, key)
		c.send(http.MethodPost, api.PathIntrospect+"?token="+key, key, "", key)
		c.send(http.MethodGet, api.PathServiceAccounts+"?key_hash="+api.HashKey(key).String(), c.admin, "", key)
		swapped := key[:20] + key[21:22] + key[20:21] + key[22:]
		for _, wrong := range []string{key[:len(key)-1], key + "x", swapped, key[len(api.KeyPrefix):], "PS-" + key[3:], key + " " + key, "x" + key} {
			c.send(http.MethodGet, api.PathMe, wrong, "", wrong)
			c.send(http.MethodGet, api.PathAuth, wrong, "", "")
			c.send(http.MethodPost, api.PathIntrospect, c.admin, "token="+url.QueryEscape(wrong), "PS-"+key[3:])
		}
	}
}

// readDatabase reads every file of the database, and of PostgreSQL every row
// as text too.
func (c *canary) readDatabase(when string) {
	c.t.Helper()
	folder := c.folder
	if !strings.HasPrefix(c.database, "sqlite:") {
		name, err := url.Parse(c.database)
		if err != nil {
			c.t.Fatal(err)
		}
		folder = name.Query().Get("host")
		c.readTables(when)
	}
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // PostgreSQL's files come and go
		}
		content, err := os.ReadFile(path)
		if err == nil {
			files++
			c.keep(when+", the file "+strings.TrimPrefix(path, folder), content)
		}
		return nil
	})
	if err != nil || files == 0 {
		c.t.Errorf("%d files in %s: %v", files, folder, err)
	}
}

func (c *canary) readTables(when string) {
	c.t.Helper()
	db, err := sql.Open("pgx", c.database)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range c.rows(db, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`) {
		for _, row := range c.rows(db, `SELECT t::text FROM `+table+` t`) {
			c.keep(when+", the table "+table, []byte(row))
		}
	}
}

func (c *canary) rows(db *sql.DB, query string) (texts []string) {
	c.t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			c.t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return texts
}

// search looks for parts of 12 characters of every key, one of which is in
// whatever holds 18 of its characters in a row. The hint, which may be shown,
// has four.
func (c *canary) search() {
	c.t.Helper()
	const part, step = 12, 6
	for _, place := range slices.Sorted(maps.Keys(c.places)) {
		content := c.places[place]
		for what, key := range c.keys {
			for i := len(api.KeyPrefix); i+part <= len(key); i += step {
				if at := bytes.Index(content, []byte(key[i:i+part])); at >= 0 {
					c.t.Errorf("%s key is in %s, after %q", what, place, content[max(0, at-i-60):max(0, at-i)])
					break
				}
			}
		}
	}
	var size int
	for _, content := range c.places {
		size += len(content)
	}
	c.t.Logf("%d keys were looked for in %d places, %d KiB", len(c.keys), len(c.places), size>>10)
}
