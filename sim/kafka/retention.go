package kafka

import "time"

// retentionCheckInterval is log.retention.check.interval.ms.
const retentionCheckInterval = 5 * time.Minute

// dropOld moves the start of logs up to what their topics still want to keep. It goes batch by batch, where a real
// broker drops whole segments, so there a record may live longer.
func (b *Broker) dropOld(now int64) {
	for _, t := range b.cluster.order {
		for _, p := range t.partitions {
			if p.leader == b.node && (p.config.retention >= 0 || p.config.retentionBytes >= 0) {
				p.dropOld(now)
			}
		}
	}
}

// dropOld drops batches of a partition from the oldest on, none above the high watermark.
func (p *Partition) dropOld(now int64) {
	size := int64(0)
	first := p.batchAt(p.logStart)
	for _, b := range p.batches[first:] {
		size += int64(b.end - b.at)
	}
	to := p.logStart
	for i := first; i < len(p.batches); i++ {
		b := &p.batches[i]
		old := p.config.retention >= 0 && b.maxTime < now-p.config.retention
		big := p.config.retentionBytes >= 0 && size > p.config.retentionBytes
		if b.last >= p.hw || !old && !big {
			break
		}
		size -= int64(b.end - b.at)
		to = b.last + 1
	}
	if to > p.logStart {
		p.deleteRecords(to, p.cluster.cfg.Now())
	}
}
