package kafka

import (
	"context"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// lane has what a producer has yet to bring to a partition. The first batch is sealed when it is sent, and stays as
// it is until it is acknowledged: lanes are filled when they are empty or not yet sent, and never between.
type lane struct {
	topicPartition
	sequence int32 // of the next batch to be sealed
	member   bool  // before TV2: the coordinator knows that the transaction has this partition
	batches  []*recordbatch.Builder
	sealed   []byte
}

// fill puts records into the lanes of their partitions.
func (p *producer) fill(m wire.KafkaProduce) {
	if p.err != nil {
		p.tell(wire.KafkaProduced{TransactionalID: p.id, Err: nameOf(p.err)})
		return
	}
	lanes, err := p.lanesOf(m.Topic)
	if err != nil {
		p.fail(err)
		return
	}
	for r := m.Records.Reader(); r.Next(); {
		lanes[recordbatch.PartitionOf(r.Key, len(lanes))].add(&r.Record, p.g.cfg.BatchBytes)
	}
}

func (l *lane) add(r *record.Record, limit int) {
	n := len(l.batches)
	if n == 0 || len(l.batches[n-1].Data)+len(r.Key)+64 > limit {
		l.batches = append(l.batches, &recordbatch.Builder{})
		n++
	}
	l.batches[n-1].Add(r, true)
}

// seal gives the first batch its sequence, once.
func (l *lane) seal(p *producer) []byte {
	if l.sealed == nil {
		attributes := int16(0)
		if p.id != "" {
			attributes = recordbatch.Transactional
		}
		l.sealed = l.batches[0].Seal(attributes, p.pid, p.epoch, l.sequence)
		l.sequence = int32((int64(l.sequence) + int64(l.batches[0].N)) & 0x7fffffff)
	}
	return l.sealed
}

// acked takes the first batch off and returns how many records it had.
func (l *lane) acked() int {
	n := int(l.batches[0].N)
	l.batches, l.sealed = l.batches[1:], nil
	return n
}

// lanesOf are the lanes of a topic, in the order of its partitions. A producer keeps the number of partitions that
// it has seen first, or the order of a key would be lost.
func (p *producer) lanesOf(topic string) ([]*lane, error) {
	from := 0
	for from < len(p.lanes) && p.lanes[from].topic != topic {
		from++
	}
	if from == len(p.lanes) {
		ctx, cancel := context.WithTimeout(p.ctx, p.g.cfg.MaxBlock)
		defer cancel()
		leaders, err := p.g.main.leadersNow(ctx, topic)
		if err != nil {
			return nil, err
		}
		for n := range leaders {
			p.lanes = append(p.lanes, &lane{topicPartition: topicPartition{topic, int32(n)}})
		}
	}
	to := from
	for to < len(p.lanes) && p.lanes[to].topic == topic {
		to++
	}
	return p.lanes[from:to], nil
}
