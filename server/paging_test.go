package server_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// follow reads all pages as a client does: links.next as it is.
func (f *fixture) follow(path string) (names []string, pages int) {
	f.t.Helper()
	for path != "" {
		if pages++; pages > 100 {
			f.t.Fatal("the pages do not end")
		}
		if !strings.HasPrefix(path, "/poolside/v1/") {
			f.t.Fatalf("links.next is not relative to the host: %s", path)
		}
		answer := f.must(http.StatusOK, f.do("admin", http.MethodGet, path, ""))
		if !strings.Contains(answer.Body.String(), `"links":{`) {
			f.t.Fatalf("the list has no links: %s", answer.Body)
		}
		list := decode[api.ServiceAccountList](f.t, answer)
		for _, account := range list.ServiceAccounts {
			names = append(names, account.Name)
		}
		announced := ""
		if list.Links.Next != "" {
			announced = "<" + list.Links.Next + `>; rel="next"`
		}
		if link := answer.Header().Get("Link"); link != announced {
			f.t.Fatalf("links.next is %q, the header Link %q", list.Links.Next, link)
		}
		path = list.Links.Next
	}
	return names, pages
}

func (f *fixture) createMany(n int) (names []string) {
	f.t.Helper()
	for i := range n {
		name := fmt.Sprintf("page %02d", i)
		f.create("admin", name, f.teamA, name)
		names = append(names, name)
	}
	return names
}

func TestBothWaysOfPagingGiveEveryRowOnce(t *testing.T) {
	f := newFixture(t)
	want := f.createMany(23)
	for _, start := range []string{"?query=PAGE", "?query=page&page=1", "?query=page&page_size=5", "?query=page&page_size=5&page=1", "?query=page&page_size=300"} {
		names, pages := f.follow(api.PathServiceAccounts + start)
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", start, diff)
		}
		if wantPages := map[bool]int{true: 5, false: 2}[strings.Contains(start, "size=5")]; !strings.Contains(start, "300") && pages != wantPages {
			t.Errorf("%s took %d pages, want %d", start, pages, wantPages)
		}
	}
}

func TestTheNextLinkCarriesAllThatNarrows(t *testing.T) {
	f := newFixture(t)
	f.createMany(3)
	first := "?" + url.Values{
		"query": {"page"}, "team": {f.teamA}, "created_by": {f.ids["admin"]}, "page_size": {"2"}, "include_totals": {"true"},
	}.Encode()
	list := f.accounts(first)
	if list.Total == nil || *list.Total != 3 {
		t.Errorf("total %v, want 3", list.Total)
	}
	next, err := url.Parse(list.Links.Next)
	if err != nil {
		t.Fatal(err)
	}
	query := next.Query()
	if len(query.Get("start_token")) < 4 {
		t.Errorf("start_token %q", query.Get("start_token"))
	}
	query.Del("start_token")
	if "?"+query.Encode() != first {
		t.Errorf("links.next asks for %s, the first page was %s", query.Encode(), first)
	}
	if list = f.accounts(strings.TrimPrefix(list.Links.Next, api.PathServiceAccounts)); len(list.ServiceAccounts) != 1 || list.Links.Next != "" || *list.Total != 3 {
		t.Errorf("the last page is %+v", list)
	}
	if list = f.accounts("?query=page&page_size=2&page=2"); len(list.ServiceAccounts) != 1 || list.Links.Next != "" || list.Total != nil {
		t.Errorf("the last page by number is %+v", list)
	}
}

func TestAnEmptyListIsAList(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string]string{
		api.PathServiceAccounts + "?query=nothing":                     `{"service_accounts":[],"links":{}}`,
		api.PathServiceAccounts + "?query=nothing&include_totals=true": `{"service_accounts":[],"links":{},"total":0}`,
		api.PathServiceAccounts + "?page=1000":                         `{"service_accounts":[],"links":{}}`,
		api.PathServiceAccounts + "?team=" + newID():                   `{"service_accounts":[],"links":{}}`,
		api.PathTeams + "?name=nothing":                                `{"teams":[],"links":{}}`,
	} {
		if got := strings.TrimSpace(f.must(http.StatusOK, f.do("admin", http.MethodGet, path, "")).Body.String()); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// A row that is added or deleted while somebody pages must not make the others
// appear twice or not at all.
func TestPagingByTokenIsSteady(t *testing.T) {
	f := newFixture(t)
	want := f.createMany(6)
	first := f.accounts("?query=page&page_size=3")
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(first.ServiceAccounts[2].ID), ""))
	f.create("admin", "page 00 before", f.teamA, "before")
	rest, _ := f.follow(first.Links.Next)
	if diff := cmp.Diff(want[3:], rest); diff != "" {
		t.Errorf("the second page (-want +got):\n%s", diff)
	}
}

