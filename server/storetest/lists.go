package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func testTeams(t *testing.T, db Database) {
	f := newFixture(t, db)
	all := []api.Team{f.web, f.admins, f.data} // by the bytes of the name: W before a
	page, err := f.Store.Teams(t.Context(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 3, Total: true}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(server.TeamPage{Teams: all, Total: 3}, page); diff != "" {
		t.Error(diff)
	}
	for i, want := range all {
		got, err := f.Store.Team(t.Context(), want.ID)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v\n%s", want.Name, err, cmp.Diff(want, got))
		}
		query := server.TeamQuery{PageQuery: server.PageQuery{Limit: 1, Offset: i}}
		page, err := f.Store.Teams(t.Context(), query)
		if err != nil || len(page.Teams) != 1 || page.Teams[0].ID != want.ID || page.More != (i < 2) || page.Total != -1 {
			t.Errorf("page %d: %+v, %v", i, page, err)
		}
		query = server.TeamQuery{PageQuery: server.PageQuery{Limit: 2, After: &server.Cursor{Name: want.Name, ID: want.ID}}}
		page, err = f.Store.Teams(t.Context(), query)
		if err != nil || !cmp.Equal(page.Teams, all[i+1:]) {
			t.Errorf("after %s: %+v, %v", want.Name, page, err)
		}
	}
	if _, err := f.Store.Team(t.Context(), NewID(1000)); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("an unknown team: %v, want ErrNotFound", err)
	}
}

func testTeamFilters(t *testing.T, db Database) {
	f := newFixture(t, db)
	for _, c := range []struct {
		query server.TeamQuery
		want  []string
	}{
		{server.TeamQuery{TeamFilter: api.TeamFilter{Name: "data"}}, []string{"data"}},
		{server.TeamQuery{TeamFilter: api.TeamFilter{Name: "Data"}}, nil},
		{server.TeamQuery{TeamFilter: api.TeamFilter{NamePrefix: "adm"}}, []string{"administrators"}},
		{server.TeamQuery{TeamFilter: api.TeamFilter{NamePrefix: "W"}}, []string{"Web"}},
		{server.TeamQuery{TeamFilter: api.TeamFilter{NamePrefix: "w"}}, nil},
		{server.TeamQuery{TeamFilter: api.TeamFilter{NamePrefix: "%"}}, nil},
		{server.TeamQuery{IDs: []string{f.web.ID, f.data.ID, NewID(1000)}}, []string{"Web", "data"}},
		{server.TeamQuery{IDs: []string{f.web.ID}, TeamFilter: api.TeamFilter{Name: "data"}}, nil},
		{server.TeamQuery{IDs: []string{}}, nil},
	} {
		c.query.PageQuery = server.PageQuery{Limit: 10, Total: true}
		page, err := f.Store.Teams(t.Context(), c.query)
		if err != nil {
			t.Errorf("%+v: %v", c.query, err)
		}
		var got []string
		for _, team := range page.Teams {
			got = append(got, team.Name)
		}
		if !slices.Equal(got, c.want) || page.Total != len(c.want) || page.More || page.Teams == nil {
			t.Errorf("%+v: %+v, want %v", c.query, page, c.want)
		}
	}
}

