package server_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// FuzzListJSON: a list of service accounts is written byte by byte as
// encoding/json writes it, whatever is in it.
func FuzzListJSON(f *testing.F) {
	f.Add("ci-deploy", "4f8a…9Qx2", "", int64(1_700_000_000_123_456), 0, "/next?a=1&b=<2>")
	f.Add(`a "quoted" \ name`, "\x00\x1f\x7f\u2028<&>", "10.0.0.1", int64(0), 2, "")
	f.Add("\xff broken", "Überwachung", "::1", int64(1<<62), 3, "x")
	f.Fuzz(func(t *testing.T, name, hint, ip string, micros int64, accounts int, next string) {
		at := time.UnixMicro(micros).UTC()
		list := api.ServiceAccountList{Links: api.Links{Next: next}}
		for i := range accounts % 4 {
			account := api.ServiceAccount{
				ID: hint, Name: name, Team: api.Ref{ID: ip, Name: name}, CreatedAt: at,
				Key:       api.KeySummary{Hint: hint, CreatedAt: at.Add(time.Second), LastUsedIP: ip},
				CreatedBy: api.Actor{Type: api.IdentityType(ip), ID: hint, Name: ip},
			}
			if i > 0 {
				used := at.Add(time.Duration(i) * time.Hour).In(time.FixedZone("", 3600*i))
				account.Key.LastUsedAt = &used
			}
			list.ServiceAccounts, list.Total = append(list.ServiceAccounts, account), &accounts
		}
		var got, want bytes.Buffer
		err, wanted := server.MarshalJSON(&got, list), huma.DefaultJSONFormat.Marshal(&want, list)
		if (err == nil) != (wanted == nil) || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("%v, %v\n%s\n%s", err, wanted, got.Bytes(), want.Bytes())
		}
	})
}
