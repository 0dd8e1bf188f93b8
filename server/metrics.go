package server

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/lifeguard-keys/lifeguard/api"
)

const opMetrics = "metrics"

// The metrics are for whoever may see the audit log. There is no exception for
// this machine's own addresses: behind a proxy on the same machine everybody
// comes from there.
var metricsRules = map[string]rule{
	opMetrics: {anyOf: []api.Action{api.ViewAuditLog}},
}

// metrics are what a server counts, in a registry of its own. No label holds
// anything that a client chooses: there are as many series as routes.
type metrics struct {
	clock    func() time.Time
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	verify   prometheus.Histogram
	failures *prometheus.CounterVec
	store    *prometheus.HistogramVec
}

// fast are the bounds of histograms, in seconds, from what a prepared look-up
// takes to what a person gives up on.
var fast = []float64{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}

func newMetrics(clock func() time.Time) *metrics {
	m := &metrics{
		clock:    clock,
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lifeguard_http_requests_total", Help: "Requests that were answered, by route and status.",
		}, []string{"route", "status"}),
		verify: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "lifeguard_verify_seconds", Help: "How long it took to find whose key it is, or that it is nobody's.", Buckets: fast,
		}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lifeguard_verify_failures_total", Help: "Keys that were not accepted, by reason.",
		}, []string{"reason"}),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lifeguard_store_seconds", Help: "How long the database took, by operation.", Buckets: fast,
		}, []string{"operation"}),
	}
	m.registry.MustRegister(m.requests, m.verify, m.failures, m.store,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, reason := range []string{failMissing, failMalformed, failUnknown, failLimited, failSuspended, failNoSSHKey, failNoLogin} {
		m.failures.WithLabelValues(reason) // a series that starts at nothing, so that its rate is known
	}
	return m
}

func (m *metrics) answered(route string, status int) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

// since is what is deferred around something that takes time.
func (m *metrics) since(started time.Time, in prometheus.Observer) {
	in.Observe(m.clock().Sub(started).Seconds())
}

func (s *Server) registerMetrics(on huma.API) {
	handle(s, on, operation{
		id: opMetrics, method: http.MethodGet, path: api.PathMetrics,
		summary:     "What the server counts",
		description: "In the text format of Prometheus, for a key that may view the audit log.",
		sends:       map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}, s.showMetrics)
}

func (s *Server) showMetrics(context.Context, *struct{}) (*document, error) {
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return nil, internal(fmt.Errorf("gather the metrics: %w", err))
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	var body bytes.Buffer
	encoder := expfmt.NewEncoder(&body, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return nil, internal(fmt.Errorf("write the metrics: %w", err))
		}
	}
	return &document{ContentType: string(format), Body: body.Bytes()}, nil
}

// measuredStore measures what a store takes for what it is asked most.
type measuredStore struct {
	Store
	metrics *metrics
}

func (s measuredStore) measure(operation string) func() {
	started := s.metrics.clock()
	return func() { s.metrics.since(started, s.metrics.store.WithLabelValues(operation)) }
}

func (s measuredStore) Write(ctx context.Context, change func(tx Tx) (Event, error)) error {
	defer s.measure("write")()
	return s.Store.Write(ctx, change)
}

func (s measuredStore) WriteAll(ctx context.Context, change func(tx Tx) ([]Event, error)) error {
	defer s.measure("write all")()
	return s.Store.WriteAll(ctx, change)
}

func (s measuredStore) Touch(ctx context.Context, uses []KeyUse) error {
	defer s.measure("touch")()
	return s.Store.Touch(ctx, uses)
}

func (s measuredStore) IdentityByKey(ctx context.Context, hash api.KeyHash) (Identity, error) {
	defer s.measure("identity by key")()
	return s.Store.IdentityByKey(ctx, hash)
}

func (s measuredStore) ServiceAccounts(ctx context.Context, query ServiceAccountQuery) (ServiceAccountPage, error) {
	defer s.measure("service accounts")()
	return s.Store.ServiceAccounts(ctx, query)
}

func (s measuredStore) AuditEvents(ctx context.Context, query AuditQuery) (AuditPage, error) {
	defer s.measure("audit events")()
	return s.Store.AuditEvents(ctx, query)
}

func (s measuredStore) AppendEvents(ctx context.Context, events []Event) error {
	defer s.measure("append events")()
	return s.Store.AppendEvents(ctx, events)
}
