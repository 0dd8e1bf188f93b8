package sample

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// words are what a team's service accounts are called by: what it does, to
// what. None ends in a digit, so a number can be put behind.
type words struct {
	team   string
	weight int // how many accounts the team has beside the others
	verbs  []string
	nouns  []string
}

var vocabulary = []words{
	{"platform", 24,
		[]string{"ci-deploy", "ci-build", "terraform-plan", "terraform-apply", "argocd-sync", "image-scan", "backup", "node-drain"},
		[]string{"gateway", "registry", "clusters", "dns", "vault", "ingress", "runners", "artifacts", "mesh"}},
	{"data", 18,
		[]string{"nightly-etl", "hourly-sync", "backfill", "dbt-run", "airflow", "export", "quality-check"},
		[]string{"orders", "shipments", "customers", "inventory", "clickstream", "finance", "returns", "suppliers"}},
	{"payments", 9,
		[]string{"settle", "reconcile", "payout", "fraud-score", "ledger-close"},
		[]string{"cards", "invoices", "refunds", "wallets", "sepa", "chargebacks"}},
	{"mobile", 9,
		[]string{"nightly-build", "beta-upload", "screenshot-tests", "crash-triage", "ui-tests"},
		[]string{"android", "ios", "tablet", "watch", "kiosk"}},
	{"web", 9,
		[]string{"preview", "lighthouse", "e2e", "cdn-purge", "ci-deploy"},
		[]string{"storefront", "checkout", "docs", "search", "accounts", "landing"}},
	{"security", 5,
		[]string{"secret-scan", "dependency-audit", "siem-export", "rotate"},
		[]string{"repos", "containers", "endpoints", "certificates", "cloud"}},
	{"support", 3,
		[]string{"ticket-triage", "faq-bot", "escalate"},
		[]string{"email", "chat", "phone", "partners"}},
	{"identity", 3,
		[]string{"scim-sync", "access-review", "offboard"},
		[]string{"employees", "contractors", "groups", "partners"}},
	{"machine-learning", 8,
		[]string{"train", "evaluate", "label", "serve", "feature-store"},
		[]string{"ranking", "forecast", "routing", "pricing", "vision", "churn"}},
	{"release", 7,
		[]string{"changelog", "tag", "promote", "rollback", "release-notes"},
		[]string{"backend", "frontend", "agents", "sdk", "charts"}},
	{server.TeamDevelopers, 4,
		[]string{"sandbox", "hackday", "experiment", "local-agent"},
		[]string{"review", "refactor", "docs", "tests", "migration"}},
	{server.TeamAdministrators, 1,
		[]string{"break-glass", "org-sync", "billing-export"},
		[]string{"primary", "standby"}},
}

// places end most names; an empty one ends none.
var places = []string{"", "", "eu", "us", "ap", "staging", "prod", "canary", "dr"}

// otherScripts are names that are not ASCII: one in forty.
var otherScripts = []string{
	"デプロイ-東京", "夜間バッチ-在庫", "배포-서울", "部署-上海", "развёртывание-тест", "نشر-الإنتاج",
	"Überwachung-Köln", "données-nocturnes", "αναφορές-ημέρας", "ส่งออก-รายงาน", "🚀-release-train", "गोदाम-सिंक",
}

// names gives every service account a name that its team has once.
type names struct {
	random *rand.Rand
	weight int
	given  map[[2]string]int
}

func newNames(random *rand.Rand) *names {
	n := &names{random: random, given: map[[2]string]int{}}
	for _, w := range vocabulary {
		n.weight += w.weight
	}
	return n
}

func (n *names) next() (name, team string) {
	at, pick := 0, n.random.IntN(n.weight)
	for pick >= vocabulary[at].weight {
		pick -= vocabulary[at].weight
		at++
	}
	w := &vocabulary[at]
	if n.random.IntN(40) == 0 {
		name = otherScripts[n.random.IntN(len(otherScripts))]
	} else {
		name = w.verbs[n.random.IntN(len(w.verbs))] + "-" + w.nouns[n.random.IntN(len(w.nouns))]
		if place := places[n.random.IntN(len(places))]; place != "" {
			name += "-" + place
		}
	}
	// What was given before gets a number: ci-deploy-dns-eu-2.
	base := [2]string{w.team, name}
	n.given[base]++
	if times := n.given[base]; times > 1 {
		name += "-" + strconv.Itoa(times)
	}
	return name, w.team
}

// oldest is the age of the first service account.
const oldest = 3*365*24*time.Hour + 200*24*time.Hour

// age is how long ago account i of n was made: from years for the first to a
// minute or so for the last, ever more of them the nearer to now.
func age(random *rand.Rand, i, n int) time.Duration {
	left := 1 - (float64(i)+random.Float64())/float64(n)
	return (time.Minute + time.Duration(left*left*float64(oldest))).Truncate(time.Microsecond)
}

// lastUse is when and from where a key was last used: not before it was made,
// and for some never.
func (o *Organization) lastUse(random *rand.Rand, made time.Time) (*time.Time, string) {
	var ago time.Duration
	switch pick := random.IntN(100); {
	case pick < 17:
		return nil, ""
	case pick < 55:
		ago = within(random, 90*time.Minute)
	case pick < 75:
		ago = within(random, 48*time.Hour)
	case pick < 90:
		ago = within(random, 40*24*time.Hour)
	default:
		ago = 60*24*time.Hour + within(random, 500*24*time.Hour)
	}
	if lived := o.now.Sub(made); ago >= lived {
		ago = within(random, lived)
	}
	used := o.now.Add(-ago).Truncate(time.Microsecond)
	return &used, address(random)
}

func within(random *rand.Rand, span time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(span)))
}

// address is from private networks, and from those reserved for documentation
// (RFC 5737, RFC 3849).
func address(random *rand.Rand) string {
	r := random.Uint32()
	switch r % 16 {
	case 0:
		return fmt.Sprintf("203.0.113.%d", r>>8&0xff)
	case 1:
		return fmt.Sprintf("2001:db8:%x::%x", r>>8&0xff, 1+r>>16)
	}
	octets := [3]byte{byte(r>>8) % 12, byte(r >> 16), 1 + byte(r>>24)%254}
	text := append(make([]byte, 0, 16), "10"...)
	for _, octet := range octets {
		text = strconv.AppendUint(append(text, '.'), uint64(octet), 10)
	}
	return string(text)
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// fakeKey is what would be stored of a key, if anybody held it: a hash that no
// text is known for, and a hint.
func fakeKey(random *rand.Rand, at time.Time, count int) server.KeyRecord {
	key := server.KeyRecord{ID: newID(random, at, count), CreatedAt: at}
	for i := 0; i < len(key.Hash); i += 8 {
		binary.LittleEndian.PutUint64(key.Hash[i:], random.Uint64())
	}
	digits := random.Uint64()
	draw := func() byte {
		digit := base62[digits%62]
		digits /= 62
		return digit
	}
	hint := append(make([]byte, 0, 16), api.KeyPrefix...)
	hint = append(hint, draw(), draw(), draw(), draw())
	hint = append(hint, "…"...)
	hint = append(hint, draw(), draw(), draw(), draw())
	key.Hint = string(hint)
	return key
}
