package client

import (
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// maxKey is the longest key that is taken from an answer, in bytes.
const maxKey = 512

var (
	secretType = reflect.TypeFor[api.Secret]()
	timeType   = reflect.TypeFor[time.Time]()
)

// clean makes every text that answer points to harmless to show. This is the
// one place where it is done, so no surface has to think of it.
func clean(answer any) {
	if _, exact := answer.(*chainList); exact {
		return
	}
	eachText(reflect.ValueOf(answer), api.Clean)
}

// eachText replaces every text in v but keys, which are handed over unchanged.
func eachText(v reflect.Value, replace func(string) string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(replace(v.String()))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachText(v.Elem(), replace)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			eachText(v.Index(i), replace)
		}
	case reflect.Map:
		eachPair(v, replace)
	case reflect.Struct:
		if v.Type() == secretType || v.Type() == timeType {
			return
		}
		for i := range v.NumField() {
			eachText(v.Field(i), replace)
		}
	}
}

// eachPair replaces every text in the names and values of a map of texts.
func eachPair(v reflect.Value, replace func(string) string) {
	pairs, ok := v.Interface().(map[string]string)
	if !ok {
		return
	}
	for name, value := range maps.Clone(pairs) {
		delete(pairs, name)
		pairs[replace(name)] = replace(value)
	}
}

// incomplete says in words what an answer lacks that the API always sends, or
// "". JSON of another make decodes without error, into nothing: taking it for
// an empty list would tell a person that there are no keys.
func incomplete(answer any) string {
	const noID = "it lacks an id"
	switch a := answer.(type) {
	case *api.Caller:
		if a.ID == "" {
			return noID
		}
	case *api.Team:
		if a.ID == "" {
			return noID
		}
	case *api.TeamList:
		if a.Teams == nil {
			return "it lacks the list of teams"
		}
		for i := range a.Teams {
			if a.Teams[i].ID == "" {
				return noID
			}
		}
	case *api.ServiceAccount:
		if a.ID == "" {
			return noID
		}
	case *api.ServiceAccountList:
		if a.ServiceAccounts == nil {
			return "it lacks the list of service accounts"
		}
		for i := range a.ServiceAccounts {
			if a.ServiceAccounts[i].ID == "" {
				return noID
			}
		}
	case *api.AuditEventList:
		return incompleteEvents(a.AuditEvents)
	case *chainList:
		return incompleteEvents(a.AuditEvents)
	case *api.CreatedServiceAccount:
		if a.ServiceAccount.ID == "" {
			return noID
		}
		return unusableKey(a.APIKey.Reveal())
	}
	return ""
}

func incompleteEvents(events []api.AuditEvent) string {
	if events == nil {
		return "it lacks the list of audit events"
	}
	for i := range events {
		if events[i].Sequence == 0 {
			return "it lacks the sequence of an audit event"
		}
	}
	return ""
}

// unusableKey looks at a new key. Servers of another make may have keys of
// another length, but not ones without the prefix, nor ones that would write
// to the screen what nobody typed.
func unusableKey(key string) string {
	if !strings.HasPrefix(key, api.KeyPrefix) || len(key) == len(api.KeyPrefix) {
		return "it holds no API key"
	}
	if !printable(key) || len(key) > maxKey {
		return "its API key has characters that no key has"
	}
	return ""
}
