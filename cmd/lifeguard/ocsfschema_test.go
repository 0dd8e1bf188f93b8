package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// ocsfSchema is the part of the Open Cybersecurity Schema Framework 1.3.0 that
// the export uses: testdata/ocsf-1.3.0.json, made from the classes, objects and
// the dictionary of https://github.com/ocsf/ocsf-schema at the tag 1.3.0.
type ocsfSchema struct {
	Classes, Objects map[string]ocsfDefinition
}

type ocsfDefinition struct {
	AtLeastOne []string `json:"at_least_one"`
	Attributes map[string]struct {
		Type            string
		Profile         string // that the event must declare to have it
		Required, Array bool
		Enum            []string
	}
}

func readOCSFSchema(t *testing.T) (schema ocsfSchema) {
	t.Helper()
	text, err := os.ReadFile("testdata/ocsf-1.3.0.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// check holds one exported event against the schema.
func (s ocsfSchema) check(t *testing.T, text []byte) {
	t.Helper()
	if faults := s.faults(text); len(faults) > 0 {
		t.Errorf("%s\n%s", strings.Join(faults, "\n"), text)
	}
}

func (s ocsfSchema) faults(text []byte) []string {
	var event map[string]any
	if err := json.Unmarshal(text, &event); err != nil {
		return []string{err.Error()}
	}
	class, known := s.Classes[fmt.Sprint(event["class_uid"])]
	if !known {
		return []string{fmt.Sprintf("there is no class %v", event["class_uid"])}
	}
	metadata, _ := event["metadata"].(map[string]any)
	profiles, _ := metadata["profiles"].([]any)
	faults := s.object(class, event, "")
	for name := range event {
		if profile := class.Attributes[name].Profile; profile != "" && !slices.Contains(profiles, any(profile)) {
			faults = append(faults, name+" is there without its profile "+profile)
		}
	}
	number := func(name string) int { n, _ := event[name].(float64); return int(n) }
	if number("type_uid") != number("class_uid")*100+number("activity_id") || number("category_uid") != number("class_uid")/1000 {
		faults = append(faults, "type_uid and category_uid do not fit to the class and the activity")
	}
	return faults
}

func (s ocsfSchema) object(definition ocsfDefinition, object map[string]any, path string) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, path+": "+fmt.Sprintf(format, args...)) }
	for name, attribute := range definition.Attributes {
		if value, ok := object[name]; attribute.Required && (!ok || value == "") {
			fault("%s is required", name)
		}
	}
	if of := definition.AtLeastOne; len(of) > 0 && !slices.ContainsFunc(of, func(name string) bool { return object[name] != nil && object[name] != "" }) {
		fault("one of %q is required", of)
	}
	for name, value := range object {
		list, isList := value.([]any)
		if isList && len(list) > 0 {
			value = list[0] // the others are no different here
		}
		attribute, known := definition.Attributes[name]
		if !known {
			fault("%s is not an attribute", name)
			continue
		}
		number, isNumber := value.(float64)
		text, isText := value.(string)
		inner, isObject := value.(map[string]any)
		fits := isText
		switch attribute.Type {
		case "integer_t", "long_t", "timestamp_t":
			fits = isNumber && number == float64(int64(number))
		case "ip_t":
			_, err := netip.ParseAddr(text)
			fits = err == nil
		case "object":
			fits = isObject
		case "string_t":
		default:
			of, here := s.Objects[attribute.Type]
			if fits = here && isObject; fits {
				faults = append(faults, s.object(of, inner, path+"."+name)...)
			}
		}
		if !fits || attribute.Array != isList {
			fault("%s is %v, which is no %s", name, value, attribute.Type)
		}
		if len(attribute.Enum) > 0 && !slices.Contains(attribute.Enum, fmt.Sprint(value)) {
			fault("%s is %v, which is none of %q", name, value, attribute.Enum)
		}
	}
	return faults
}
