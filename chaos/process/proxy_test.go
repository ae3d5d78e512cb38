package process

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// between starts a broker that says back what it hears, and a proxy to it.
func between(t *testing.T) (p *proxy, broker string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	broker = l.Addr().String()
	if p, err = newProxy(map[string]string{broker: "kafka-0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, broker
}

func dialThrough(t *testing.T, p *proxy, member, broker string) net.Conn {
	t.Helper()
	c, err := through(p.listen.Addr().String(), member)(context.Background(), "tcp", broker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func says(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hears(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

// silent says that nothing has come for a while.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %d bytes, %v; want silence", n, err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
}

// closed says that the other side has ended the connection.
func closed(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %d bytes, %v; want the end of the connection", n, err)
	}
}

// A cut holds back what is sent, in one direction or in both, and for one member; when it heals, all arrives on the
// same connection.
func TestACutHealsAsIfNothingHadBeen(t *testing.T) {
	for _, cut := range []way{{"taskmanager-0", "kafka-0"}, {"kafka-0", "taskmanager-0"}} {
		p, broker := between(t)
		one, other := dialThrough(t, p, "taskmanager-0", broker), dialThrough(t, p, "taskmanager-1", broker)
		says(t, one, "before")
		hears(t, one, "before")
		p.set(cut.from, cut.to, fault.LinkState{Cut: true})
		says(t, one, "in it")
		silent(t, one)
		says(t, other, "others")
		hears(t, other, "others")
		p.set(cut.from, cut.to, fault.LinkState{})
		hears(t, one, "in it")
	}
}

// A link that refuses ends its connections and takes no new ones, until it is well.
func TestALinkThatRefuses(t *testing.T) {
	p, broker := between(t)
	c := dialThrough(t, p, "taskmanager-0", broker)
	says(t, c, "x")
	hears(t, c, "x")
	p.set("taskmanager-0", "kafka-0", fault.LinkState{Reject: true})
	closed(t, c)
	closed(t, dialThrough(t, p, "taskmanager-0", broker))
	p.set("taskmanager-0", "kafka-0", fault.LinkState{})
	c = dialThrough(t, p, "taskmanager-0", broker)
	says(t, c, "y")
	hears(t, c, "y")
	p.reset("kafka-0", "taskmanager-0")
	closed(t, c)
}

func TestADelayAddsUpOverBothDirections(t *testing.T) {
	p, broker := between(t)
	c := dialThrough(t, p, "taskmanager-0", broker)
	p.set("taskmanager-0", "kafka-0", fault.LinkState{Delay: 60 * time.Millisecond})
	p.set("kafka-0", "taskmanager-0", fault.LinkState{Delay: 40 * time.Millisecond})
	began := time.Now()
	says(t, c, "x")
	hears(t, c, "x")
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("there and back took %s, want 100 ms at least", took)
	}
}

// So many bytes a second pass, and what waits when the throttle ends passes at once.
func TestAThrottledLink(t *testing.T) {
	p, broker := between(t)
	c := dialThrough(t, p, "taskmanager-0", broker)
	p.set("taskmanager-0", "kafka-0", fault.LinkState{Bytes: 100})
	began := time.Now()
	says(t, c, "ten bytes.")
	hears(t, c, "ten bytes.")
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("10 bytes took %s, at 100 a second want 100 ms at least", took)
	}
	says(t, c, strings.Repeat("long ", 1000))
	silent(t, c)
	p.set("taskmanager-0", "kafka-0", fault.LinkState{})
	hears(t, c, strings.Repeat("long ", 1000))
}

// Who talks without listening is slowed down in the end: a proxy holds a bounded number of bytes.
func TestAProxyIsNoStore(t *testing.T) {
	p, broker := between(t)
	c := dialThrough(t, p, "taskmanager-0", broker)
	c.SetWriteDeadline(time.Now().Add(time.Second))
	n, err := io.Copy(c, io.LimitReader(zeroes{}, 256<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes went into a connection from which nobody reads, %v", n, err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Only brokers can be reached, and who says nothing sensible is not listened to for long.
func TestAProxyLeadsToBrokersOnly(t *testing.T) {
	p, _ := between(t)
	closed(t, dialThrough(t, p, "taskmanager-0", "127.0.0.1:1"))
	for _, garbage := range []string{"\n", "GET / HTTP/1.1\r\n", string(make([]byte, 64<<10))} {
		c, err := net.Dial("tcp", p.listen.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		c.Write([]byte(garbage)) // it may be hung up in the middle of it
		closed(t, c)
	}
}

// What meets a fault is counted, in its direction: so a run knows whether the fault has struck anything.
func TestAProxyCountsWhatMeetsAFault(t *testing.T) {
	p, broker := between(t)
	c := dialThrough(t, p, "taskmanager-0", broker)
	met := func(from, to string, want bool) {
		t.Helper()
		if n := p.met(from, to); n > 0 != want {
			t.Errorf("%d met a fault on the way from %s to %s", n, from, to)
		}
	}
	says(t, c, "x")
	hears(t, c, "x")
	p.set("taskmanager-1", "kafka-0", fault.LinkState{Cut: true}) // which says nothing
	says(t, c, "x")
	hears(t, c, "x")
	met("taskmanager-0", "kafka-0", false)
	met("taskmanager-1", "kafka-0", false)
	p.set("taskmanager-0", "kafka-0", fault.LinkState{Delay: time.Millisecond})
	says(t, c, "x")
	hears(t, c, "x")
	met("taskmanager-0", "kafka-0", true)
	met("kafka-0", "taskmanager-0", false)
	p.reset("taskmanager-0", "kafka-0")
	closed(t, c)
	met("kafka-0", "taskmanager-0", true)
	p.reset("taskmanager-2", "kafka-0")
	met("taskmanager-2", "kafka-0", false)
}