func testPaging(t *testing.T, db Database) {
	f := newFixture(t, db)
	var want []api.ServiceAccount
	for _, name := range []string{"b", "ä", "a", "B", "a-2", "ключ", "😀", "a 2", "Z", "鍵", "a_2"} {
		account, _ := f.account(t, f.data, name)
		want = append(want, account)
	}
	twin, _ := f.account(t, f.web, "a") // a name that two teams have
	want = append(want, twin)
	slices.SortFunc(want, func(a, b api.ServiceAccount) int {
		if byName := strings.Compare(a.Name, b.Name); byName != 0 {
			return byName
		}
		return strings.Compare(a.ID, b.ID)
	})
	for limit := 1; limit <= len(want)+1; limit++ {
		var byCursor, byOffset []api.ServiceAccount
		var after *server.Cursor
		for more := true; more; {
			page := f.list(t, server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: limit, After: after, Total: true}})
			byCursor = append(byCursor, page.ServiceAccounts...)
			if page.Total != len(want) || len(page.ServiceAccounts) > limit || page.More != (len(byCursor) < len(want)) {
				t.Fatalf("limit %d: %d rows so far, more: %t, total: %d", limit, len(byCursor), page.More, page.Total)
			}
			last := byCursor[len(byCursor)-1]
			after, more = &server.Cursor{Name: last.Name, ID: last.ID}, page.More
		}
		for more := true; more; {
			page := f.list(t, server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: limit, Offset: len(byOffset)}})
			byOffset, more = append(byOffset, page.ServiceAccounts...), page.More
			if page.Total != -1 {
				t.Fatalf("a total of %d that nobody asked for", page.Total)
			}
		}
		if diff := cmp.Diff(want, byCursor); diff != "" {
			t.Fatalf("limit %d, by cursor:\n%s", limit, diff)
		}
		if diff := cmp.Diff(want, byOffset); diff != "" {
			t.Fatalf("limit %d, by offset:\n%s", limit, diff)
		}
	}
	for _, beyond := range []server.PageQuery{{Limit: 5, Offset: 100}, {Limit: 5, After: &server.Cursor{Name: "\U0010FFFF"}}} {
		if page := f.list(t, server.ServiceAccountQuery{PageQuery: beyond}); page.ServiceAccounts == nil || len(page.ServiceAccounts) != 0 || page.More {
			t.Errorf("beyond the end: %+v", page)
		}
	}
}

// A list shows of an account what its own page shows, whatever its texts are,
// and the name that its team has now.
func testListRows(t *testing.T, db Database) {
	f := newFixture(t, db)
	used := stored(Epoch.Add(time.Hour))
	var want []api.ServiceAccount
	for i, name := range []string{"|", "1|a|b", "12|", "plain", "Ünï|cödé", "鍵|", "\"quoted\"", "tab\tbreak\n"} {
		account, key := f.newAccount([]api.Team{f.data, f.web}[i%2], name)
		account.CreatedBy.Name = "|" + name + "|"
		f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertServiceAccount(ctx, account, key) })
		if i%3 == 0 {
			account.Key.LastUsedAt, account.Key.LastUsedIP = &used, "2001:db8::1"
			if err := f.Store.Touch(t.Context(), []server.KeyUse{{KeyID: key.ID, At: used, IP: account.Key.LastUsedIP}}); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, account)
	}
	slices.SortFunc(want, func(a, b api.ServiceAccount) int { return strings.Compare(a.Name, b.Name) })
	compare := func(when string) {
		t.Helper()
		if diff := cmp.Diff(want, f.list(t, server.ServiceAccountQuery{}).ServiceAccounts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		for _, account := range want {
			if got, err := f.Store.ServiceAccount(t.Context(), account.ID); err != nil || !cmp.Equal(account, got) {
				t.Errorf("%s, alone: %+v, %v", when, got, err)
			}
		}
	}
	compare("as they are")
	renamed := f.web
	renamed.Name = "Web | 2"
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, renamed) })
	for i := range want {
		if want[i].Team.ID == renamed.ID {
			want[i].Team.Name = renamed.Name
		}
	}
	compare("with a team that was renamed")
}