func TestBadPagesAreRefused(t *testing.T) {
	f := newFixture(t)
	token := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	good := token("1" + newID() + "name")
	f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathServiceAccounts+"?start_token="+good, ""))
	for query, location := range map[string]string{
		"page_size=0": "query.page_size", "page_size=301": "query.page_size", "page_size=-1": "query.page_size",
		"page_size=x": "query.page_size", "page_size=1e2": "query.page_size", "page_size=99999999999999999999": "query.page_size",
		"page=0": "query.page", "page=-1": "query.page", "page=x": "query.page", "page=9223372036854775807": "query.page",
		"start_token=abc": "query.start_token", "start_token=abcd": "query.start_token", "start_token=!!!!": "query.start_token",
		"start_token=" + good + "=":                                            "query.start_token",
		"start_token=" + token("2"+newID()+"name"):                             "query.start_token",
		"start_token=" + token("1"+strings.Repeat("x", 36)+"name"):             "query.start_token",
		"start_token=" + token("1"+newID()+"\xff"):                             "query.start_token",
		"start_token=" + token("1"+newID()+"\x00"):                             "query.start_token",
		"start_token=" + strings.Repeat("A", 5000):                             "query.start_token",
		"start_token=" + good + "&page=1":                                      "query.start_token",
		"include_totals=maybe":                                                 "query.include_totals",
		"team=A":                                                               "query.team",
		"team=" + strings.ReplaceAll(newID(), "-", ""):                         "query.team",
		"created_by=mary":                                                      "query.created_by",
		"query=%00":                                                            "query.query",
		"query=%ff":                                                            "query.query",
		"query=" + strings.Repeat("x", 257):                                    "query.query",
		"key_hash=" + strings.Repeat("g", 64):                                  "query.key_hash",
		"key_hash=" + strings.Repeat("a", 63):                                  "query.key_hash",
		"key_hash=" + url.QueryEscape(f.keys["account of A"]):                  "query.key_hash",
		"page_size=" + url.QueryEscape(f.keys["account of A"]) + "&key_hash=a": "query.page_size",
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathServiceAccounts+"?"+query, ""))
		if len(problem.Errors) == 0 || problem.Errors[0].Location != location || problem.Errors[0].Message == "" {
			t.Errorf("%.60s: errors %+v, want one at %s", query, problem.Errors, location)
		}
	}
	for _, query := range []string{"name=%00", "name_prefix=%ff", "page_size=301", "start_token=abc"} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathTeams+"?"+query, ""))
	}
}

func TestFilters(t *testing.T) {
	f := newFixture(t)
	f.create("robot", "Prüfstand", f.teamB, "by robot")
	hash := api.HashKey(f.keys["by robot"]).String()
	for query, want := range map[string][]string{
		"team=" + f.teamB:                                   {"Prüfstand", "account of B"},
		"team=" + strings.ToUpper(f.teamB):                  {"Prüfstand", "account of B"},
		"created_by=" + f.ids["robot"]:                      {"Prüfstand"},
		"query=PRU%CC%88F":                                  {"Prüfstand"}, // typed with a combining mark
		"query=" + url.QueryEscape("%"):                     nil,
		"key_hash=" + hash:                                  {"Prüfstand"},
		"key_hash=" + strings.ToUpper(hash):                 {"Prüfstand"},
		"key_hash=" + strings.Repeat("0", 64):               nil,
		"key_hash=" + hash + "&team=" + f.teamA:             nil,
		"team=" + f.teamB + "&created_by=" + f.ids["admin"]: {"account of B"},
		"page_size=&page=&start_token=&team=&query=of":      {"account of A", "account of B"},
	} {
		names, _ := f.follow(api.PathServiceAccounts + "?" + query)
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestTeams(t *testing.T) {
	f := newFixture(t)
	teams := func(query string) (names []string) {
		list := decode[api.TeamList](t, f.must(http.StatusOK, f.do("scim", http.MethodGet, api.PathTeams+query, "")))
		for _, team := range list.Teams {
			names = append(names, team.Name)
		}
		return names
	}
	for query, want := range map[string][]string{
		"?name=A": {"A"}, "?name=a": nil, "?name=team": nil,
		"?name_prefix=team+of+m":      {"team of manager", "team of manager of A"},
		"?name_prefix=team+of&name=B": nil,
	} {
		if diff := cmp.Diff(want, teams(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	all := teams("")
	if got := append(teams("?page_size=6"), teams("?page_size=6&page=2")...); cmp.Diff(all, got) != "" || len(all) != 11 {
		t.Errorf("by pages %q, at once %q", got, all)
	}

	for _, id := range []string{f.admins, strings.ToUpper(f.admins)} {
		team := decode[api.Team](t, f.must(http.StatusOK, f.do("scim", http.MethodGet, api.PathTeams+"/"+id, "")))
		if diff := cmp.Diff(api.AllPermissions(), team.Role.Permissions); diff != "" || team.Role.Name != api.RoleTenantAdmin {
			t.Errorf("the administrators' role: %+v", team.Role)
		}
	}
	body := f.must(http.StatusOK, f.do("scim", http.MethodGet, api.PathTeams+"/"+f.developers, "")).Body.String()
	if !strings.Contains(body, `"permissions":[]`) {
		t.Errorf("a role that grants nothing: %s", body)
	}
	for _, id := range []string{newID(), "A", "administrators", "%20", strings.ReplaceAll(f.teamA, "-", ""), "{" + f.teamA + "}", "%00", f.keys["robot"]} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, api.PathTeams+"/"+id, ""))
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, accountPath(id), ""))
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, accountPath(id), ""))
	}
}

