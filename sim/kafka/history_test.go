package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// What happens to replicas and coordinators is told, so that faults can be aimed at it and reports show it.
func TestWhatHappensToReplicasIsTold(t *testing.T) {
	l := replicatedLab(t, map[string]string{"unclean.leader.election.enable": "true"})
	told := func(topicPartition int32) (all []string) {
		for _, e := range l.History() {
			switch e := e.Event.(type) {
			case history.ISRChanged:
				if e.Partition == topicPartition {
					all = append(all, fmt.Sprintf("%s to %v", e.Kind(), e.InSync))
				}
			case history.PartitionElected:
				if e.Partition == topicPartition {
					all = append(all, fmt.Sprintf("%d leads, unclean %v, lost %d", e.Leader, e.Unclean, e.Lost))
				}
			}
		}
		return all
	}
	l.is(l.all(0), "NONE at 0")
	l.StopFollowers(1, "out")
	l.StopFollowers(2, "out")
	sent := l.acks(-1, time.Minute, 0, 0)
	l.pass(46 * time.Second) // replica.lag.time.max.ms, and half of it until somebody looks
	l.is(l.Produced(sent()), "NONE at 1")
	l.die(0)
	l.expire(0)
	l.ResumeFollowers(2)
	l.pass(time.Second)
	if got, want := told(0), []string{"isr.shrunk to [0 2]", "isr.shrunk to [0]", "1 leads, unclean true, lost 1", "isr.expanded to [1 2]"}; !slices.Equal(got, want) {
		t.Errorf("it was told that %v, not %v", got, want)
	}
	if l.noted("coordinator.loading") == 0 || l.noted("coordinator.loaded") != l.noted("coordinator.loading") {
		t.Errorf("%d partitions of the transaction log were loaded, of %d that got another coordinator", l.noted("coordinator.loaded"), l.noted("coordinator.loading"))
	}
	for _, e := range l.History() {
		if e, is := e.Event.(history.ISRChanged); is && e.Topic != "out" {
			t.Errorf("the cluster's own topic %s is told of, too", e.Topic)
		}
	}
}
