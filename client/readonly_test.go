package client_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/client"
)

// TestEveryMethodIsAnOperation keeps the tables of operations whole, and with
// them the proof that read-only mode sends no change: a new method without its
// row fails here. What follows a link, yields many pages or reads a list in
// another way is named instead.
func TestEveryMethodIsAnOperation(t *testing.T) {
	t.Parallel()
	methods := reflect.TypeFor[*client.Client]()
	otherReads := []string{"AuditAnchor", "AuditChain", "AwaitAuditEvents", "ServiceAccountPages"}
	ctx := reflect.TypeFor[context.Context]()
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		asks := method.Type.NumIn() > 1 && method.Type.In(1) == ctx
		if !asks || slices.Contains(otherReads, method.Name) || slices.ContainsFunc([]string{"Next", "All", "Follow"}, func(p string) bool { return strings.HasPrefix(method.Name, p) }) {
			continue
		}
		if !slices.ContainsFunc(operations, func(o operation) bool { return o.name == method.Name }) {
			t.Errorf("%s has no row in operations", method.Name)
		}
	}
}
