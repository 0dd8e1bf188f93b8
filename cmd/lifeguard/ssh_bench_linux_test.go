package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

const (
	sshBenchSessions = 200
	sshBenchPeople   = 20 // ten sessions each
)

// sshBench is the released program that serves 1,204 accounts over SSH.
type sshBench struct {
	measured
	folder string
	dsn    string
	binary string
	port   string
	people []ssh.Signer
	idFile string // of the first of them
}

// BenchmarkSSH measures the console over SSH: the time to the first frame, what
// 200 sessions at once take and how they answer, and a key press over a slow
// line. See docs/speed.md.
func BenchmarkSSH(b *testing.B) {
	s := newSSHBench(b)
	b.Run("first frame", s.firstFrame)
	b.Run("sessions", s.manySessions)
	b.Run("slow line", s.slowLine)
}

func newSSHBench(b *testing.B) *sshBench {
	b.Helper()
	s := &sshBench{folder: b.TempDir()}
	s.dsn = "sqlite:" + filepath.Join(s.folder, "keys.db")
	store, err := sqlstore.Open(b.Context(), s.dsn, sqlstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	organization, err := sample.New(1, time.Now(), demoAccounts)
	if err != nil {
		b.Fatal(err)
	}
	key, err := sample.Load(b.Context(), store, organization, sample.Admin{Name: "Ada", Email: "ada@example.com"}, nil)
	if err = errors.Join(err, store.Close()); err != nil {
		b.Fatal(err)
	}
	free, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if _, s.port, err = net.SplitHostPort(free.Addr().String()); err != nil {
		b.Fatal(err)
	}
	_ = free.Close()
	s.binary = released(b)
	s.measured = startMeasured(b, nil, s.binary, "serve", "--listen", "127.0.0.1:0", "--database", s.dsn, "--ssh", "127.0.0.1:"+s.port)
	admin, err := client.New(s.url(), key)
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close()
	me, err := admin.Me(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for n := range sshBenchPeople {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			b.Fatal(err)
		}
		s.people = append(s.people, signer)
		if _, err := admin.CreateUser(b.Context(), api.CreateUser{
			Email: fmt.Sprintf("bench%d@example.com", n), Teams: []api.TeamRef{{ID: me.Teams[0].ID}},
			SSHKeys: []string{string(ssh.MarshalAuthorizedKey(signer.PublicKey()))},
		}); err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			block, err := ssh.MarshalPrivateKey(private, "")
			if err != nil {
				b.Fatal(err)
			}
			s.idFile = filepath.Join(s.folder, "id")
			if err := os.WriteFile(s.idFile, pem.EncodeToMemory(block), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	return s
}

// benchSession is a console of 120×40 at the end of an SSH connection.
type benchSession struct {
	client  *ssh.Client
	session *ssh.Session
	keys    io.WriteCloser
	arrived chan []byte
}

func (s *sshBench) open(person ssh.Signer, address string) (*benchSession, error) {
	connection, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: "bench", Auth: []ssh.AuthMethod{ssh.PublicKeys(person)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // it was started a moment ago
		Timeout: patience,
	})
	if err != nil {
		return nil, err
	}
	session, err := connection.NewSession()
	if err != nil {
		return nil, err
	}
	o := &benchSession{client: connection, session: session, arrived: make(chan []byte, 4096)}
	keys, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.keys = keys
	if err := errors.Join(session.RequestPty("xterm-256color", 40, 120, ssh.TerminalModes{}), session.Shell()); err != nil {
		return nil, err
	}
	go func() {
		defer close(o.arrived)
		for {
			chunk := make([]byte, 32<<10)
			n, err := output.Read(chunk)
			if err != nil {
				return
			}
			o.arrived <- chunk[:n]
		}
	}()
	return o, nil
}

func (o *benchSession) close() { _ = o.client.Close() }

// until reads until a text has come.
func (o *benchSession) until(text string) error {
	var seen []byte
	for {
		select {
		case chunk, ok := <-o.arrived:
			if !ok {
				return fmt.Errorf("the session ended before %q", text)
			}
			if seen = append(seen, chunk...); bytes.Contains(seen, []byte(text)) {
				return nil
			}
		case <-time.After(patience):
			return fmt.Errorf("%q does not come", text)
		}
	}
}

// rest reads until nothing comes any more.
func (o *benchSession) rest(silence time.Duration) {
	for {
		select {
		case _, ok := <-o.arrived:
			if !ok {
				return
			}
		case <-time.After(silence):
			return
		}
	}
}

// firstFrame is measured with Debian's ssh, from the start of its process.
func (s *sshBench) firstFrame(b *testing.B) {
	var frames, rows []time.Duration
	once(b, func() {
		for range 20 {
			frame, row := s.debianFrame(b)
			frames, rows = append(frames, frame), append(rows, row)
		}
	})
	b.ReportMetric(float64(median(frames).Microseconds())/1000, "ms-to-first-frame")
	b.ReportMetric(float64(median(rows).Microseconds())/1000, "ms-to-first-rows")
	b.ReportMetric(float64(slices.Min(frames).Microseconds())/1000, "ms-to-first-frame-at-least")
	b.ReportMetric(float64(slices.Max(frames).Microseconds())/1000, "ms-to-first-frame-at-most")
}

// debian is Debian's ssh as the first of the people.
func (s *sshBench) debian(b *testing.B, host, port string) *exec.Cmd {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "ssh", "-F", os.DevNull, "-tt", "-p", port, "-i", s.idFile, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile="+os.DevNull, "-o", "LogLevel=ERROR", host)
	cmd.Env = append(ownEnvironment(s.folder), "TERM=xterm-256color", "LANG=C.UTF-8")
	return cmd
}

func (s *sshBench) debianFrame(b *testing.B) (frame, rows time.Duration) {
	b.Helper()
	cmd := s.debian(b, "127.0.0.1", s.port)
	began := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = terminal.Close()
	}()
	var seen []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := terminal.Read(chunk)
		if err != nil {
			b.Fatalf("%v: %s", err, seen)
		}
		seen = append(seen, chunk[:n]...)
		if frame == 0 && bytes.Contains(seen, []byte("lifeguard")) {
			frame = time.Since(began)
		}
		if bytes.Contains(seen, []byte("ps-")) {
			return frame, time.Since(began)
		}
	}
}

