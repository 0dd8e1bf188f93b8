package server

import "context"

// Lookups are what a create asks the store for before it changes anything: that
// the name is free in the team, and that nothing is remembered under the
// Idempotency-Key. Empty fields are not asked for.
type Lookups struct {
	TeamID, Name             string
	CallerID, IdempotencyKey string
}

type lookupsKey struct{}

// Expecting tells the store what the change of a [Store.Write] with this context
// will look up. A store on a server then asks for many changes at once. Nothing
// else depends on it: what was not told is looked up when it is asked for.
func Expecting(ctx context.Context, lookups Lookups) context.Context {
	return context.WithValue(ctx, lookupsKey{}, lookups)
}

// ExpectedOf returns what was told.
func ExpectedOf(ctx context.Context) (lookups Lookups, known bool) {
	lookups, known = ctx.Value(lookupsKey{}).(Lookups)
	return lookups, known
}
