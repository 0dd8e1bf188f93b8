package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// signIn gives a caller an SSH key and signs in with it.
func (f *fixture) signIn(caller string) server.SSHLogin {
	f.t.Helper()
	line := newSSHKey(f.t)
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids[caller]), sshKeysBody(line)))
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		f.t.Fatal(err)
	}
	login, err := f.server.AdmitSSH(f.t.Context(), server.SSHFingerprintOf(key.Marshal()))
	if err != nil || login.UserID != f.ids[caller] {
		f.t.Fatalf("%+v, %v", login, err)
	}
	return login
}

// over sends a request on the connection of a login.
func (f *fixture) over(login server.SSHLogin, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(server.ActAs(f.t.Context(), login), method, path, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:4711"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	f.handler.ServeHTTP(answer, r)
	return answer
}

func TestALoginActsAsItsUser(t *testing.T) {
	f := newFixture(t)
	login := f.signIn("manager of A")
	me := decode[api.Caller](t, f.must(http.StatusOK, f.over(login, http.MethodGet, api.PathMe, "")))
	if me.ID != f.ids["manager of A"] {
		t.Errorf("%+v", me)
	}
	// A key in the request does not make it somebody else's.
	me = decode[api.Caller](t, f.must(http.StatusOK, f.over(login, http.MethodGet, api.PathMe, "", "Authorization", "Bearer "+f.keys["admin"])))
	if me.ID != f.ids["manager of A"] {
		t.Errorf("%+v", me)
	}
	body := jsonOf(api.CreateServiceAccount{Name: "over SSH", TeamID: f.teamA})
	f.must(http.StatusCreated, f.over(login, http.MethodPost, api.PathServiceAccounts, body, api.HeaderVia, "something else"))
	events := f.events(server.ActionServiceAccountCreate)
	event := events[len(events)-1]
	if event.Via != "ssh" || event.IP != "192.0.2.7" || event.Actor.ID != f.ids["manager of A"] || event.Metadata["ssh_key"] != login.Key.String() {
		t.Errorf("%+v", event)
	}
	f.refused(http.StatusForbidden, api.CodeForbidden, f.over(login, http.MethodPost, api.PathServiceAccounts,
		jsonOf(api.CreateServiceAccount{Name: "not there", TeamID: f.teamB})))
	// What is taken away is gone with the next request, and what was refused is
	// told of with the key.
	f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.teamA, "set"), idsBody()))
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["manager of A"]), sshKeysBody()))
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.over(login, http.MethodGet, api.PathMe, ""))
}

func TestALoginEndsWithItsUserAndItsKey(t *testing.T) {
	f := newFixture(t)
	login := f.signIn("manager")
	is := func(want bool) {
		t.Helper()
		status := http.StatusUnauthorized
		if want {
			status = http.StatusOK
		}
		f.must(status, f.over(login, http.MethodGet, api.PathMe, ""))
		still, err := f.server.StillAdmitted(t.Context(), []server.SSHLogin{login, {UserID: f.ids["admin"], Key: login.Key}})
		if err != nil || still[0] != want || still[1] {
			t.Errorf("%v, %v", still, err)
		}
		if _, err := f.server.AdmitSSH(t.Context(), login.Key); (err == nil) != want || err != nil && !errors.Is(err, server.ErrNotAdmitted) {
			t.Errorf("%v", err)
		}
	}
	is(true)
	manager := userPath(f.ids["manager"])
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, manager, `{"status_action":"suspend"}`))
	is(false)
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, manager, `{"status_action":"unsuspend"}`))
	is(true)
	// A developer key is not made by a login that has ended in between, nor by
	// another user who got the key.
	keys := read[api.User](f, manager).SSHKeys
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, manager, sshKeysBody()))
	is(false)
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["nobody"]), sshKeysBody(keys...)))
	f.must(http.StatusUnauthorized, f.over(login, http.MethodPost, api.PathMyAPIKeys, ""))
}

