package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/server"
)

var memberCases = []contractCase{
	{"changed members", testMemberWrites},
}

func testMemberWrites(t *testing.T, db Database) {
	f := newFixture(t, db)
	bob := f.newUser(t, "bob@example.com")
	account, _ := f.account(t, f.data, "bot")
	f.member(t, f.web, f.ada, f.olga)
	is := func(what string, want []string, got []string, err error) {
		t.Helper()
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		added, err := tx.AddMembers(ctx, f.data.ID, []string{bob.ID, f.ada.ID}, Epoch)
		is("added", []string{bob.ID, f.ada.ID}, added, err)
		added, err = tx.AddMembers(ctx, f.data.ID, []string{f.sven.ID, bob.ID}, Epoch)
		is("added to some", []string{f.sven.ID}, added, err)
		members, err := tx.MemberIDs(ctx, f.data.ID)
		is("members", []string{f.ada.ID, f.sven.ID, bob.ID}, members, err)
		members, err = tx.MemberIDs(ctx, f.web.ID)
		is("members of another team", []string{f.ada.ID}, members, err)
		removed, err := tx.RemoveMembers(ctx, f.data.ID, []string{f.sven.ID, NewID(1000), account.ID, f.ada.ID, f.sven.ID})
		is("removed", []string{f.sven.ID, f.ada.ID}, removed, err)
		members, err = tx.MemberIDs(ctx, f.data.ID)
		is("members that stay", []string{bob.ID}, members, err)
		none, err := tx.MemberIDs(ctx, f.admins.ID)
		is("members of an empty team", []string{}, none, err)
		return nil
	})
	page, err := f.Store.Members(t.Context(), f.data.ID, server.PageQuery{Limit: 5})
	if err != nil || len(page.Members) != 1 || page.Members[0].ID != bob.ID {
		t.Errorf("%+v, %v", page, err)
	}
	for what, id := range map[string]string{"a deleted user": f.olga.ID, "a service account": account.ID, "nobody": NewID(1000)} {
		err := f.try(t, func(ctx context.Context, tx server.Tx) error {
			_, err := tx.AddMembers(ctx, f.data.ID, []string{f.ada.ID, id}, Epoch)
			return err
		})
		if !errors.Is(err, server.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
}
