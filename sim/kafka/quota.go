package kafka

import (
	"math"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Quota is how many bytes a second each client may produce to a broker, and fetch from it; 0: as many as it likes
// (producer_byte_rate and consumer_byte_rate).
type Quota struct{ Produce, Fetch float64 }

// SetQuota gives the clients of a broker a quota, or takes it away.
func (c *Cluster) SetQuota(broker int, q Quota) { c.quotas[broker] = q }

// A client over its quota gets its answer at once, with the time for which it should send nothing. Its connection is muted
// so long (KIP-219): what it sends all the same is not looked at. Records that it has fetched are taken out of the answer.

// of is the quota for a kind of requests.
func (q Quota) of(key kmsg.Key) float64 {
	switch key {
	case kmsg.Produce:
		return q.Produce
	case kmsg.Fetch:
		return q.Fetch
	}
	return 0
}

// Rates are measured over windows (quota.window.num, quota.window.size.seconds).
const (
	quotaWindows = 11
	quotaWindow  = time.Second
)

// burst is how much a client may have at once.
func burst(quota float64) float64 { return quota * (quotaWindows - 1) * quotaWindow.Seconds() }

// meter is what one client has had lately.
type meter struct {
	windows []window // oldest first
}

type window struct {
	since time.Duration
	bytes float64
}

// meterKey is one client's kind of requests.
type meterKey struct {
	client string
	key    kmsg.Key
}

// record adds bytes, and returns for how long a client with that quota has to be silent then.
func (m *meter) record(now time.Duration, bytes, quota float64) time.Duration {
	m.windows = slices.DeleteFunc(m.windows, func(w window) bool { return now-w.since >= quotaWindows*quotaWindow })
	if n := len(m.windows); n == 0 || now-m.windows[n-1].since >= quotaWindow {
		m.windows = append(m.windows, window{since: now})
	}
	m.windows[len(m.windows)-1].bytes += bytes
	total := 0.0
	for _, w := range m.windows {
		total += w.bytes
	}
	elapsed := now - m.windows[0].since
	elapsed += max(quotaWindows-1-elapsed/quotaWindow, 0) * quotaWindow // windows that were not used count, too
	return max(time.Duration(total/quota*float64(time.Second))-elapsed, 0)
}

// unrecord takes back what was recorded last.
func (m *meter) unrecord(bytes float64) { m.windows[len(m.windows)-1].bytes -= bytes }

// throttle counts a request against the quota of its client, and returns for how long that has to be silent. The answer
// may be nil.
func (b *Broker) throttle(env mailbox.Env, c call, resp kmsg.Response) time.Duration {
	quota := b.cluster.quotas[b.node].of(c.key)
	if quota <= 0 {
		return 0
	}
	key := meterKey{c.client, c.key}
	if key.client == "" {
		key.client = c.from.Process()
	}
	m := b.meters[key]
	if m == nil {
		m = &meter{}
		b.meters[key] = m
	}
	bytes := float64(c.size)
	fetched, _ := resp.(*kmsg.FetchResponse)
	if fetched != nil {
		bytes = float64(protocol.Response{Resp: resp}.Size())
	}
	wait := m.record(time.Duration(env.Now().UnixNano()), bytes, quota).Round(time.Millisecond)
	if wait > 0 && fetched != nil {
		m.unrecord(bytes)
		for _, t := range fetched.Topics {
			for i := range t.Partitions {
				t.Partitions[i].RecordBatches, t.Partitions[i].AbortedTransactions = noRecords, nil
			}
		}
	}
	if wait > 0 {
		env.Note(history.ClientThrottled{Client: key.client, Request: c.key.Name(), WaitMs: wait.Milliseconds()})
	}
	if r, ok := resp.(interface{ SetThrottle(int32) }); ok {
		r.SetThrottle(int32(min(wait.Milliseconds(), math.MaxInt32)))
	}
	return wait
}

// fetchable bounds what a fetch may ask for, so that one answer does not use the quota up for longer than it is measured.
func (b *Broker) fetchable(req *kmsg.FetchRequest) {
	if quota := b.cluster.quotas[b.node].Fetch; quota > 0 {
		req.MaxBytes = min(req.MaxBytes, int32(min(burst(quota), math.MaxInt32)))
	}
}
