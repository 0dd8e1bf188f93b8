package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// maxPublicKeyFile is more than any public key takes, in bytes.
const maxPublicKeyFile = 16 << 10

func userSSHKeyCommand(p process) *cobra.Command {
	flags := userFlags{connect: connectFlags{command: "user ssh-key"}}
	var add, remove []string
	cmd := &cobra.Command{
		Use:   "ssh-key --email EMAIL",
		Short: "List, add and take away the SSH keys of a user",
		Long: "Prints the public keys that a user signs in with over SSH (see serve --ssh), one a line, after those of --add\n" +
			"were added and those of --remove were taken away. --add is the file of a public key, such as\n" +
			"~/.ssh/id_ed25519.pub, or the key's line itself; - reads standard input. --remove is a line as it is printed,\n" +
			"or its comment. Nobody adds a key to a user who can do more than themselves.",
		Example: "lifeguard user ssh-key --email ada@example.com --add ~/.ssh/id_ed25519.pub\n" +
			"lifeguard user ssh-key --email ada@example.com --remove ada@old-laptop",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "email"); err != nil {
				return err
			}
			var lines []string
			for _, text := range add {
				line, err := p.publicKey(text)
				if err != nil {
					return err
				}
				lines = append(lines, line)
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.changeSSHKeys(cmd.Context(), c, flags.email, lines, remove)
			})
		},
	}
	flags.register(cmd, p)
	cmd.Flags().StringArrayVar(&add, "add", nil, "file of a public key, or its line; may be given several times")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "line or comment of a key to take away; may be given several times")
	return cmd
}

// publicKey is the line of a public key: what was given, or what is in the file
// of that name.
func (p process) publicKey(text string) (string, error) {
	if strings.Contains(strings.TrimSpace(text), " ") {
		return text, nil
	}
	from := p.stdin
	if text != "-" {
		file, err := os.Open(text)
		if err != nil {
			return "", fmt.Errorf("read the public key %s: %w", text, plainPathError(err))
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	content, err := io.ReadAll(io.LimitReader(from, maxPublicKeyFile))
	if err != nil {
		return "", fmt.Errorf("read the public key %s: %w", text, plainPathError(err))
	}
	if strings.Contains(string(content), "PRIVATE KEY") {
		return "", fmt.Errorf("%s is a private key, which stays where it is: give the public one, in the file that ends with .pub", text)
	}
	return strings.TrimSpace(string(content)), nil
}

// changeSSHKeys adds and takes away keys of a user, and prints those there are
// then.
func (p process) changeSSHKeys(ctx context.Context, c *client.Client, email string, add, remove []string) error {
	user, err := userByEmail(ctx, c, email)
	if err != nil {
		return err
	}
	keys := user.SSHKeys
	for _, text := range remove {
		left := slices.DeleteFunc(slices.Clone(keys), func(line string) bool { return isSSHKey(line, text) })
		if len(left) == len(keys) {
			return fmt.Errorf("%s has no SSH key %q: lifeguard user ssh-key --email %[1]s shows those there are", user.Email, text)
		}
		keys = left
	}
	for _, line := range add {
		if !slices.ContainsFunc(keys, func(have string) bool { return isSSHKey(have, line) }) {
			keys = append(keys, line)
		}
	}
	if len(add)+len(remove) > 0 {
		// Empty, and not nil, takes them all away.
		if user, err = c.UpdateUser(ctx, user.ID, api.UpdateUser{SSHKeys: append([]string{}, keys...)}); err != nil {
			return sshKeyError(err)
		}
	}
	for _, line := range user.SSHKeys {
		if _, err := fmt.Fprintln(p.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// isSSHKey reports whether a line is the key that a text means: the same key,
// whatever its comment, or the key with that comment.
func isSSHKey(line, text string) bool {
	have, want := strings.Fields(line), strings.Fields(text)
	if len(have) < 2 {
		return false
	}
	if len(want) >= 2 && have[0] == want[0] && have[1] == want[1] {
		return true
	}
	return strings.Join(have[2:], " ") == strings.Join(want, " ") && len(want) > 0
}

// sshKeyError says what is wrong with a key in the words of a person who gave it
// on a command line.
func sshKeyError(err error) error {
	var refused *api.Error
	if errors.As(err, &refused) && len(refused.Fields) > 0 && strings.HasPrefix(refused.Fields[0].Location, "body.ssh_keys") {
		return fmt.Errorf("the SSH key %s", refused.Fields[0].Message)
	}
	return err
}