func testFilters(t *testing.T, db Database) {
	f := newFixture(t, db)
	_, key := f.account(t, f.data, "one")
	f.account(t, f.data, "two")
	f.account(t, f.web, "three")
	var other api.ServiceAccount
	for _, name := range []string{"four", "five"} {
		account, key := f.newAccount(f.admins, name)
		account.CreatedBy = api.Actor{Type: api.IdentityServiceAccount, ID: NewID(700), Name: "maker"}
		f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertServiceAccount(ctx, account, key) })
		other = account
	}
	filter := func(filter api.ServiceAccountFilter) server.ServiceAccountQuery {
		return server.ServiceAccountQuery{ServiceAccountFilter: filter}
	}
	for _, c := range []struct {
		query server.ServiceAccountQuery
		want  []string
	}{
		{filter(api.ServiceAccountFilter{}), []string{"five", "four", "one", "three", "two"}},
		{filter(api.ServiceAccountFilter{Team: f.data.ID}), []string{"one", "two"}},
		{filter(api.ServiceAccountFilter{Team: NewID(1000)}), []string{}},
		{filter(api.ServiceAccountFilter{CreatedBy: f.ada.ID}), []string{"one", "three", "two"}},
		{filter(api.ServiceAccountFilter{CreatedBy: other.CreatedBy.ID, Query: "IV"}), []string{"five"}},
		{filter(api.ServiceAccountFilter{KeyHash: key.Hash.String()}), []string{"one"}},
		{filter(api.ServiceAccountFilter{KeyHash: key.Hash.String(), Team: f.web.ID}), []string{}},
		{filter(api.ServiceAccountFilter{KeyHash: strings.Repeat("0", 64)}), []string{}},
		{filter(api.ServiceAccountFilter{KeyHash: "no hash"}), []string{}},
		{server.ServiceAccountQuery{TeamIDs: []string{f.web.ID, f.data.ID, NewID(1000)}}, []string{"one", "three", "two"}},
		{server.ServiceAccountQuery{TeamIDs: []string{}}, []string{}},
		{server.ServiceAccountQuery{TeamIDs: []string{f.web.ID}, ServiceAccountFilter: api.ServiceAccountFilter{Team: f.data.ID}}, []string{}},
	} {
		for _, size := range []int{1, 300} {
			c.query.PageQuery = server.PageQuery{Limit: size, Total: true}
			page := f.list(t, c.query)
			want := c.want[:min(size, len(c.want))]
			if !slices.Equal(names(page.ServiceAccounts), want) || page.Total != len(c.want) || page.More != (len(c.want) > size) {
				t.Errorf("%+v: %v, more: %t, total: %d; want %v", c.query, names(page.ServiceAccounts), page.More, page.Total, c.want)
			}
		}
	}
}

func testSearch(t *testing.T, db Database) {
	f := newFixture(t, db)
	for _, name := range []string{"ci-Deploy-EU", "100%", "under_score", `back\slash`, "Straße 7", "ÄRGER", "ΣΊΣΥΦΟΣ", "日本語", "quote'd", "é", "plain"} {
		f.account(t, f.data, name)
	}
	for query, want := range map[string][]string{
		"deploy": {"ci-Deploy-EU"}, "DEPLOY-e": {"ci-Deploy-EU"}, "i-d": {"ci-Deploy-EU"},
		"%": {"100%"}, "0%": {"100%"}, "_": {"under_score"}, "r_s": {"under_score"}, `\`: {`back\slash`}, `k\s`: {`back\slash`},
		"strasse": {"Straße 7"}, "STRASSE 7": {"Straße 7"}, "straße": {"Straße 7"},
		"ärger": {"ÄRGER"}, "a\u0308rg": {"ÄRGER"}, "arger": {},
		"σίσυφος": {"ΣΊΣΥΦΟΣ"}, "本": {"日本語"}, "'": {"quote'd"}, "É": {"é"}, "E\u0301": {"é"},
		"lai": {"plain"}, "pl%n": {}, "zzz": {},
	} {
		page := f.list(t, server.ServiceAccountQuery{
			PageQuery: server.PageQuery{Limit: 300, Total: true}, ServiceAccountFilter: api.ServiceAccountFilter{Query: query},
		})
		if !slices.Equal(names(page.ServiceAccounts), want) || page.Total != len(want) {
			t.Errorf("%q finds %q of %d, want %q", query, names(page.ServiceAccounts), page.Total, want)
		}
	}
}
