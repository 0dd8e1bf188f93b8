package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envSourceDate is the time of what a program was made from, in seconds since
// 1970, so that the same source gives the same bytes: see
// https://reproducible-builds.org/specs/source-date-epoch/.
const envSourceDate = "SOURCE_DATE_EPOCH"

func manCommand(p process) *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages of all commands into a folder",
		Long: "Writes a manual page for each command into a folder, which is made if need be: lifeguard.1, lifeguard-list.1 and so\n" +
			"on. A package or an administrator puts them where man looks.",
		Example: "lifeguard man /usr/local/share/man/man1",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{command: cmd.CommandPath(), err: errors.New("name one folder")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			date := time.Now()
			if text := p.env.get(envSourceDate); text != "" {
				seconds, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return fmt.Errorf("%s must be a number of seconds, not %q", envSourceDate, text)
				}
				date = time.Unix(seconds, 0)
			}
			return writeManual(cmd.Root(), args[0], date.UTC())
		},
	}
}

// writeManual writes a page for each command that is shown.
func writeManual(cmd *cobra.Command, folder string, date time.Time) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // manuals are for everybody
		return fmt.Errorf("make the folder %s: %w", folder, plainPathError(err))
	}
	for _, child := range shownCommands(cmd) {
		if err := writeManual(child, folder, date); err != nil {
			return err
		}
	}
	path := filepath.Join(folder, pageName(cmd)+".1")
	if err := os.WriteFile(path, []byte(manualPage(cmd, date)), 0o644); err != nil { //nolint:gosec // manuals are for everybody
		return fmt.Errorf("write %s: %w", path, plainPathError(err))
	}
	return nil
}

func shownCommands(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(child *cobra.Command) bool {
		return !child.IsAvailableCommand() || child.IsAdditionalHelpTopicCommand()
	})
}

// pageName is a command's page, as in git-log.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is a manual page as it is written, in the macros of man(7).
type page struct{ strings.Builder }

// roff keeps a text from being taken for macros, and its hyphens from becoming
// others, which nobody could paste.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

func (p *page) macro(name string, arguments ...string) {
	p.WriteString("." + name)
	for _, argument := range arguments {
		p.WriteString(` "` + strings.ReplaceAll(roff(argument), `"`, `\(dq`) + `"`)
	}
	p.WriteString("\n")
}

// text writes lines, which are filled; an empty line begins a paragraph.
func (p *page) text(text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			p.macro("PP")
		} else {
			p.WriteString(roff(line) + "\n")
		}
	}
}

// item writes what stands out, as font macros have it, and what it means.
func (p *page) item(macro string, words []string, meaning string) {
	p.macro("TP")
	p.macro(macro, words...)
	p.text(meaning)
}

func manualPage(cmd *cobra.Command, date time.Time) string {
	var p page
	// Dates are read by programs, hyphens and all.
	_, _ = fmt.Fprintf(&p, ".TH %q 1 %s \"lifeguard %s\" Lifeguard\n", strings.ToUpper(pageName(cmd)), date.Format(time.DateOnly), roff(buildVersion()))
	p.macro("SH", "NAME")
	p.text(pageName(cmd) + " - " + cmd.Short)
	p.macro("SH", "SYNOPSIS")
	path, arguments := cmd.CommandPath(), strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	p.macro("B", path)
	p.text(strings.TrimSuffix(arguments, " [flags]") + " [option ...]")
	p.macro("SH", "DESCRIPTION")
	p.text(cmp.Or(cmd.Long, cmd.Short+"."))
	if children := shownCommands(cmd); len(children) > 0 {
		p.macro("SH", "COMMANDS")
		for _, child := range children {
			p.item("BR", []string{pageName(child), "(1)"}, child.Short+".")
		}
	}
	p.macro("SH", "OPTIONS")
	options := func(flag *pflag.Flag) {
		words := []string{"--" + flag.Name}
		if flag.Shorthand != "" {
			words[0] = "-" + flag.Shorthand + ", " + words[0]
		}
		if flag.NoOptDefVal == "" {
			words = append(words, " ", strings.ToUpper(flag.Name[strings.LastIndex(flag.Name, "-")+1:]))
		}
		usage := flag.Usage
		if !slices.Contains([]string{"", "false", "[]", "0"}, flag.DefValue) {
			usage += " (default " + flag.DefValue + ")"
		}
		p.item("BI", words, usage)
	}
	cmd.NonInheritedFlags().VisitAll(options)
	cmd.InheritedFlags().VisitAll(options)
	if cmd.Example != "" {
		p.macro("SH", "EXAMPLES")
		p.macro("nf")
		for line := range strings.Lines(cmd.Example) {
			p.WriteString(roff(strings.TrimRight(line, "\n")) + "\n")
		}
		p.macro("fi")
	}
	p.rest(cmd)
	return p.String()
}

// rest writes what is the same for all commands.
func (p *page) rest(cmd *cobra.Command) {
	p.macro("SH", "EXIT STATUS")
	for _, code := range exitCodes {
		p.item("B", []string{strconv.Itoa(code.code)}, code.means)
	}
	p.macro("SH", "ENVIRONMENT")
	for _, variable := range []struct{ name, means string }{
		{envAPIKey, "The API key to sign in with, before that of a context."},
		{envPoolsideKey, "The same, where the one above is not set."},
		{envServer, "URL of the server, as --server."},
		{envContext, "Context of the configuration, as --context."},
		{envConfig, "The configuration, as --config."},
		{envReadOnly, "true to change nothing."},
		{envTheme, "Colours of the console: " + themeList() + "."},
		{"NO_COLOR", "Not empty for no colours."},
	} {
		p.item("B", []string{variable.name}, variable.means)
	}
	p.macro("SH", "SEE ALSO")
	if parent := cmd.Parent(); parent != nil {
		p.macro("BR", pageName(parent), "(1)")
	} else {
		p.text("https://github.com/lifeguard-keys/lifeguard")
	}
}
