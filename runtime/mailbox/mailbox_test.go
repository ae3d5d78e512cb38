package mailbox

import "testing"

// An address is a process, and an actor in it: what crashes together can be told from the address alone.
func TestAnAddressNamesAProcessAndAnActor(t *testing.T) {
	for _, c := range []struct{ addr, process, kafka Addr }{
		{"taskmanager-0", "taskmanager-0", "taskmanager-0/kafka"},
		{"taskmanager-0/task-sum-0#1@3fa0", "taskmanager-0", "taskmanager-0/kafka"},
		{"taskmanager-0/a/b", "taskmanager-0", "taskmanager-0/kafka"},
	} {
		if got := c.addr.Process(); Addr(got) != c.process {
			t.Errorf("%s is of process %q, want %q", c.addr, got, c.process)
		}
		if got := c.addr.In("kafka"); got != c.kafka {
			t.Errorf("the client of %s is at %q, want %q", c.addr, got, c.kafka)
		}
	}
}
