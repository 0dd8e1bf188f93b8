package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Through all pages of the console, over the real server: a key is made, its
// event is found in the audit log, leads back to it, and the team that it is
// in leads to it too.
func TestPagesJourney(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 30}, {60, 15}} {
		synctest.Test(t, func(t *testing.T) {
			w := openWhole(t, 50, size[0], size[1])
			w.WaitFor("50 keys")
			w.create("ci-deploy-journey")
			w.WaitFor("Sent to the terminal")
			key := w.Clipboard()
			w.Advance(2 * time.Second)
			w.Press("i")
			w.WaitFor("51 keys")

			w.Press("2")
			w.WaitFor("service_account.create")
			w.Press("/")
			w.Type("journey action:create")
			w.Press("enter")
			w.WaitFor("1 of ")
			w.Press("i")
			w.WaitFor("Outcome")
			w.Press("enter")
			w.WaitFor("Security › API Keys")
			if !strings.Contains(w.Screen(), "▌ ci-deploy-journey") {
				t.Fatalf("the cursor is not on the event's account:\n%s", w.Screen())
			}
			w.Press("d")
			w.WaitFor("This cannot be undone")
			w.Press("tab", "enter")
			w.WaitFor("Deleted ci-deploy-journey")
			if _, err := w.owner(key); err == nil {
				t.Error("the key works after its deletion")
			}
			w.Press("esc")
			w.WaitFor("Security › Audit log")
			w.Press("enter")
			w.WaitFor("ci-deploy-journey is deleted")

			w.Press("3")
			w.WaitFor("Access control › Teams")
			w.Press("n")
			w.WaitFor("developer grants nothing")
			w.Type("developer")
			w.Press("enter")
			w.Type("night shift")
			w.Press("enter")
			w.WaitFor("Made the team night shift")
			w.Press("/")
			w.Type("platform")
			w.Press("enter", "enter")
			w.WaitFor("Security › API Keys")
			w.WaitFor("/ team:")
			w.Press(":")
			w.WaitFor("type to search commands")
			w.Type("audit log")
			w.Press("enter")
			w.WaitFor("journey action:create") // it is as it was left
			w.Press("esc", "g")
			w.WaitFor("team.create")
			for _, text := range []string{key, "panic"} {
				if strings.Contains(w.Screen(), text) {
					t.Errorf("the screen shows %q", text)
				}
			}
			if err := api.CheckKey(key); err != nil {
				t.Error(err)
			}
		})
	}
}
