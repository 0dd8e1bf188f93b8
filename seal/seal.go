package seal

import (
	"bytes"
	"errors"
	"fmt"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Seal encrypts a key to the recipients and destroys it: from then on its text
// is in their hands alone. What is returned is the armor without a line break at
// its end, boxed like the key whose place it takes, so that it is copied and
// written by the same hands. It is no secret.
//
// What is sealed is the key with a line break, as a key file has it.
func (r Recipients) Seal(key api.Secret) (api.Secret, error) {
	defer key.Destroy()
	if key.IsZero() {
		return api.Secret{}, errors.New("there is no key to seal")
	}
	text := append([]byte(key.Reveal()), '\n')
	defer clear(text)
	sealed, err := r.seal(text)
	if err != nil {
		return api.Secret{}, fmt.Errorf("the key cannot be sealed: %w", err)
	}
	return api.NewSecret(sealed), nil
}

func (r Recipients) seal(text []byte) (string, error) {
	to := make([]age.Recipient, len(r))
	for i := range r {
		to[i] = r[i].age
	}
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, to...)
	if err != nil {
		return "", err
	}
	if _, err = w.Write(text); err != nil {
		return "", err
	}
	if err = errors.Join(w.Close(), armored.Close()); err != nil {
		return "", err
	}
	return string(bytes.TrimRight(out.Bytes(), "\n")), nil
}
