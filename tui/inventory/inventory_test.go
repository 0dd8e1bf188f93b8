package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
)

// account is one that is like no other in anything but team and creator.
func account(n int) api.ServiceAccount {
	made := time.Date(2026, 1, 2, 3, 4, 5, 678_000, time.UTC).Add(time.Duration(n) * time.Second)
	a := api.ServiceAccount{
		ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", n), Name: fmt.Sprintf("account-%d", n),
		Team:      api.Ref{ID: fmt.Sprint("t", n%7), Name: fmt.Sprint("team ", n%7)},
		Key:       api.KeySummary{Hint: fmt.Sprintf("ps-%04d…abcd", n%10_000), CreatedAt: made.Add(time.Minute)},
		CreatedBy: api.Actor{Type: api.IdentityUser, ID: fmt.Sprint("u", n%3), Name: fmt.Sprint("user ", n%3)},
		CreatedAt: made,
	}
	if n%2 == 0 {
		used := made.Add(time.Hour)
		a.Key.LastUsedAt, a.Key.LastUsedIP = &used, fmt.Sprintf("10.0.0.%d", n%250)
	}
	return a
}

func TestAnAccountComesBackAsItWas(t *testing.T) {
	l := inventory.New()
	for n := range 100 {
		l = l.Append(account(n))
	}
	l = l.Append(api.ServiceAccount{ID: "no times at all"})
	for n := range 100 {
		got, ok := l.ByID(account(n).ID)
		if !ok {
			t.Fatalf("account %d is not found", n)
		}
		if diff := cmp.Diff(account(n), got); diff != "" {
			t.Fatal(diff)
		}
		at, _ := l.Lookup(got.ID)
		used, everUsed := l.LastUsedAt(at)
		if l.ID(at) != got.ID || l.Name(at) != got.Name || l.Team(at) != got.Team || l.Creator(at) != got.CreatedBy ||
			l.Hint(at) != got.Key.Hint || !l.CreatedAt(at).Equal(got.CreatedAt) || everUsed != (got.Key.LastUsedAt != nil) ||
			everUsed && !used.Equal(*got.Key.LastUsedAt) {
			t.Fatalf("row %d is not %v", at, got)
		}
	}
	if empty, _ := l.ByID("no times at all"); !empty.CreatedAt.IsZero() || empty.Key.LastUsedAt != nil {
		t.Errorf("times out of nothing: %v", empty)
	}
	if _, ok := l.ByID("unknown"); ok {
		t.Error("an unknown id is found")
	}
}

// The list against a plain slice, with old values looked at again at the end.
func TestListAgainstAPlainSlice(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		l := inventory.New()
		var plain []api.ServiceAccount
		type snapshot struct {
			list  inventory.List
			names []string
		}
		var kept []snapshot
		living := func(l inventory.List) (names []string) {
			for at := range int32(l.Len()) {
				if !l.Gone(at) {
					names = append(names, l.Name(at))
				}
			}
			return names
		}
		for step := range 2000 {
			n := random.IntN(300)
			switch random.IntN(5) {
			case 0, 1, 2: // append, or again with another name
				a := account(n)
				a.Name = fmt.Sprintf("%s-%d", a.Name, step)
				l = l.Append(a)
				plain = append(slices.DeleteFunc(plain, func(p api.ServiceAccount) bool { return p.ID == a.ID }), a)
			case 3:
				gone := []string{account(n).ID, account(random.IntN(300)).ID, account(n).ID}
				before := len(plain)
				plain = slices.DeleteFunc(plain, func(p api.ServiceAccount) bool { return slices.Contains(gone, p.ID) })
				var removed int
				if l, removed = l.Remove(gone...); removed != before-len(plain) {
					t.Fatalf("seed %d: %d are removed, want %d", seed, removed, before-len(plain))
				}
			case 4:
				kept = append(kept, snapshot{l, living(l)})
				l = l.Grow(l.Len() + 3)
			}
			found, ok := l.ByID(account(n).ID)
			i := slices.IndexFunc(plain, func(p api.ServiceAccount) bool { return p.ID == account(n).ID })
			if ok != (i >= 0) || ok && found.Name != plain[i].Name || l.Living() != len(plain) {
				t.Fatalf("seed %d step %d: %v %v of %d, the slice has it at %d of %d", seed, step, found.Name, ok, l.Living(), i, len(plain))
			}
		}
		var names []string
		for _, p := range plain {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff(names, living(l)); diff != "" {
			t.Fatal(diff)
		}
		for _, s := range kept {
			if diff := cmp.Diff(s.names, living(s.list)); diff != "" {
				t.Fatal("an old value has changed: ", diff)
			}
		}
	}
}

// BenchmarkMemory tells what an account costs beside its own text: its id, name,
// hint and address. What its team and creator are called is not its own.
func BenchmarkMemory(b *testing.B) {
	const accounts = 100_000
	var before, after runtime.MemStats
	for b.Loop() {
		text := 0
		runtime.GC()
		runtime.ReadMemStats(&before)
		l := inventory.New().Grow(accounts)
		for n := range accounts {
			a := account(n)
			text += len(a.ID) + len(a.Name) + len(a.Key.Hint) + len(a.Key.LastUsedIP)
			l = l.Append(a)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(int(after.HeapAlloc-before.HeapAlloc)-text)/accounts, "B/account")
		runtime.KeepAlive(l)
	}
}
