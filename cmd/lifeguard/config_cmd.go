package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

func configCommand(p process) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write, check and find the configuration",
		Long: "The configuration is one YAML file. It is optional. A flag comes before the environment, the environment before\n" +
			"a context, and a context before the rest of the file. Unknown settings are errors.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&path, "config", "", "the file, instead of the usual one")
	cmd.AddCommand(
		&cobra.Command{
			Use:   "init",
			Short: "Write a configuration in which every setting is explained",
			Long:  "Writes a file with every setting and what it means, all of them commented out. An existing file is never overwritten.",
			Args:  noArguments,
			RunE:  func(*cobra.Command, []string) error { return p.initConfig(path) },
		},
		&cobra.Command{
			Use:   "check",
			Short: "Say what is wrong with the configuration, line by line",
			Args:  noArguments,
			RunE:  func(*cobra.Command, []string) error { return p.checkConfig(path) },
		},
		&cobra.Command{
			Use:   "path",
			Short: "Print where the configuration is looked for",
			Args:  noArguments,
			RunE: func(*cobra.Command, []string) error {
				path, _ := p.configPath(path)
				_, err := fmt.Fprintln(p.stdout, path)
				return err
			},
		},
	)
	return cmd
}

// initConfig writes the file whole or not at all, and never over another.
func (p process) initConfig(flag string) error {
	path, _ := p.configPath(flag)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, plainPathError(err))
	}
	err := writeNew(path, []byte(config.Document()))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a configuration at %s already, and it is left as it is: see lifeguard config check", path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, plainPathError(err))
	}
	_, err = fmt.Fprintf(p.stdout, "Wrote %s, with every setting commented out.\n", path)
	return err
}

func (p process) checkConfig(flag string) error {
	path, _ := p.configPath(flag)
	c, err := p.configuration(flag)
	if err != nil {
		return err
	}
	if c.Path == "" {
		_, err = fmt.Fprintf(p.stdout, "There is no configuration at %s: every setting has its default. lifeguard config init writes one.\n", path)
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s is right.\n", path)
	return err
}

// writeNew writes a file that its owner alone can read, unless there is one.
func writeNew(path string, text []byte) error {
	temporary, err := writeBeside(path, text)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }()
	if err := os.Link(temporary, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// replaceFile puts a text in the place of a file, whole or not at all. The
// file's mode stays; a new one is for its owner alone.
func replaceFile(path string, text []byte) error {
	temporary, err := writeBeside(path, text)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }()
	if info, err := os.Stat(path); err == nil {
		if err := os.Chmod(temporary, info.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeBeside writes a text into a new file in the folder of path, mode 0600,
// and makes it durable.
func writeBeside(path string, text []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".lifeguard-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}
