package checkpoint

import (
	"cmp"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// statistics is what the coordinator keeps only to be asked for it.
type statistics struct {
	counts   wire.CheckpointStatistics // but for what is pending, and for what is summed up from the samples
	ended    []wire.CheckpointReport   // the last ones, the newest last
	bytes    samples
	duration samples
}

// historyMax is how many checkpoints are told one by one (web.checkpoints.history).
const historyMax = 10

// The statuses of a checkpoint, by Flink's names.
const (
	inProgress = "IN_PROGRESS"
	completed  = "COMPLETED"
	failed     = "FAILED"
)

// Restored counts a restore from a checkpoint.
func (c *Coordinator) Restored(env mailbox.Env, from *snapshot.Metadata) {
	c.stats.counts.Restored++
	c.stats.counts.LatestRestored = wire.RestoredCheckpoint{ID: from.ID, At: env.Now().UnixMilli(), Path: c.path(from.ID)}
}

// Statistics is what has come of the checkpoints since the coordinator was made.
func (c *Coordinator) Statistics() wire.CheckpointStatistics {
	s := c.stats.counts
	s.InProgress = len(c.pending)
	s.Total = s.InProgress + s.Completed + s.Failed
	s.Bytes, s.Duration = c.stats.bytes.summary(), c.stats.duration.summary()
	all := slices.Clone(c.stats.ended)
	for _, p := range c.pending {
		all = append(all, p.report(inProgress))
	}
	slices.SortFunc(all, func(a, b wire.CheckpointReport) int { return cmp.Compare(b.ID, a.ID) })
	s.History = all[:min(len(all), historyMax)]
	return s
}

func (s *statistics) completed(p *pending, path string) {
	r := p.report(completed)
	r.Path = path
	s.counts.Completed++
	s.counts.LatestCompleted = r
	s.bytes.add(r.Bytes)
	s.duration.add(r.LatestAck - r.Triggered)
	s.end(r)
}

func (s *statistics) failed(p *pending, now time.Time, reason Reason) {
	r := p.report(failed)
	r.Failed, r.Reason = now.UnixMilli(), string(reason)
	s.counts.Failed++
	s.counts.LatestFailed = r
	s.end(r)
}

func (s *statistics) discarded(n id.Checkpoint) {
	if s.counts.LatestCompleted.ID == n {
		s.counts.LatestCompleted.Discarded = true
	}
	for i := range s.ended {
		if s.ended[i].ID == n {
			s.ended[i].Discarded = true
		}
	}
}

func (s *statistics) end(r wire.CheckpointReport) {
	if s.ended = append(s.ended, r); len(s.ended) > historyMax {
		s.ended = s.ended[1:]
	}
}

// report is a checkpoint as it is now. What has been acknowledged for it is in the plan.
func (p *pending) report(status string) wire.CheckpointReport {
	r := wire.CheckpointReport{ID: p.id, Status: status, Triggered: p.began.UnixMilli(), Subtasks: len(p.plan.Wait), Acked: len(p.acked)}
	if len(p.acked) > 0 {
		r.LatestAck = p.latestAck.UnixMilli()
	}
	r.Bytes = snapshot.Metadata{Vertices: p.plan.Vertices, Coordinators: p.sources}.Size()
	return r
}

// samples sums up values. The quantiles are of the last ones.
type samples struct {
	n, sum, min, max int64
	last             []int64
}

const samplesMax = 1000

func (s *samples) add(v int64) {
	if s.n == 0 {
		s.min, s.max = v, v
	}
	s.n, s.sum, s.min, s.max = s.n+1, s.sum+v, min(s.min, v), max(s.max, v)
	if s.last = append(s.last, v); len(s.last) > samplesMax {
		s.last = s.last[1:]
	}
}

func (s *samples) summary() wire.Summary {
	if s.n == 0 {
		return wire.Summary{}
	}
	sorted := slices.Sorted(slices.Values(s.last))
	// The least value that so many thousandths of the others do not exceed.
	quantile := func(thousandths int) int64 { return sorted[(len(sorted)*thousandths+999)/1000-1] }
	return wire.Summary{Min: s.min, Max: s.max, Avg: s.sum / s.n, P50: quantile(500), P90: quantile(900), P95: quantile(950),
		P99: quantile(990), P999: quantile(999)}
}
