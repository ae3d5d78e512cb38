package conformance

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// Fetched is what one fetch of one partition returns.
type Fetched = kmsg.FetchResponseTopicPartition

type abortedTransaction = kmsg.FetchResponseTopicPartitionAbortedTransaction

// Fetch reads a partition of the topic out from an offset on, without waiting.
func (l *Lab) Fetch(partition int32, offset int64, committed bool) *Fetched {
	resp, ok := l.SendFetch(partition, offset, committed, 0)().(*kmsg.FetchResponse)
	if !ok || len(resp.Topics) == 0 {
		l.Stop("the fetch of out-%d is not answered", partition)
	}
	return &resp.Topics[0].Partitions[0]
}

// SendFetch puts a fetch on its way that waits for a byte.
func (l *Lab) SendFetch(partition int32, offset int64, committed bool, wait time.Duration) (await func() kmsg.Response) {
	return l.SendFetchTo(l.Leads(out, partition), partition, offset, committed, wait)
}

// SendFetchTo is SendFetch to any broker.
func (l *Lab) SendFetchTo(node, partition int32, offset int64, committed bool, wait time.Duration) (await func() kmsg.Response) {
	return l.SendTo(node, fetchVersion, l.Fetching(partition, offset, committed, wait))
}

// Fetching is the request of SendFetch.
func (l *Lab) Fetching(partition int32, offset int64, committed bool, wait time.Duration) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MinBytes, req.MaxBytes, req.MaxWaitMillis = -1, 1, 1<<20, int32(wait.Milliseconds())
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewFetchRequestTopic()
	t.Topic = l.topic(out)
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, offset, 1<<20
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

// fetchVersion is the last one that names topics; since lastOfLeaders+1 a consumer may fetch from a follower, too.
const (
	fetchVersion  = 12
	lastOfLeaders = 10
)

// Read is what the answer to SendFetch has for a read_committed reader: offsets, or the error.
func (l *Lab) Read(await func() kmsg.Response) string {
	resp, ok := await().(*kmsg.FetchResponse)
	if !ok || len(resp.Topics) == 0 {
		return Silence
	}
	p := &resp.Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		return Name(p.ErrorCode)
	}
	return l.visibleIn(l.batches(p), p.AbortedTransactions)
}

// batches takes apart what a fetch returned. The last one may be cut off.
func (l *Lab) batches(p *Fetched) (all []kmsg.RecordBatch) {
	for data := p.RecordBatches; len(data) > 12; {
		var b kmsg.RecordBatch
		if b.ReadFrom(data) != nil || len(data) < int(b.Length)+12 {
			break
		}
		b.Records = b.Records[:int(b.Length)+12-recordbatch.HeaderSize]
		all = append(all, b)
		data = data[b.Length+12:]
	}
	return all
}

// all reads a partition to its end, in as many fetches as it takes.
func (l *Lab) all(partition int32, committed bool) (batches []kmsg.RecordBatch, aborted []abortedTransaction) {
	for next := int64(0); ; {
		p := l.Fetch(partition, next, committed)
		got := l.batches(p)
		if len(got) == 0 {
			return batches, aborted
		}
		batches = append(batches, got...)
		for _, a := range p.AbortedTransactions {
			same := func(b abortedTransaction) bool { return a.ProducerID == b.ProducerID && a.FirstOffset == b.FirstOffset }
			if !slices.ContainsFunc(aborted, same) { // what crosses from one answer into the next is in both lists
				aborted = append(aborted, a)
			}
		}
		last := got[len(got)-1]
		next = last.FirstOffset + int64(last.LastOffsetDelta) + 1
	}
}

// Log is what a read_uncommitted reader is sent: "0-1 p1/0" for data, "2 commit p1" for a marker.
func (l *Lab) Log(partition int32) string {
	return marker.ReplaceAllString(l.Marked(partition), "$1")
}

var marker = regexp.MustCompile(`((?:commit|abort) p\d+)/\d+`)

