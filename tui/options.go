package tui

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// Client is what the console needs of a server. Every error is an *api.Error.
// All methods may be called from several goroutines.
type Client interface {
	Me(ctx context.Context) (api.Caller, error)
	Teams(ctx context.Context, filter api.TeamFilter, options api.ListOptions) (api.TeamList, error)
	NextTeams(ctx context.Context, next string) (api.TeamList, error)
	ServiceAccounts(ctx context.Context, filter api.ServiceAccountFilter, options api.ListOptions) (api.ServiceAccountList, error)
	// ServiceAccountPages yields all pages of the list; an error is the last.
	ServiceAccountPages(ctx context.Context, filter api.ServiceAccountFilter) iter.Seq2[api.ServiceAccountList, error]
	ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error)
	CreateServiceAccount(ctx context.Context, request api.CreateServiceAccount, idempotencyKey string) (api.CreatedServiceAccount, error)
	DeleteServiceAccount(ctx context.Context, id string) error
	Members(ctx context.Context, teamID string, options api.ListOptions) (api.MemberList, error)
	Roles(ctx context.Context, options api.ListOptions) (api.RoleList, error)
	NextRoles(ctx context.Context, next string) (api.RoleList, error)
	CreateTeam(ctx context.Context, create api.CreateTeam) (api.Team, error)
	AuditEvents(ctx context.Context, filter api.AuditFilter, options api.ListOptions) (api.AuditEventList, error)
	NextAuditEvents(ctx context.Context, next string) (api.AuditEventList, error)
	// AwaitAuditEvents returns the events after a sequence, oldest first. When
	// there are none, the server holds its answer for so long.
	AwaitAuditEvents(ctx context.Context, filter api.AuditFilter, wait time.Duration) (api.AuditEventList, error)
}

// Clipboard carries a text to the person's clipboard; see package clipboard.
type Clipboard interface {
	// Copy takes the ways that work here. It may take as long as two programs
	// take that hang, see [clipboard.Limit]. What is in the result's Sequence has
	// yet to be written to the terminal.
	Copy(ctx context.Context, text string) clipboard.Result
}

// Options are what a console is made of. Client, Clipboard, Clock and
// NewIdempotencyKey must be set.
type Options struct {
	// Context ends with the program; requests under way end with it.
	Context context.Context
	Client  Client
	// SignIn makes a client with another key, after the server refused the
	// first one.
	SignIn func(key api.Secret) (Client, error)
	// ContextName is the short name of what the console is connected to.
	ContextName string
	// Address says where that is: a host name, or "embedded".
	Address string
	// Production makes the context stand out, in colour and by ContextWord.
	Production bool
	// ContextWord stands before the context's name. "" is no word, and for
	// production it is PRODUCTION.
	ContextWord string
	// ContextColor is one of styles.ContextColors, or "".
	ContextColor string
	// Theme is the choice of colours, styles.Auto when it is "".
	Theme styles.Theme
	// Keys are the person's own; they must have no problem, see [Keys.Check].
	Keys Keys
	// Views are the saved views, by their names.
	Views []View
	// Begin is the view to begin with: what [Model.Remembered] was the last time.
	Begin View
	// Mouse is whether the mouse is on at the start; a key turns it on and off.
	Mouse bool
	// WindowTitle sets the terminal's title to the context's name.
	WindowTitle bool
	// ProgressBar shows how far loading is in the terminal's own bar, OSC 9;4.
	// Some terminals take that for a notification.
	ProgressBar bool
	// ReadOnly takes away every key that changes something.
	ReadOnly bool
	// SignedOut says that Client has no key at all, so that the console asks for
	// one in other words than when a key was refused.
	SignedOut bool
	// NextTime says how a person saves signing in the next time, as in "run
	// lifeguard login", without a full stop; "" when there is nothing to say.
	NextTime  string
	Clipboard Clipboard
	Clock     func() time.Time
	// NewIdempotencyKey makes a UUID for a create.
	NewIdempotencyKey func() string
	// Random is a number from 0 to 1, to spread what is tried again. Nil is the
	// system's.
	Random func() float64
	// OpenFile opens a file that a person names, to read the recipients of a
	// sealed key from. Nil where the machine's files are not the person's.
	OpenFile func(path string) (io.ReadCloser, error)
	// NoFiles says that the console runs on a machine which is not the person's,
	// so that keys are not written into its files.
	NoFiles bool
	// ASCII draws without characters beyond ASCII.
	ASCII bool
	// Notice is shown once at the start, such as where the data is kept.
	Notice string
}
