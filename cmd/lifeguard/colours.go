package main

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"time"

	"github.com/charmbracelet/colorprofile"
)

// tmuxLimit is how long tmux may take to say what its terminal can: one that hangs must
// not hang the program.
const tmuxLimit = time.Second

// allColours is what tmux says of a terminal that has all of them.
var allColours = regexp.MustCompile(`(?m): (RGB|Tc): .*\btrue$`)

// colourProfile is how many colours standard output has. A terminal that tmux draws on
// may have more than TERM says; asked by itself, the library would wait for tmux for
// ever.
func (p process) colourProfile() colorprofile.Profile {
	profile := colorprofile.Detect(p.stdout, p.env.without("TMUX"))
	tmux := p.env.get("TMUX")
	if tmux == "" || profile < colorprofile.ANSI || profile == colorprofile.TrueColor {
		return profile
	}
	ctx, cancel := context.WithTimeout(context.Background(), tmuxLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", "show-messages", "-T")
	cmd.Env = append(os.Environ(), "TMUX="+tmux)
	cmd.WaitDelay = tmuxLimit // for what it started and left behind with our pipes
	if said, err := cmd.Output(); err == nil && allColours.Match(said) {
		return colorprofile.TrueColor
	}
	return max(profile, colorprofile.ANSI256)
}
