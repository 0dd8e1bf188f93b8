package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
)

func everything(action api.Action) api.Permission {
	return api.Permission{Action: action, Scope: api.ScopeAll}
}

func only(action api.Action, ids ...string) api.Permission {
	return api.Permission{Action: action, Scope: api.ScopeSpecific, Resources: ids}
}

func TestPermits(t *testing.T) {
	view := api.ViewServiceAccounts
	for name, test := range map[string]struct {
		granted  []api.Permission
		resource string
		want     bool
		any      bool
	}{
		"nothing granted":           {nil, "", false, false},
		"another action":            {[]api.Permission{everything(api.UseAgents)}, "", false, false},
		"all, asked for all":        {[]api.Permission{everything(view)}, "", true, true},
		"all, asked for one":        {[]api.Permission{everything(view)}, "t1", true, true},
		"one, asked for it":         {[]api.Permission{only(view, "t1")}, "t1", true, true},
		"one, asked for another":    {[]api.Permission{only(view, "t1")}, "t2", false, true},
		"one, asked for all":        {[]api.Permission{only(view, "t1")}, "", false, true},
		"an empty id grants no all": {[]api.Permission{only(view, "")}, "", false, true},
		"none named":                {[]api.Permission{only(view)}, "t1", false, false},
		"second of two":             {[]api.Permission{only(view, "t1"), only(view, "t2")}, "t2", true, true},
		"no scope":                  {[]api.Permission{{Action: view}}, "t1", false, false},
		"ids beside no scope":       {[]api.Permission{{Action: view, Resources: []string{"t1"}}}, "t1", false, false},
		"an unknown scope":          {[]api.Permission{{Action: view, Scope: "every", Resources: []string{"t1"}}}, "t1", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := api.Permits(test.granted, view, test.resource); got != test.want {
				t.Errorf("Permits = %t, want %t", got, test.want)
			}
			if got := api.PermitsAny(test.granted, view); got != test.any {
				t.Errorf("PermitsAny = %t, want %t", got, test.any)
			}
		})
	}
}

func TestMissingPermissions(t *testing.T) {
	use, view := api.UseAgents, api.ViewServiceAccounts
	for name, test := range map[string]struct{ granted, wanted, want []api.Permission }{
		"nothing wanted":              {nil, nil, nil},
		"all covers all":              {[]api.Permission{everything(use)}, []api.Permission{everything(use)}, nil},
		"all covers some":             {[]api.Permission{everything(use)}, []api.Permission{only(use, "a", "b")}, nil},
		"some do not cover all":       {[]api.Permission{only(use, "a")}, []api.Permission{everything(use)}, []api.Permission{everything(use)}},
		"some cover part":             {[]api.Permission{only(use, "a")}, []api.Permission{only(use, "a", "b", "c")}, []api.Permission{only(use, "b", "c")}},
		"some in two grants":          {[]api.Permission{only(use, "a"), only(use, "b")}, []api.Permission{only(use, "a", "b")}, nil},
		"one action of two":           {[]api.Permission{everything(use)}, []api.Permission{everything(use), everything(view)}, []api.Permission{everything(view)}},
		"an unknown scope may be all": {[]api.Permission{only(use, "a")}, []api.Permission{{Action: use, Scope: "every"}}, []api.Permission{{Action: use, Scope: "every"}}},
		"nobody covers an admin":      {nil, api.AllPermissions(), api.AllPermissions()},
		"an admin covers everybody":   {api.AllPermissions(), append(api.AllPermissions(), only(use, "a")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, api.MissingPermissions(test.granted, test.wanted)); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnionPermissions(t *testing.T) {
	use, view, unknown := api.UseAgents, api.ViewServiceAccounts, api.Action("zap-things")
	for name, test := range map[string]struct {
		sets [][]api.Permission
		want []api.Permission
	}{
		"of nothing":                   {nil, []api.Permission{}},
		"all wins, coming second":      {[][]api.Permission{{only(use, "a")}, {everything(use)}}, []api.Permission{everything(use)}},
		"all wins, coming first":       {[][]api.Permission{{everything(use)}, {only(use, "a")}}, []api.Permission{everything(use)}},
		"ids add up, sorted, once":     {[][]api.Permission{{only(use, "b", "a")}, {only(use, "c", "a")}}, []api.Permission{only(use, "a", "b", "c")}},
		"unknown scopes grant nothing": {[][]api.Permission{{only(use, "a")}, {{Action: use, Scope: "every", Resources: []string{"b"}}}}, []api.Permission{only(use, "a")}},
		"in the order of Actions":      {[][]api.Permission{{everything(unknown), everything(view)}, {everything(use)}}, []api.Permission{everything(use), everything(view), everything(unknown)}},
	} {
		t.Run(name, func(t *testing.T) {
			before := cloned(test.sets)
			if diff := cmp.Diff(test.want, api.UnionPermissions(test.sets...)); diff != "" {
				t.Errorf("union (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.sets); diff != "" {
				t.Errorf("the sets themselves were changed:\n%s", diff)
			}
		})
	}
}

func cloned(sets [][]api.Permission) [][]api.Permission {
	var clones [][]api.Permission
	for _, set := range sets {
		var clone []api.Permission
		for _, p := range set {
			p.Resources = slices.Clone(p.Resources)
			clone = append(clone, p)
		}
		clones = append(clones, clone)
	}
	return clones
}

// TestUnionLosesNothing: what any one set permits, the union permits, and no
// more.
func TestUnionLosesNothing(t *testing.T) {
	choices := []api.Permission{
		everything(api.UseAgents), only(api.UseAgents, "a"), only(api.UseAgents, "b", "a"),
		everything(api.ManageAgents), only(api.ManageAgents, "b"), only(api.ManageAgents),
	}
	for bits := range 1 << (2 * len(choices)) {
		var first, second []api.Permission
		for i, p := range choices {
			if bits>>i&1 == 1 {
				first = append(first, p)
			}
			if bits>>(i+len(choices))&1 == 1 {
				second = append(second, p)
			}
		}
		union := api.UnionPermissions(first, second)
		for _, action := range []api.Action{api.UseAgents, api.ManageAgents} {
			for _, resource := range []string{"", "a", "b", "c"} {
				want := api.Permits(first, action, resource) || api.Permits(second, action, resource)
				if got := api.Permits(union, action, resource); got != want {
					t.Fatalf("%v and %v: %s on %q is %t in the union, want %t", first, second, action, resource, got, want)
				}
			}
		}
		if missing := api.MissingPermissions(union, first); missing != nil {
			t.Fatalf("the union of %v and %v lacks %v", first, second, missing)
		}
	}
}

// TestActions: wire names are kebab-case, unique, and have words.
func TestActions(t *testing.T) {
	seen := map[api.Action]bool{}
	for _, action := range api.Actions {
		name := string(action)
		if seen[action] || name != strings.ToLower(name) || strings.ContainsAny(name, " _") {
			t.Errorf("the wire name %q is not unique kebab-case", name)
		}
		seen[action] = true
		if words := action.Words(); words == name || !strings.Contains(words, ": ") {
			t.Errorf("%s has the words %q", name, words)
		}
	}
	if got := api.Action("zap-things").Words(); got != "zap-things" {
		t.Errorf("an unknown action has the words %q", got)
	}
	if len(api.AllPermissions()) != len(api.Actions) {
		t.Error("tenant-admin does not grant everything")
	}
}
