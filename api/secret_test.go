package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/template"

	"github.com/lifeguard-keys/lifeguard/api"
)

const secretText = "ps-this-text-must-never-be-seen"

// holder has a secret where fmt cannot call methods.
type holder struct {
	name   string
	secret api.Secret
	nested struct{ deeper *api.Secret }
	list   []api.Secret
	byName map[string]api.Secret
	any    any
}

func newHolder() holder {
	secret := api.NewSecret(secretText)
	h := holder{name: "holder", secret: secret, list: []api.Secret{secret}, byName: map[string]api.Secret{"a": secret}, any: secret}
	h.nested.deeper = &secret
	return h
}

// mustHide fails when the text shows the secret in any form that fmt prints
// bytes in.
func mustHide(t *testing.T, where, text string) {
	t.Helper()
	decimal := strings.Trim(fmt.Sprintf("%d", []byte(secretText)), "[]")
	for form, hidden := range map[string]string{
		"text": secretText, "hex": fmt.Sprintf("%x", secretText), "HEX": fmt.Sprintf("%X", secretText), "bytes": decimal,
	} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s shows the secret as %s", where, form)
		}
	}
}

func TestSecretIsNeverFormatted(t *testing.T) {
	h := newHolder()
	for _, value := range []any{h, &h, h.secret, &h.secret, h.list, h.byName, h.nested, [1]api.Secret{h.secret}, struct{ S api.Secret }{h.secret}} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#"} {
				format := "%" + flags + string(verb)
				mustHide(t, fmt.Sprintf("%s of %T", format, value), fmt.Sprintf(format, value))
			}
		}
		mustHide(t, "Sprint", fmt.Sprint(value)+fmt.Sprintln(value))
		mustHide(t, "Errorf", fmt.Errorf("failed with %v", value).Error())
	}
	if got := fmt.Sprintf("%s", h.secret); got != "[redacted]" {
		t.Errorf("%%s is %q", got)
	}
}

func TestSecretIsNeverLogged(t *testing.T) {
	h := newHolder()
	for name, build := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		logger := slog.New(build(&b))
		logger.Info("m", "secret", h.secret, "pointer", &h.secret, "list", h.list, "map", h.byName, "holder", h,
			slog.Group("group", "secret", h.secret), "error", fmt.Errorf("x %v", h))
		logger.With("secret", h.secret).WithGroup("g").Info("m", "any", h.any)
		mustHide(t, "slog "+name, b.String())
		if !strings.Contains(b.String(), "[redacted]") {
			t.Errorf("slog %s says nothing in the secret's place: %s", name, b.String())
		}
	}
	var b bytes.Buffer
	log.New(&b, "", 0).Println(h, &h, h.secret)
	mustHide(t, "log", b.String())
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	secret := api.NewSecret(secretText)
	created := api.CreatedServiceAccount{APIKey: secret}
	text, err := json.Marshal(map[string]any{"created": created, "pointer": &created, "secret": secret, "list": []api.Secret{secret}})
	if err != nil {
		t.Fatal(err)
	}
	mustHide(t, "JSON", string(text))
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse("{{.}} {{.APIKey}} {{printf `%v` .APIKey}}")).Execute(&b, created); err != nil {
		t.Fatal(err)
	}
	mustHide(t, "a template", b.String())
}

// TestSecretIsNeverInAPanic runs itself again and panics with the secret in
// every way that the runtime prints.
func TestSecretIsNeverInAPanic(t *testing.T) {
	h := newHolder()
	values := []any{h, &h, h.secret, &h.secret, h.list, fmt.Errorf("failed: %w", fmt.Errorf("%v", h.secret))}
	if which := os.Getenv("LIFEGUARD_TEST_PANIC"); which != "" {
		panic(values[which[0]-'0'])
	}
	for i := range values {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecretIsNeverInAPanic$")
		command.Env = append(os.Environ(), fmt.Sprintf("LIFEGUARD_TEST_PANIC=%d", i))
		output, err := command.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !bytes.Contains(output, []byte("panic:")) {
			t.Fatalf("the run did not panic: %v\n%s", err, output)
		}
		mustHide(t, fmt.Sprintf("a panic with %T", values[i]), string(output))
	}
}

func TestSecretDecoding(t *testing.T) {
	var created api.CreatedServiceAccount
	if err := json.Unmarshal([]byte(`{"api_key":"`+secretText+`"}`), &created); err != nil {
		t.Fatal(err)
	}
	if created.APIKey.Reveal() != secretText {
		t.Error("the text did not come through")
	}
	for _, bad := range []string{`{"api_key":17}`, `{"api_key":["` + secretText + `"]}`, `{"api_key":{"a":"` + secretText + `"}}`} {
		err := json.Unmarshal([]byte(bad), &created)
		if err == nil {
			t.Errorf("%s was decoded", bad[:12])
			continue
		}
		mustHide(t, "the decoding error", err.Error())
	}
}

func TestSecretDestroy(t *testing.T) {
	secret := api.NewSecret(secretText)
	other := secret
	if secret.IsZero() || secret.Reveal() != secretText {
		t.Fatal("a new secret holds no text")
	}
	secret.Destroy()
	secret.Destroy()
	if !other.IsZero() || other.Reveal() != "" || !secret.IsZero() {
		t.Error("a copy outlived Destroy")
	}
	var zero api.Secret
	zero.Destroy()
	if !zero.IsZero() || zero.Reveal() != "" || !api.NewSecret("").IsZero() {
		t.Error("the zero secret holds something")
	}
}