// Marked is Log with the epochs of markers: "2 commit p1/1".
func (l *Lab) Marked(partition int32) string {
	var said []string
	batches, _ := l.all(partition, false)
	for _, b := range batches {
		what := "plain"
		if b.ProducerID >= 0 {
			what = l.Pair(b.ProducerID, b.ProducerEpoch)
		}
		at := fmt.Sprint(b.FirstOffset)
		if b.LastOffsetDelta > 0 {
			at += fmt.Sprintf("-%d", b.FirstOffset+int64(b.LastOffsetDelta))
		}
		if b.Attributes&recordbatch.Control != 0 {
			at += " " + ending(b)
		}
		said = append(said, at+" "+what)
	}
	return strings.Join(said, ", ")
}

// ending reads a marker.
func ending(b kmsg.RecordBatch) string {
	var r kmsg.Record
	var key kmsg.ControlRecordKey
	if r.ReadFrom(b.Records) != nil || key.ReadFrom(r.Key) != nil {
		return "unreadable"
	}
	return strings.ToLower(key.Type.String())
}

// Visible are the offsets that a read_committed reader of the whole log sees.
func (l *Lab) Visible(partition int32) string { return l.visibleIn(l.all(partition, true)) }

// visibleIn leaves out what readers do not show: markers, and the data of the aborted transactions that the answer lists.
func (l *Lab) visibleIn(batches []kmsg.RecordBatch, aborted []abortedTransaction) string {
	aborted = slices.Clone(aborted)
	slices.SortStableFunc(aborted, func(a, b abortedTransaction) int {
		return cmp.Compare(a.FirstOffset, b.FirstOffset)
	})
	hidden := map[int64]bool{} // producers whose data is of an aborted transaction, here
	var said []string
	for _, b := range batches {
		for len(aborted) > 0 && aborted[0].FirstOffset <= b.FirstOffset+int64(b.LastOffsetDelta) {
			hidden[aborted[0].ProducerID] = true
			aborted = aborted[1:]
		}
		switch {
		case b.Attributes&recordbatch.Control != 0:
			delete(hidden, b.ProducerID)
		case b.Attributes&recordbatch.Transactional != 0 && hidden[b.ProducerID]:
		default:
			for i := range b.LastOffsetDelta + 1 {
				said = append(said, fmt.Sprint(b.FirstOffset+int64(i)))
			}
		}
	}
	return strings.Join(said, " ")
}

// Ends are the last stable offset and the high watermark.
func (l *Lab) Ends(partition int32) string {
	return ends(l.Fetch(partition, 0, true))
}

func ends(p *Fetched) string { return fmt.Sprintf("LSO %d HW %d", p.LastStableOffset, p.HighWatermark) }

// Aborted is the list that goes with what a read_committed reader is sent from an offset on: "p1@0" for the first
// producer's transaction that begins at 0.
func (l *Lab) Aborted(partition int32, offset int64) string {
	var said []string
	for _, a := range l.Fetch(partition, offset, true).AbortedTransactions {
		pid, _, _ := strings.Cut(l.Pair(a.ProducerID, 0), "/")
		said = append(said, fmt.Sprintf("%s@%d", pid, a.FirstOffset))
	}
	return strings.Join(said, " ")
}

// DeleteRecords moves the start of the log.
func (l *Lab) DeleteRecords(partition int32, before int64) string {
	req := kmsg.NewPtrDeleteRecordsRequest()
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = l.topic(out)
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, before
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	req.TimeoutMillis = int32(Patience.Milliseconds())
	resp, ok := l.Ask(l.Leads(out, partition), 2, req).(*kmsg.DeleteRecordsResponse)
	if !ok {
		return Silence
	}
	answer := resp.Topics[0].Partitions[0]
	if answer.ErrorCode != 0 {
		return Name(answer.ErrorCode)
	}
	return fmt.Sprintf("NONE low %d", answer.LowWatermark)
}