func TestMe(t *testing.T) {
	f := newFixture(t)
	f.clock.advance(time.Minute)
	admin := decode[api.Caller](t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathMe, "")))
	want := api.Caller{
		Type: api.IdentityUser, ID: f.ids["admin"], Name: "Mary", Email: "mary@example.com", Organization: "Acme",
		Teams:       []api.CallerTeam{{ID: f.admins, Name: server.TeamAdministrators, Role: api.RoleTenantAdmin}},
		Permissions: api.AllPermissions(),
	}
	if diff := cmp.Diff(want, admin); diff != "" {
		t.Errorf("the administrator (-want +got):\n%s", diff)
	}
	robot := decode[api.Caller](t, f.must(http.StatusOK, f.do("robot", http.MethodGet, api.PathMe, "")))
	want.Type, want.ID, want.Name, want.Email = api.IdentityServiceAccount, f.ids["robot"], "robot", ""
	if diff := cmp.Diff(want, robot); diff != "" {
		t.Errorf("the service account (-want +got):\n%s", diff)
	}
	body := f.must(http.StatusOK, f.do("nobody", http.MethodGet, api.PathMe, "")).Body.String()
	if !strings.Contains(body, `"permissions":[]`) {
		t.Errorf("a caller without permissions: %s", body)
	}
}

// Who reads the whole list is told where several pages are. Together they are
// the list, in its order, also when accounts come and go in between.
func TestPagesAheadAreTheWholeList(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		f := newFixtureOn(t, dsn)
		want := f.createMany(23)
		ask := func(path string) (names []string, next string, ahead []string) {
			answer := f.must(http.StatusOK, f.do("admin", http.MethodGet, path, "", "Prefer", "respond-async, ahead=3"))
			list := decode[api.ServiceAccountList](t, answer)
			for _, account := range list.ServiceAccounts {
				names = append(names, account.Name)
			}
			for link := range strings.SplitSeq(answer.Header().Get("Link"), ", ") {
				if address, found := strings.CutSuffix(link, `>; rel="`+api.RelAhead+`"`); found {
					ahead = append(ahead, strings.TrimPrefix(address, "<"))
				}
			}
			return names, list.Links.Next, ahead
		}
		got, next, ahead := ask(api.PathServiceAccounts + "?query=page&page_size=4")
		if len(ahead) != 4 || !strings.HasPrefix(ahead[0], next+"&") && next == "" {
			t.Fatalf("%d places ahead, next %q: %q", len(ahead), next, ahead)
		}
		// One more in the first page ahead, one less in the second.
		f.create("admin", "page 05 and a half", f.teamA, "between")
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, api.PathServiceAccounts+"/"+f.accounts("?query=page+09").ServiceAccounts[0].ID, ""))
		want = slices.Insert(slices.Delete(slices.Clone(want), 9, 10), 6, "page 05 and a half")
		for places := ahead; len(places) > 0; {
			var further []string
			for i, place := range places {
				for place != "" {
					names, next, ahead := ask(place)
					got = append(got, names...)
					if i < len(places)-1 && len(ahead) > 0 {
						t.Error("a page with a fixed end names pages ahead")
					}
					if place = next; len(ahead) > 0 {
						place, further = "", ahead
					}
				}
			}
			places = further
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the pages (-want +got):\n%s", diff)
		}
		for _, prefer := range []string{"", "ahead", "ahead=0", "ahead=-1", "ahead=x", "behind=3"} {
			answer := f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathServiceAccounts+"?page_size=4", "", "Prefer", prefer))
			if strings.Contains(answer.Header().Get("Link"), api.RelAhead) {
				t.Errorf("%q is taken for a wish", prefer)
			}
		}
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathServiceAccounts+"?end_token=nonsense", ""))
	})
}