// manySessions opens 200 and measures them.
func (s *sshBench) manySessions(b *testing.B) {
	address := "127.0.0.1:" + s.port
	warm, err := s.open(s.people[0], address) // what the first one alone costs
	if err != nil {
		b.Fatal(err)
	}
	if err := warm.until("ps-"); err != nil {
		b.Fatal(err)
	}
	warm.close()
	once(b, func() {
		before := memoryOf(b, s.pid, "VmRSS")
		began := time.Now()
		open := s.openAll(b, address)
		b.ReportMetric(time.Since(began).Seconds(), "s-to-open-all")
		defer func() {
			for _, o := range open {
				o.close()
			}
		}()
		calm(open)
		spent := processorTime(b, s.pid)
		time.Sleep(5 * time.Second)
		b.ReportMetric((processorTime(b, s.pid)-spent).Seconds()/5*100, "%-of-a-core-idle")
		b.ReportMetric((memoryOf(b, s.pid, "VmRSS")-before)*1e6/(1<<20)/float64(len(open)), "MiB/session")
		b.ReportMetric(memoryOf(b, s.pid, "VmHWM")*1e6/(1<<20), "MiB-at-most")
		var alone []time.Duration
		for _, o := range open {
			alone = append(alone, pressed(b, o))
		}
		calm(open) // the details of each follow its cursor a moment later
		slices.Sort(alone)
		b.ReportMetric(float64(median(alone).Microseconds())/1000, "ms/press")
		b.ReportMetric(float64(alone[len(alone)*95/100].Microseconds())/1000, "ms/press-p95")
		var mu sync.Mutex
		var together []time.Duration
		var all sync.WaitGroup
		for _, o := range open {
			all.Go(func() {
				took := pressed(b, o)
				mu.Lock()
				defer mu.Unlock()
				together = append(together, took)
			})
		}
		all.Wait()
		slices.Sort(together)
		b.ReportMetric(float64(median(together).Microseconds())/1000, "ms/press-all-at-once")
		b.ReportMetric(float64(together[len(together)*95/100].Microseconds())/1000, "ms/press-all-at-once-p95")
	})
}

// calm waits until nothing comes from any session any more.
func calm(open []*benchSession) {
	var all sync.WaitGroup
	for _, o := range open {
		all.Go(func() { o.rest(2 * time.Second) })
	}
	all.Wait()
}

func (s *sshBench) openAll(b *testing.B, address string) []*benchSession {
	b.Helper()
	open := make([]*benchSession, sshBenchSessions)
	turns := make(chan struct{}, 16)
	var all sync.WaitGroup
	for i := range open {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			o, err := s.open(s.people[i%len(s.people)], address)
			if err == nil {
				err = o.until("ps-")
			}
			if err != nil {
				b.Error(err)
				return
			}
			open[i] = o
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return open
}

// pressed is the time from a key that moves the cursor to what comes of it.
func pressed(b *testing.B, o *benchSession) time.Duration {
	began := time.Now()
	if _, err := io.WriteString(o.keys, "j"); err != nil {
		b.Error(err)
		return 0
	}
	select {
	case <-o.arrived:
	case <-time.After(patience):
		b.Error("nothing comes of a key")
	}
	return time.Since(began)
}
