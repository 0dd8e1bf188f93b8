package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// A pasted log names the accounts whose keys are in it, and no key is in any
// byte that goes to the server or to the terminal.
func TestWholeIdentifiesAPastedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 50, 100, 30)
		w.WaitFor("50 keys")
		admin := w.dial(w.admin)
		defer admin.Close()
		me, err := admin.Me(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, name := range []string{"leaky-one", "leaky-two"} {
			create := api.CreateServiceAccount{Name: name, TeamID: me.Teams[0].ID}
			created, err := admin.CreateServiceAccount(t.Context(), create, client.NewIdempotencyKey())
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, created.APIKey.Reveal())
		}
		w.Press("/") // also while the search has the focus
		w.Paste("start\n" + keys[0] + "\n" + keys[1] + " " + keys[0] + "\n" + keys[0][:40] + "\n")
		w.WaitFor("2 keys in 4 lines")
		w.WaitFor("leaky-one, team " + me.Teams[0].Name)
		w.WaitFor("leaky-two")
		w.Press("down", "enter")
		w.WaitFor("▌ leaky-two") // it came after the list was loaded
		w.Press(":")
		w.Type("identify")
		w.Press("enter")
		w.WaitFor("Paste a key, or a log with keys in it.")
		w.Type(keys[0]) // a terminal without bracketed paste types it
		w.Paste(keys[1][3:])
		w.WaitFor("1 key in 1 line")
		w.WaitFor("leaky-two, team")
		w.Press("esc")

		sent := w.written()
		for _, key := range keys {
			if !strings.Contains(sent, api.HashKey(key).String()) {
				t.Error("the look-up was not recorded: this test proves nothing")
			}
			for name, text := range map[string]string{"what was sent": sent, "what the terminal got": string(w.Raw()), "the screen": w.Screen()} {
				if strings.Contains(text, key[3:20]) || strings.Contains(text, key[30:]) {
					t.Errorf("a key is in %s", name)
				}
			}
		}
	})
}
