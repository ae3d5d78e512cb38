package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
)

// A client over its quota is told for how long it should be silent, and is not listened to so long.
func TestQuota(t *testing.T) {
	throttle := func(resp kmsg.Response) int32 {
		ms, _ := resp.(kmsg.ThrottleResponse).Throttle()
		return ms
	}
	quota := func(l *lab, q Quota) {
		for n := range l.Addrs() {
			l.SetQuota(n, q)
		}
	}
	// written is a log with a few batches, each too large for a fetch with another, from a writer without a quota.
	written := func(l *lab) (size int) {
		w := l.PlainWriter()
		for range 5 {
			w.Write(0, 1000)
		}
		return len(l.Fetch(0, 0, false).RecordBatches)
	}
	tell(t, []story{
		{"what it may have in ten seconds it may have at once", func(l *lab) {
			quota(l, Quota{Produce: 1000})
			w := l.PlainWriter()
			resp := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 100))()
			if ms := throttle(resp); ms != 0 {
				t.Errorf("throttled for %d ms", ms)
			}
		}},
		{"then its answer comes at once, and its next request has to wait", func(l *lab) {
			quota(l, Quota{Produce: 100})
			l.Conn = 7
			w := l.PlainWriter()
			began := l.Now()
			resp := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 100))()
			mute := time.Duration(throttle(resp)) * time.Millisecond
			if l.Now()-began > time.Second || mute < 20*time.Second {
				t.Fatalf("answered after %v, and throttled for %v", l.Now()-began, mute)
			}
			l.is(fmt.Sprint(l.noted("client.throttled")), "1")
			asked := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 100, 1))
			l.pass(mute - time.Second)
			if l.Answered(l.Last) {
				t.Error("the next request was looked at before its time")
			}
			l.pass(2 * time.Second)
			l.is(l.Produced(asked()), "NONE at 100")
		}},
		{"other connections are not mute", func(l *lab) {
			quota(l, Quota{Produce: 100})
			l.Conn = 7
			w := l.PlainWriter()
			l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 100))()
			l.Conn = 8
			l.is(w.Batch(0, 100, 1), "NONE at 100")
		}},
		{"records over the quota are taken out of a fetch, and come later", func(l *lab) {
			size := written(l)
			quota(l, Quota{Fetch: float64(size) / 8})
			l.Conn = 7
			got := 0
			offset := int64(0)
			for range 5 {
				resp := l.SendFetch(0, offset, false, 0)().(*kmsg.FetchResponse)
				p := &resp.Topics[0].Partitions[0]
				if ms := throttle(resp); (ms > 0) != (len(p.RecordBatches) == 0) {
					t.Errorf("throttled for %d ms with %d bytes", ms, len(p.RecordBatches))
				}
				got += len(p.RecordBatches)
				offset += int64(len(p.RecordBatches) / size * 1000)
				l.pass(time.Duration(throttle(resp)) * time.Millisecond)
			}
			if got == 0 || got > 4*size {
				t.Errorf("%d bytes in batches of %d, after %v", got, size, l.Now())
			}
		}},
		{"without a quota nobody is throttled any more", func(l *lab) {
			quota(l, Quota{Produce: 100})
			w := l.PlainWriter()
			l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 100))()
			quota(l, Quota{})
			if ms := throttle(l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 100, 100))()); ms != 0 {
				t.Errorf("throttled for %d ms", ms)
			}
		}},
	})
}

// The model client heeds a throttle as real clients do: what it sends and reads keeps to the quota, and nothing is lost.
func TestTheClientHeedsItsQuota(t *testing.T) {
	const records = 20_000
	var batch record.Batch
	for i := range relayBatch {
		batch.Append(record.Record{Key: fmt.Appendf(nil, "key-%051d", i), Value: int64(i), Count: 1, Time: record.EventTime(i),
			Origin: record.Origin{Offset: int64(i)}})
	}
	took := func(q Quota) time.Duration {
		r := &relay{batch: batch, left: records}
		w, c := bench(mailbox.Actor(r))
		for n := range c.Addrs() {
			c.SetQuota(n, q)
		}
		if !w.RunUntil(func() bool { return r.read >= records }, 10*time.Minute) {
			t.Fatalf("%+v: read %d of %d records after %v: %v", q, r.read, records, w.Now(), w.Panics())
		}
		if r.fetches > 1000 {
			t.Errorf("%+v: %d fetches, as if nobody had been told to be silent", q, r.fetches)
		}
		return w.Now()
	}
	free := took(Quota{})
	// Two megabytes in four partitions of three brokers: the busiest has about one, of which 200 kB need not wait.
	for _, q := range []Quota{{Produce: 20_000}, {Fetch: 20_000}} {
		if slow := took(q); free > time.Second || slow < 20*time.Second || slow > 3*time.Minute {
			t.Errorf("%v without a quota, and %v with %+v", free, slow, q)
		}
	}
}
