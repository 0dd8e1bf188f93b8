package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A line as slow as a satellite's or an old modem's: 200 ms there and back, 64
// kbit/s each way, and two seconds of what waits for it.
const (
	lineDelay = 100 * time.Millisecond // each way
	lineBits  = 64_000                 // a second, each way, headers included
	lineQueue = 16 << 10               // bytes that wait, at most; the rest is dropped
)

var (
	nearAddress = netip.MustParseAddr("192.0.2.1")
	farAddress  = netip.MustParseAddr("192.0.2.2")
)

// slowLine joins two network namespaces, in which nothing else is. Each end is
// a TUN device, and packets of IP go from one to the other. So whatever TCP
// does about such a line counts: acknowledgements, slow start, repetitions.
type slowLine struct {
	near, far namespace
	out, back *lineWay // from near to far, and from far to near
}

// newSlowLine makes a line that ends with the test. It skips a test that may
// not make one; with CI=true it fails.
func newSlowLine(t testing.TB) *slowLine {
	t.Helper()
	line := new(slowLine)
	nearEnd, err := line.near.create(nearAddress)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		advice := fmt.Sprintf("no network namespace with a TUN device can be made: %v: run it as root, or under unshare -r", err)
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	if err != nil {
		t.Fatal(err)
	}
	farEnd, err := line.far.create(farAddress)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, file := range []*os.File{nearEnd, farEnd, line.near.file, line.far.file} {
			_ = file.Close()
		}
	})
	line.out, line.back = newLineWay(farEnd, nearEnd), newLineWay(nearEnd, farEnd)
	return line
}

// roundTrip returns what measures how long the smallest packets take there and
// back: datagrams of one byte.
func (l *slowLine) roundTrip(t testing.TB) func() time.Duration {
	t.Helper()
	var there net.PacketConn
	var here net.Conn
	var err error
	l.far.enter(t, func() {
		there, err = new(net.ListenConfig).ListenPacket(t.Context(), "udp", netip.AddrPortFrom(farAddress, 0).String())
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close() })
	l.near.enter(t, func() {
		here, err = new(net.Dialer).DialContext(t.Context(), "udp", there.LocalAddr().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	go func() {
		datagram := make([]byte, 1)
		for {
			n, from, err := there.ReadFrom(datagram)
			if err != nil {
				return
			}
			_, _ = there.WriteTo(datagram[:n], from)
		}
	}()
	return func() time.Duration {
		t.Helper()
		began := time.Now()
		_ = here.SetDeadline(began.Add(patience))
		datagram := []byte{0}
		if _, err := here.Write(datagram); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Read(datagram); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
}

// lineWay is one way of a line.
type lineWay struct {
	carried atomic.Int64 // bytes, headers of IP included
	dropped atomic.Int64 // packets
	sent    chan sentPacket
}

type sentPacket struct {
	bytes []byte
	due   time.Time
}

// newLineWay carries packets until an end is closed.
func newLineWay(to, from *os.File) *lineWay {
	// More than the queue and the line can hold of packets of a header alone.
	way := &lineWay{sent: make(chan sentPacket, (lineQueue+int(lineBits/8*lineDelay.Seconds()))/20)}
	go way.send(from)
	go way.arrive(to)
	return way
}

// send lets a packet wait until those before it are on the line, and then for
// as long as its bits take.
func (w *lineWay) send(from *os.File) {
	defer close(w.sent)
	var free time.Time // when the line has taken what it was given
	for {
		packet := make([]byte, 1<<16)
		n, err := from.Read(packet)
		if err != nil {
			return
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if free.Add(onLine(n)).Sub(now) > onLine(lineQueue) {
			w.dropped.Add(1)
			continue
		}
		free = free.Add(onLine(n))
		w.sent <- sentPacket{packet[:n], free.Add(lineDelay)}
	}
}

// arrive hands packets over when they are due.
func (w *lineWay) arrive(to *os.File) {
	for packet := range w.sent {
		time.Sleep(time.Until(packet.due))
		w.carried.Add(int64(len(packet.bytes)))
		_, _ = to.Write(packet.bytes) // or it is lost, as on any line
	}
}

// onLine is how long so many bytes take to be put on the line.
func onLine(bytes int) time.Duration {
	return time.Duration(bytes) * 8 * time.Second / lineBits
}

// namespace is a network namespace without a name: it goes with the last
// process, thread and file that hold it, so nothing of it is left behind.
type namespace struct{ file *os.File }

// create makes the namespace, with a loopback and a point-to-point link that
// has an address. Whoever holds the file is the link's other end.
func (n *namespace) create(address netip.Addr) (link *os.File, err error) {
	err = onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if n.file, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		if link, err = newTUN("line"); err != nil {
			return errors.Join(err, n.file.Close())
		}
		if err := errors.Join(bringUp("lo", netip.Addr{}), bringUp("line", address)); err != nil {
			return errors.Join(err, link.Close(), n.file.Close())
		}
		return nil
	})
	return link, err
}

// enter does something inside the namespace. The sockets that it opens and the
// programs that it starts stay there; what other goroutines do does not.
func (n *namespace) enter(t testing.TB, do func()) {
	t.Helper()
	if err := onOwnThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("setns: %w", err)
		}
		do()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// onOwnThread does something that changes the thread it is on, and lets the
// thread end with it: who is root by unshare -r alone could not change it back.
func onOwnThread(do func() error) error {
	err := errors.New("it did not come to its end") // the test failed in it
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		err = do()
	}()
	<-done
	return err
}

// newTUN makes a device in this thread's network namespace: what is sent to it
// can be read from the file, and what is written to the file it receives.
func newTUN(name string) (*os.File, error) {
	const path = "/dev/net/tun"
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), path), nil // which can be polled only now
}

// bringUp gives an address to a device of this thread's network namespace,
// unless it gets one by itself, and lets it carry packets.
func bringUp(device string, address netip.Addr) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	set := func(what uint) {
		if err == nil {
			err = unix.IoctlIfreq(socket, what, request)
		}
	}
	if address.IsValid() {
		err = request.SetInet4Addr(address.AsSlice())
		set(unix.SIOCSIFADDR)
		err = errors.Join(err, request.SetInet4Addr(net.CIDRMask(24, 32)))
		set(unix.SIOCSIFNETMASK)
	}
	request.SetUint16(unix.IFF_UP)
	set(unix.SIOCSIFFLAGS)
	if err != nil {
		return fmt.Errorf("bring up %s: %w", device, err)
	}
	return nil
}
