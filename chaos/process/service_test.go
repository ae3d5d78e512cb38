//go:build unix

package process

import (
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// latest is the newest completed checkpoint; 0: there is none.
func latest(c *Conductor) (newest id.Checkpoint) {
	for _, e := range c.History() {
		if ev, ok := e.Event.(history.CheckpointCompleted); ok {
			newest = max(newest, ev.Checkpoint)
		}
	}
	return newest
}

// leaders is how often somebody has come to lead, and how often somebody has ceased to.
func leaders(c *Conductor) (elected, lost int) {
	for _, e := range c.History() {
		switch e.Event.(type) {
		case history.LeaderElected:
			elected++
		case history.LeaderLost:
			lost++
		}
	}
	return elected, lost
}

// The real store is well all the time; what is wrong happens on the way to it, and ends with the fault.
func TestAStoreThatRefuses(t *testing.T) {
	c := conduct(t, Parts{})
	waits(t, c, "a checkpoint is complete", func() bool { return latest(c) > 0 })
	for _, wrong := range [][]fault.ServiceState{
		{{Mode: fault.Http503}},
		{{Mode: fault.Timeout, Operations: []string{opPut}}},
		{{Mode: fault.LostAnswer, Share: 1, Operations: []string{opPut}}, {Mode: fault.Http503, Prefix: "nowhere/"}},
	} {
		hits := c.ServiceHits(fault.ObjectStore)
		c.SetService(fault.ObjectStore, wrong)
		before := latest(c) + 1 // one may have been on its last step
		c.Run(c.Now() + 3*checkpointInterval)
		if now := latest(c); now > before {
			t.Errorf("%s: checkpoint %d was completed", wrong[0].Mode, now)
		}
		if c.ServiceHits(fault.ObjectStore) == hits {
			t.Errorf("%s: no request has met it", wrong[0].Mode)
		}
		c.SetService(fault.ObjectStore, nil)
		waits(t, c, "checkpoints are complete again", func() bool { return latest(c) > before })
	}
}

// A leader loses its lease and lives on: it has to notice that, and stop leading before it leads again.
func TestALeaderLosesItsLeaseAndLivesOn(t *testing.T) {
	c := conduct(t, Parts{})
	pid := c.members["jobmanager-0"].cmd.Process.Pid
	elected, lost := leaders(c)
	if who := c.LoseLease("jobmanager-0"); who == "" {
		t.Fatal("nobody held the lease")
	}
	waits(t, c, "it has led again", func() bool { e, l := leaders(c); return l > lost && e > elected && c.Status() == "RUNNING" })
	if now := c.members["jobmanager-0"].cmd.Process.Pid; now != pid {
		t.Errorf("it was process %d and is %d: it has not lived on", pid, now)
	}
}
