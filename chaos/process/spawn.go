package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// MemberCommand is the word that makes this program a member; whoever imports this package has to know it.
const MemberCommand = "member"

// member is one life of a real process, as the conductor sees it.
type member struct {
	name    string
	cmd     *exec.Cmd
	log     string   // where its standard error goes
	listens string   // once it has said so
	control net.Conn // the same
}

// spawn starts this same program again, as a member.
func (c *Conductor) spawn(name string, boot int) (*member, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: find this program: %w", name, err)
	}
	o := orders{Name: name, Role: roleTaskManager, Flink: c.cfg.Flink, Harness: c.mail.Addr().String(), Control: c.control.Addr().String()}
	if strings.HasPrefix(name, roleJobManager) {
		o.Role = roleJobManager
		if o.Job, err = wire.Encode(wire.SubmitJob{Job: c.cfg.Job}); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	m := &member{name: name, log: c.logOf(name, boot), cmd: exec.Command(self, MemberCommand)}
	log, err := os.Create(m.log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close()
	m.cmd.Stdin, m.cmd.Stderr = bytes.NewReader(text), log
	dieWithParent(m.cmd)
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return m, nil
}

func (m *member) kill() { m.cmd.Process.Kill() }

// lastWords are the end of what a member that ended by itself has said.
func (m *member) lastWords() string {
	data, err := os.ReadFile(m.log)
	if text := strings.TrimSpace(string(data)); err == nil && text != "" {
		return "it ended by itself: " + text[max(0, len(text)-2000):]
	}
	return fmt.Sprintf("it ended by itself (%s)", m.cmd.ProcessState)
}
