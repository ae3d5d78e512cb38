package checkpoint

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Extremes and the average are those of all values, quantiles those of the last thousand.
func TestValuesAreSummedUp(t *testing.T) {
	var s samples
	if s.summary() != (wire.Summary{}) {
		t.Error("nothing has a summary")
	}
	s.add(7)
	if want := (wire.Summary{Min: 7, Max: 7, Avg: 7, P50: 7, P90: 7, P95: 7, P99: 7, P999: 7}); s.summary() != want {
		t.Errorf("one value: %+v", s.summary())
	}
	for n := range samplesMax {
		s.add(int64(n) + 1_001)
	}
	if want := (wire.Summary{Min: 7, Max: 2_000, Avg: 1_499, P50: 1_500, P90: 1_900, P95: 1_950, P99: 1_990, P999: 1_999}); s.summary() != want {
		t.Errorf("many values: %+v, want %+v", s.summary(), want)
	}
}

// Ten checkpoints are told one by one, those under way among them, and all are counted.
func TestTheHistoryOfCheckpointsIsBounded(t *testing.T) {
	c := &Coordinator{dir: "s3://flink/job"}
	at := func(n id.Checkpoint) *pending { return &pending{id: n, began: time.UnixMilli(int64(n) * 1000)} }
	for n := id.Checkpoint(1); n <= 20; n++ {
		if n%4 == 0 {
			c.stats.failed(at(n), time.UnixMilli(int64(n)*1000+500), Expired)
		} else {
			c.stats.completed(at(n), c.path(n))
		}
	}
	c.stats.discarded(18)
	c.pending = []*pending{at(21)}
	s := c.Statistics()
	if s.Total != 21 || s.Completed != 15 || s.Failed != 5 || s.InProgress != 1 || s.LatestFailed.ID != 20 || s.LatestFailed.Reason != string(Expired) {
		t.Errorf("%+v", s)
	}
	if len(s.History) != historyMax || s.History[0].ID != 21 || s.History[0].Status != inProgress || s.History[9].ID != 12 {
		t.Errorf("the history is %+v", s.History)
	}
	if old := s.History[3]; old.ID != 18 || !old.Discarded || s.LatestCompleted.ID != 19 || s.LatestCompleted.Discarded || s.LatestCompleted.Path != "s3://flink/job/chk-19" {
		t.Errorf("18 is discarded and 19 is not: %+v, %+v", old, s.LatestCompleted)
	}
	c.stats.discarded(19)
	if !c.Statistics().LatestCompleted.Discarded {
		t.Error("19 is discarded too")
	}
}
