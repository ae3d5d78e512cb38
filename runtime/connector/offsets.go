package connector

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// OffsetCommitter is a reader that tells a consumer group where it stands, for those who watch its lag. A restore never
// asks the group: what counts are the offsets in the checkpoint. So a group that is behind, or whose commits fail, harms
// nothing; but one that is ahead of the last completed checkpoint would promise what is not yet safe.
type OffsetCommitter interface {
	// Snapshot remembers where the source stands in a checkpoint.
	Snapshot(n id.Checkpoint)
	// Complete commits what was remembered for a checkpoint that is complete.
	Complete(env mailbox.Env, n id.Checkpoint)
}

// standing is where a source stood in a checkpoint that nobody has heard of yet.
type standing struct {
	checkpoint id.Checkpoint
	splits     []wire.Split
}

// Snapshot does nothing without a group.
func (r *KafkaReader) Snapshot(n id.Checkpoint) {
	if r.op.Group != "" {
		r.standings = append(r.standings, standing{n, r.Splits()})
	}
}

// Complete forgets the checkpoints before, too: an aborted one never completes.
func (r *KafkaReader) Complete(env mailbox.Env, n id.Checkpoint) {
	i := slices.IndexFunc(r.standings, func(s standing) bool { return s.checkpoint == n })
	if i >= 0 && len(r.standings[i].splits) > 0 {
		m := wire.KafkaCommitOffsets{Group: r.op.Group, Topic: r.op.Topic}
		for _, s := range r.standings[i].splits {
			m.Partitions, m.Next = append(m.Partitions, s.Partition), append(m.Next, s.Offset)
		}
		env.Send(r.kafka, m)
	}
	r.standings = slices.DeleteFunc(r.standings, func(s standing) bool { return s.checkpoint <= n })
}