// Over the network nobody is anybody by saying so.
func TestALoginCannotBeClaimed(t *testing.T) {
	f := newFixture(t)
	login := f.signIn("manager")
	for _, headers := range [][]string{
		{"X-Forwarded-User", login.UserID}, {"Authorization", "Bearer " + login.Key.String()}, {"Authorization", login.Key.String()}, {"Ssh-Key", login.Key.String()},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, api.PathMe, nil)
		r.Header.Set(headers[0], headers[1])
		r.RemoteAddr = "pipe"
		answer := httptest.NewRecorder()
		f.handler.ServeHTTP(answer, r)
		f.must(http.StatusUnauthorized, answer)
	}
	f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathServiceAccounts,
		jsonOf(api.CreateServiceAccount{Name: "claimed", TeamID: f.teamA}), api.HeaderVia, "ssh"))
	events := f.events(server.ActionServiceAccountCreate)
	if event := events[len(events)-1]; event.Via != "" || event.Metadata["ssh_key"] != "" {
		t.Errorf("%+v", event)
	}
}

func TestRefusedLoginsAreAudited(t *testing.T) {
	f := newFixture(t)
	_, unknown := f.server.AdmitSSH(t.Context(), server.SSHFingerprint{1})
	login := f.signIn("manager")
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["manager"]), `{"status_action":"suspend"}`))
	_, suspended := f.server.AdmitSSH(t.Context(), login.Key)
	for range 3 {
		f.server.RefusedSSH("192.0.2.7", "SSH-2.0-x\x1b[31m", unknown)
	}
	f.server.RefusedSSH("192.0.2.7", "SSH-2.0-x", suspended)
	f.server.RefusedSSH("192.0.2.7", "SSH-2.0-x", nil)
	f.end()
	counts := map[string]string{}
	for _, event := range f.denials(server.ActionAuthenticationFail) {
		if event.Via != "ssh" || event.IP != "192.0.2.7" || strings.Contains(event.UserAgent, "\x1b") || event.Actor.Type != api.IdentityAnonymous {
			t.Errorf("%+v", event)
		}
		counts[event.Metadata["reason"]] = event.Metadata["count"]
	}
	if counts["no such SSH key"] != "3" || counts["suspended user"] != "1" || counts["no key over SSH"] != "1" {
		t.Errorf("%v", counts)
	}
}

func TestKeysThatMayNotHaveArrived(t *testing.T) {
	f := newFixture(t)
	login := f.signIn("manager")
	create := func(name, idempotencyKey string) api.CreatedServiceAccount {
		t.Helper()
		return decode[api.CreatedServiceAccount](t, f.must(http.StatusCreated, f.over(login, http.MethodPost, api.PathServiceAccounts,
			jsonOf(api.CreateServiceAccount{Name: name, TeamID: f.teamA}), api.HeaderIdempotencyKey, idempotencyKey)))
	}
	names := func() (names []string) {
		t.Helper()
		accounts, err := f.server.UndeliveredKeys(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		for _, account := range accounts {
			names = append(names, account.Name)
		}
		return names
	}
	answered, shown, used := newID(), create("shown", newID()), create("used", newID())
	create("answered to nobody", answered)
	f.keys["used"] = used.APIKey.Reveal()
	f.must(http.StatusOK, f.do("used", http.MethodGet, api.PathMe, ""))
	if err := f.server.KeysUndelivered(t.Context(), login, "192.0.2.7",
		[]string{shown.ServiceAccount.ID, used.ServiceAccount.ID, newID()}, []string{answered, newID()}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(), ", "); got != "answered to nobody, shown" {
		t.Errorf("%s", got)
	}
	events := f.events(server.ActionKeyUndelivered)
	if len(events) != 2 || events[0].Via != "ssh" || events[0].Actor.ID != login.UserID || events[0].Metadata["ssh_key"] != login.Key.String() {
		t.Errorf("%+v", events)
	}
	f.keys["shown"] = shown.APIKey.Reveal() // it had arrived
	f.must(http.StatusOK, f.do("shown", http.MethodGet, api.PathMe, ""))
	if got := strings.Join(names(), ", "); got != "answered to nobody" {
		t.Errorf("%s", got)
	}
	if other, err := f.server.UndeliveredKeys(t.Context(), f.signIn("admin")); err != nil || len(other) != 0 {
		t.Errorf("somebody else's: %v, %v", other, err)
	}
}
