package client

import (
	"maps"
	"reflect"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

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

// eachPair replaces every text in the names and values of a map of texts. Only
// the metadata of audit events is one. Its values are kept whole: who exports
// the log must have all users that an event names.
func eachPair(v reflect.Value, replace func(string) string) {
	pairs, ok := v.Interface().(map[string]string)
	if !ok {
		return
	}
	for name, value := range maps.Clone(pairs) {
		delete(pairs, name)
		pairs[replace(name)] = api.CleanWhole(value)
	}
}
