package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// MemberCommand is the word that makes this program a member; whoever imports this package has to know it.
const MemberCommand = "member"

// member is one life of a real process, as the conductor sees it.
type member struct {
	name    string
	cmd     *exec.Cmd
	said    ending   // on its standard error
	listens string   // once it has said so
	control net.Conn // the same
}

// spawn starts this same program again, as a member.
func (c *Conductor) spawn(name string) (*member, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: find this program: %w", name, err)
	}
	a := c.application(name)
	o := orders{Name: name, Role: roleTaskManager, Flink: a.Flink, Harness: c.mail.Addr().String(), Control: c.control.Addr().String()}
	if c.proxy != nil {
		o.Kafka, o.Proxy = c.parts.at.Kafka, c.proxy.listen.Addr().String()
	}
	if strings.HasPrefix(name, roleJobManager) {
		o.Role = roleJobManager
		if o.Job, err = wire.Encode(wire.SubmitJob{Job: a.Job}); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	m := &member{name: name, cmd: exec.Command(self, MemberCommand, c.ledger.folder)}
	m.cmd.Stdin, m.cmd.Stderr = bytes.NewReader(text), &m.said
	dieWithParent(m.cmd)
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	// Until this is written a member lives by itself only as long as it waits for the answer to its first word.
	if err := c.ledger.add(undo{Kind: endProcess, Name: c.ledger.folder, PID: m.cmd.Process.Pid}); err != nil {
		m.kill()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return m, nil
}

// application is the one that a process belongs to.
func (c *Conductor) application(process string) cluster.Application {
	of, _ := cluster.ApplicationOf(process)
	all := c.cfg.Applications()
	return all[slices.IndexFunc(all, func(a cluster.Application) bool { return a.Name == of })]
}

func (m *member) kill() { m.cmd.Process.Kill() }

// lastWords are the end of what a member that ended by itself has said.
func (m *member) lastWords() string {
	if text := m.said.String(); text != "" {
		return "it ended by itself: " + text
	}
	return fmt.Sprintf("it ended by itself (%s)", m.cmd.ProcessState)
}

// asserted says whether a member ended since it found itself wrong: by its own word, or by Go's.
func (m *member) asserted() bool {
	code := m.cmd.ProcessState.ExitCode()
	return code == ExitAsserted || code == 2
}

// ExitAsserted is how a member ends that has found itself wrong.
const ExitAsserted = 70

// ending keeps the end of what is written to it.
type ending struct {
	mu   sync.Mutex
	text []byte
}

const endingMax = 4 << 10

func (e *ending) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, p...)
	e.text = e.text[max(0, len(e.text)-endingMax):]
	return len(p), nil
}

func (e *ending) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.TrimSpace(string(e.text))
}
