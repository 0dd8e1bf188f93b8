package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const (
	timingSamples = 1500 // of each kind of key
	// timingSources is how many addresses ask in turn: the keys of one that has
	// asked in vain too often within a second go through the slow lane.
	timingSources = 200
)

// benchmarkTiming measures how long the kinds of keys take, one request after
// the other and the kinds in random order, and how far the distributions are
// apart: the largest difference between two of them (Kolmogorov–Smirnov). Two
// samples of the same distribution differ by less than the bound in 95 of 100
// cases. Each key is presented once: what is remembered of wrong keys is their
// own source's.
func benchmarkTiming(b *testing.B, served measured, accounts int) {
	kinds := map[string][]api.Secret{"deleted": deletedKeys(b, served)}
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano()))) //nolint:gosec // an order, no secret
	for i := range timingSamples {
		unknown := speedKey(int(random.Uint32()) + 2_000_000)
		kinds["unknown"] = append(kinds["unknown"], unknown)
		text := []byte(speedKey(int(random.Uint32()) + 2_000_000).Reveal())
		if last := &text[len(text)-1]; *last == '0' {
			*last = '1'
		} else {
			*last = '0'
		}
		kinds["misspelt"] = append(kinds["misspelt"], api.NewSecret(string(text)))
		kinds["good"] = append(kinds["good"], speedKey(i*(accounts/timingSamples)))
	}
	times := map[string][]float64{}
	once(b, func() { times = timeKinds(b, served, kinds, random) })
	for kind, sample := range times {
		slices.Sort(sample)
		b.ReportMetric(sample[len(sample)/2], kind+"-µs")
		b.ReportMetric(sample[len(sample)/4], kind+"-µs-quarter")
		b.ReportMetric(sample[3*len(sample)/4], kind+"-µs-three-quarters")
	}
	b.ReportMetric(apart(times["unknown"], times["deleted"]), "unknown-deleted-apart")
	b.ReportMetric(apart(times["unknown"], times["misspelt"]), "unknown-misspelt-apart")
	b.ReportMetric(1.36*math.Sqrt(2/float64(timingSamples)), "bound")
}

// deletedKeys makes service accounts and deletes them.
func deletedKeys(b *testing.B, served measured) []api.Secret {
	b.Helper()
	admin := speedKey(administratorNumber)
	creating := createLoad(b, served)
	keys := make([]api.Secret, timingSamples)
	var work sync.WaitGroup
	const workers = 16
	for worker := range workers {
		work.Go(func() {
			for i := worker; i < len(keys); i += workers {
				_, body, _ := strings.Cut(string(creating.request(i)), "\r\n\r\n")
				var made struct {
					ServiceAccount api.ServiceAccount `json:"service_account"`
					APIKey         string             `json:"api_key"`
				}
				created := ask(b, served, http.MethodPost, api.PathServiceAccounts, body, admin)
				if err := json.Unmarshal(created.Body, &made); err != nil || made.APIKey == "" {
					b.Errorf("%s: %v", created.Body, err)
					return
				}
				keys[i] = api.NewSecret(made.APIKey)
				gone := ask(b, served, http.MethodDelete, api.PathServiceAccounts+"/"+made.ServiceAccount.ID, "", admin)
				if gone.Status != http.StatusNoContent {
					b.Errorf("%d %s", gone.Status, gone.Body)
				}
			}
		})
	}
	work.Wait()
	return keys
}

func timeKinds(b *testing.B, served measured, kinds map[string][]api.Secret, random *rand.Rand) map[string][]float64 {
	b.Helper()
	type question struct {
		kind string
		key  api.Secret
	}
	var questions []question
	for kind, keys := range kinds {
		for _, key := range keys {
			questions = append(questions, question{kind, key})
		}
	}
	random.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
	connections := make([]net.Conn, timingSources)
	readers := make([]*bufio.Reader, timingSources)
	for i := range connections {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}}
		connection, err := dialer.DialContext(context.Background(), "tcp", served.address)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		connections[i], readers[i] = connection, bufio.NewReader(connection)
	}
	times := map[string][]float64{}
	for i, asked := range questions {
		connection, reader := connections[i%timingSources], readers[i%timingSources]
		text := requestText(http.MethodGet, api.PathAuth, "", asked.key)
		started := time.Now()
		if _, err := connection.Write(text); err != nil {
			b.Fatal(err)
		}
		response, err := http.ReadResponse(reader, nil)
		took := time.Since(started)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, response.Body)
		err = errors.Join(err, response.Body.Close())
		if good := response.StatusCode == http.StatusOK; err != nil || good != (asked.kind == "good") || !good && response.StatusCode != http.StatusUnauthorized {
			b.Fatalf("a key that is %s: %s, %v", asked.kind, response.Status, err)
		}
		times[asked.kind] = append(times[asked.kind], float64(took.Nanoseconds())/1000)
	}
	return times
}

// apart is the largest difference between the distributions of two sorted
// samples: 0 when they are the same, 1 when they do not overlap.
func apart(one, other []float64) float64 {
	var largest float64
	for i, j := 0, 0; i < len(one) && j < len(other); {
		switch at := min(one[i], other[j]); {
		case one[i] == at && other[j] == at:
			i, j = i+1, j+1
		case one[i] == at:
			i++
		default:
			j++
		}
		largest = max(largest, math.Abs(float64(i)/float64(len(one))-float64(j)/float64(len(other))))
	}
	return largest
}
