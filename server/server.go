// Package server is the authority over service accounts and their keys: who
// may do what, the HTTP API that asks for it, and the audit events that tell
// of it. It declares the [Store] that it keeps everything in.
//
// One code path serves the network and the console alike: the embedded
// authority runs this same handler on a listener in memory.
package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a [Server] is made of. Only Store is required.
type Options struct {
	// Store keeps the data. The server does not close it.
	Store Store
	// Clock tells the time; nil is the system's.
	Clock func() time.Time
	// Random is where keys come from; nil is the system's CSPRNG.
	Random io.Reader
	// NewID makes the ids of resources, events and requests; nil makes UUIDs
	// of version 7.
	NewID func() string
	// Logger gets one line a request and the causes of failures, never a key;
	// nil logs nothing.
	Logger *slog.Logger
	// TouchInterval is how long the further uses of a key may wait before
	// they are written together; 0 is ten seconds. When there are so many that
	// writing them takes long they wait longer, at most half a minute.
	TouchInterval time.Duration
	// DenialInterval is how long refused requests are counted before they are
	// written as audit events, together; 0 is one minute.
	DenialInterval time.Duration
	// AuditPoll is how often a read that waits for an audit event looks for
	// one that another process wrote; 0 is one second.
	AuditPoll time.Duration
	// Version is the program's, for the OpenAPI document.
	Version string
}

// Server is the authority over one [Store]. Any number of them may run on one
// database.
type Server struct {
	source  source
	store   Store
	logger  *slog.Logger
	usage   *usage
	feed    *feed
	denials *denials
	metrics *metrics
	// failures keeps wrong keys from the database.
	failures *failures
	slowLane slowLane
	mux      *http.ServeMux
	handler  http.Handler
	openAPI  func() ([]byte, error)

	draining atomic.Bool
	// inFlight holds the caller and Idempotency-Key of each create that has
	// not been answered yet.
	inFlight sync.Map
	// replica tells this server from others on the same database.
	replica string
}

// New makes a server. It does nothing by itself: serve its [Server.Handler].
func New(options Options) *Server {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.TouchInterval <= 0 {
		options.TouchInterval = defaultTouchInterval
	}
	if options.DenialInterval <= 0 {
		options.DenialInterval = defaultDenialInterval
	}
	if options.AuditPoll <= 0 {
		options.AuditPoll = defaultAuditPoll
	}
	source := sourceOf(options.Clock, options.Random, options.NewID)
	metrics := newMetrics(source.clock)
	feed := newFeed(options.Store, options.AuditPoll)
	s := &Server{
		source:   source,
		metrics:  metrics,
		feed:     feed,
		logger:   options.Logger,
		failures: newFailures(source.clock),
		slowLane: newSlowLane(),
		usage: &usage{
			store: options.Store, clock: source.clock, interval: options.TouchInterval, limit: maxPendingUses,
			logger: options.Logger, pending: map[string]KeyUse{},
		},
		mux: http.NewServeMux(),
	}
	s.store = feedingStore{Store: readmittingStore{measuredStore{Store: options.Store, metrics: metrics}, s}, feed: feed}
	s.denials = &denials{
		store: s.store, source: source, interval: options.DenialInterval,
		logger: options.Logger, pending: map[denialKind]*denial{},
	}
	s.replica = source.newID()
	s.register(options.Version)
	s.handler = s.observe(http.HandlerFunc(s.route))
	return s
}

// Handler answers the HTTP API.
func (s *Server) Handler() http.Handler { return s.handler }

// Leave makes /readyz answer 503, so that no new requests are sent here. All
// that come nevertheless are served as before.
func (s *Server) Leave() { s.draining.Store(true) }

// Drain is Leave, and answers those at once that wait for an audit event: the
// server is about to take no further connection.
func (s *Server) Drain() {
	s.Leave()
	s.feed.end()
}

// Close writes what is known of the last use of keys and of refused requests.
// Call it when no request is running any more, and before the store is closed.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.usage.close(ctx), s.denials.close(ctx))
}

// The limits of [NewHTTPServer].
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 32 << 10 // bytes
)

// NewHTTPServer is an http.Server around handler with limits on the time and
// size of what a client sends: 5 seconds and 32 KiB for the headers, 15
// seconds for the whole request, 60 seconds for the answer, 2 minutes of
// silence between requests. Set its ErrorLog; the default writes to stderr.
func NewHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}
