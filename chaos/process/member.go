package process

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/taskmanager"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// orders are what a member is told at its start, on its standard input.
type orders struct {
	Name    string
	Role    string            // jobmanager or taskmanager
	Flink   map[string]string // Flink's configuration
	Job     []byte            // for a JobManager: a wire.SubmitJob
	Harness string            // where mail goes
	Control string            // where notes go
	Kafka   string            // where a real Kafka is; "": its client is in the world
	Proxy   string            // the way there
}

// hello is what a member says first on its control connection.
type hello struct {
	Name    string
	Listens string
}

const (
	roleJobManager  = "jobmanager"
	roleTaskManager = "taskmanager"
)

// The services, as the world names them.
const (
	ha          mailbox.Addr = "ha"
	objectStore mailbox.Addr = "objectstore"
)

// Member is the life of a real JobManager or TaskManager: it reads its orders and works until its root actor ends,
// or until the conductor is gone.
func Member(stdin io.Reader, stderr io.Writer) error {
	var o orders
	if err := json.NewDecoder(stdin).Decode(&o); err != nil {
		return fmt.Errorf("start a member: its orders cannot be read: %w; members are started by chaos, not by hand", err)
	}
	root, err := o.root()
	if err != nil {
		return fmt.Errorf("start %s: %w", o.Name, err)
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start %s: %w", o.Name, err)
	}
	conn, err := net.Dial("tcp", o.Control)
	if err != nil {
		return fmt.Errorf("start %s: reach the conductor: %w", o.Name, err)
	}
	notes := &notary{conn: conn, answers: bufio.NewReader(conn)}
	if err := notes.say(hello{o.Name, listen.Addr().String()}); err != nil {
		return fmt.Errorf("start %s: greet the conductor: %w", o.Name, err)
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	cfg := live.Config{Name: o.Name, Listen: listen, Residents: []live.Resident{{Actor: root}}, Note: notes.note,
		Resolve: func(string) (string, error) { return o.Harness, nil }, Log: log}
	if kafka := mailbox.Addr(o.Name).In("kafka"); o.Kafka == "" {
		cfg.Elsewhere = func(addr mailbox.Addr) bool { return addr == kafka }
	} else {
		g, err := services.Kafka(o.Kafka, through(o.Proxy, o.Name), log)
		if err != nil {
			return fmt.Errorf("start %s: %w", o.Name, err)
		}
		defer g.Close()
		cfg.Residents = append(cfg.Residents, live.Resident{Name: "kafka", Actor: g.Actor})
	}
	return live.Start(cfg).Wait()
}

func (o orders) root() (mailbox.Actor, error) {
	kafka := mailbox.Addr(o.Name).In("kafka")
	switch o.Role {
	case roleTaskManager:
		return taskmanager.New(taskmanager.Config{Flink: o.Flink, HA: ha, ObjectStore: objectStore, Kafka: kafka})
	case roleJobManager:
		cfg := jobmanager.Config{Name: o.Name, Flink: o.Flink, HA: ha, ObjectStore: objectStore, Kafka: kafka}
		if len(o.Job) > 0 {
			m, err := wire.Decode(o.Job)
			if err != nil {
				return nil, fmt.Errorf("read the job: %w", err)
			}
			submit, ok := m.(wire.SubmitJob)
			if !ok {
				return nil, fmt.Errorf("read the job: it is a %q", m.Word())
			}
			cfg.Job = &submit.Job
		}
		return jobmanager.New(cfg), nil
	}
	return nil, fmt.Errorf("there is no role %q", o.Role)
}

// notary brings notes to the conductor, one after the other, and waits for each to be answered: by then every fault
// that was aimed at it has struck. Without a conductor there is nothing to live for.
type notary struct {
	mu      sync.Mutex
	conn    net.Conn
	answers *bufio.Reader
}

func (n *notary) note(e history.Entry) {
	var line bytes.Buffer
	err := history.Encode(&line, history.History{e})
	if err == nil {
		err = n.ask(line.Bytes())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the conductor is gone:", err)
		os.Exit(1)
	}
}

func (n *notary) say(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return n.ask(append(line, '\n'))
}

func (n *notary) ask(line []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.conn.Write(line); err != nil {
		return err
	}
	_, err := n.answers.ReadByte()
	return err
}

// accept hears members out.
func (c *Conductor) accept() {
	for {
		conn, err := c.control.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of files, most likely: some will be closed
			continue
		}
		go c.hear(conn)
	}
}

// hear takes the notes of one member into the history.
func (c *Conductor) hear(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	text, err := lines.ReadBytes('\n')
	var h hello
	if err != nil || json.Unmarshal(text, &h) != nil {
		return
	}
	c.in(func() {
		if m := c.members[h.Name]; m != nil {
			m.listens, m.control = h.Listens, conn
			c.NoteOf(h.Name, h.Name, history.ProcessConnected{Name: h.Name, PID: m.cmd.Process.Pid})
		}
	})
	for err == nil {
		if _, err = conn.Write([]byte{'\n'}); err != nil {
			return
		}
		if text, err = lines.ReadBytes('\n'); err != nil {
			return // a line that was cut off was never noted
		}
		e, bad := history.DecodeLine(text)
		if bad != nil {
			c.in(func() { c.NoteOf(h.Name, h.Name, history.Violation{Invariant: "note", Detail: bad.Error()}) })
			return
		}
		alive := false
		c.in(func() {
			if m := c.members[h.Name]; m != nil && m.control == conn {
				c.NoteOf(e.Process, e.Actor, e.Event)
				alive = c.members[h.Name] == m // a fault may have struck it at this very note
			}
		})
		if !alive {
			return
		}
	}
}
