package connector

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// outOfRange asks where the partition begins and ends. A reader never goes on somewhere else by itself, as a consumer
// does whose auto.offset.reset is earliest or latest: what is skipped or read again is no longer exactly once, and nobody
// would hear of it. So a restore from a checkpoint whose offsets are gone fails, whatever that key says.
func (r *KafkaReader) outOfRange(env mailbox.Env, p *partition) {
	r.req++
	p.ends = r.req
	env.Send(r.kafka, wire.KafkaPartitions{Req: r.req, Topic: r.op.Topic})
}

// measured takes the answer, and says why the offset is not there. If it is there after all, as when a new leader has
// caught up, the partition is read on.
func (r *KafkaReader) measured(env mailbox.Env, m wire.KafkaPartitionsAre) error {
	for _, p := range r.splits {
		if p.ends != m.Req {
			continue
		}
		p.ends = 0
		switch n := int(p.number); {
		case m.Err != "":
			env.After(fetchBackoff, refetch{p.number})
		case n >= len(m.Earliest):
			return fmt.Errorf("read %s-%d from offset %d: the topic has %d partitions by now; it was made anew, and the job's offsets are of the one before: "+
				"start the job without its state", r.op.Topic, p.number, p.fetch, len(m.Earliest))
		case p.fetch < m.Earliest[n]:
			return fmt.Errorf("read %s-%d from offset %d: the broker has nothing before offset %d any more, so that %d offsets are lost; "+
				"restore a newer checkpoint, or keep the topic's records longer than the longest outage", r.op.Topic, p.number, p.fetch, m.Earliest[n], m.Earliest[n]-p.fetch)
		case p.fetch > m.Latest[n]:
			return fmt.Errorf("read %s-%d from offset %d: the partition ends at offset %d, so that the broker has lost what was read from it before, by an unclean "+
				"election, or the topic was made anew; restore a checkpoint from before that, if what is there now is to be read", r.op.Topic, p.number, p.fetch, m.Latest[n])
		default:
			env.After(fetchBackoff, refetch{p.number})
		}
	}
	return nil
}
