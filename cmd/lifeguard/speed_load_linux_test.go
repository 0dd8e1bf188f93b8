package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// speedConnections is how many kept-alive connections ask at the same time.
const speedConnections = 64

// load asks a server over and over, from one thread and without net/http, so
// that little of what is measured is the asking. It is linux alone: epoll.
type load struct {
	// request is what to send as the nth request of all.
	request func(n int) []byte
	status  string // every answer must have it, such as "200"
}

// asking is one connection.
type asking struct {
	fd     int
	answer []byte // read so far
}

// run asks at address for a while and returns how many answers came in a
// second, and how much processor time process pid used for each of them.
func (l load) run(b *testing.B, address string, pid int, first int, span time.Duration) (perSecond float64, each time.Duration, next int) {
	b.Helper()
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = syscall.Close(poll) }()
	all := map[int32]*asking{}
	for range speedConnections {
		c := &asking{fd: dial(b, address), answer: make([]byte, 0, 16<<10)}
		defer func() { _ = syscall.Close(c.fd) }()
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)} //nolint:gosec // a descriptor is small
		if err := syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, c.fd, &event); err != nil {
			b.Fatal(err)
		}
		all[event.Fd] = c
	}
	n := first
	for _, c := range all {
		l.send(b, c, n)
		n++
	}
	answered := 0
	events := make([]syscall.EpollEvent, speedConnections)
	started, used := time.Now(), processorTime(b, pid)
	for time.Since(started) < span {
		ready, err := syscall.EpollWait(poll, events, 1000)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || ready == 0 {
			b.Fatalf("no answer within a second: %v", err)
		}
		for _, event := range events[:ready] {
			if c := all[event.Fd]; l.receive(b, c) {
				answered++
				l.send(b, c, n)
				n++
			}
		}
	}
	took := time.Since(started)
	each = (processorTime(b, pid) - used) / time.Duration(max(answered, 1))
	return float64(answered) / took.Seconds(), each, n
}

func dial(b *testing.B, address string) int {
	b.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		b.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		b.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.Connect(fd, &syscall.SockaddrInet4{Port: number, Addr: [4]byte(net.ParseIP(host).To4())})
	}
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	if err != nil {
		b.Fatal(err)
	}
	return fd
}

func (l load) send(b *testing.B, c *asking, n int) {
	request := l.request(n)
	if written, err := syscall.Write(c.fd, request); err != nil || written != len(request) {
		b.Fatalf("%d of %d bytes were sent: %v", written, len(request), err)
	}
}

// receive reads what is there and reports whether the answer is whole.
func (l load) receive(b *testing.B, c *asking) bool {
	n, err := syscall.Read(c.fd, c.answer[len(c.answer):cap(c.answer)])
	if err != nil || n <= 0 {
		b.Fatalf("the connection ended after %q: %v", c.answer, err)
	}
	c.answer = c.answer[:len(c.answer)+n]
	whole, err := l.whole(c.answer)
	if err != nil {
		b.Fatal(err)
	}
	if whole {
		c.answer = c.answer[:0]
	}
	return whole
}

var (
	headerEnd    = []byte("\r\n\r\n")
	lengthHeader = []byte("\r\nContent-Length: ")
)

func (l load) whole(answer []byte) (bool, error) {
	end := bytes.Index(answer, headerEnd)
	if end < 0 {
		return false, nil
	}
	if len(answer) < 12 || string(answer[9:12]) != l.status {
		return false, fmt.Errorf("an answer that is not %s: %q", l.status, answer)
	}
	_, length, found := bytes.Cut(answer[:end+2], lengthHeader)
	if !found {
		return false, fmt.Errorf("an answer without its length: %q", answer)
	}
	length, _, _ = bytes.Cut(length, []byte("\r"))
	size, err := strconv.Atoi(string(length))
	return len(answer) >= end+len(headerEnd)+size, err
}
