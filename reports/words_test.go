package reports

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// What an application before the job does and is told, what a source stands at, and what brokers refuse has sentences.
func TestWordsOfWhatIsBeforeTheJob(t *testing.T) {
	source := id.Attempt{Vertex: "source", Subtask: 1, Graph: "18ed"}
	for _, c := range []struct {
		event history.Event
		want  string
	}{
		{history.ProducerReady{TransactionalID: "app", ProducerID: 1000, Epoch: 3, Next: 412}, "app is ready as producer 1000, epoch 3, and goes on with record 412"},
		{history.ProducerBegan{TransactionalID: "app", Transaction: 12, First: 412}, "app begins transaction 12 with record 412"},
		{history.ProducerTold{TransactionalID: "app", Transaction: 12, First: 412, Next: 432, Outcome: history.ToldCommitted},
			"transaction 12 of app (records 412 to 431) is committed, as it was told"},
		{history.ProducerTold{TransactionalID: "app", Transaction: 12, First: 412, Next: 432, Outcome: history.ToldUnknown, Answer: "TIMED_OUT"},
			"nobody tells how transaction 12 of app (records 412 to 431) has ended: TIMED_OUT"},
		{history.SourcePosition{Checkpoint: 4, Attempt: source, Partitions: []int32{1, 5}, Next: []int64{70, 1200}},
			"checkpoint 4: source-1#0@18ed stands at 1@70, 5@1\u202f200"},
		{history.SourcePosition{Checkpoint: 4, Attempt: source, Restored: true}, "source-1#0@18ed goes on from checkpoint 4 at no partition"},
		{history.SourceStalled{Attempt: source, Topic: "in", Partition: 5, SinceMs: 60_000, Stable: 7, HighWatermark: 9, ProducerID: -1},
			"source-1#0@18ed has got nothing from in-5 for 60 s: its last stable offset is 7 and its high watermark 9; the brokers did not say who holds it"},
		{history.WriteRefused{Topic: "out", Partition: 3, InSync: []int32{2}}, "writes to out-3 are refused: too few replicas are in sync, kafka-2"},
		{history.ClientThrottled{Client: "app", Request: "Produce", WaitMs: 1500}, "app is over its quota of Produce requests, and told to be silent for 1.5 s"},
		{history.RequestLate{Request: "EndTxn", TransactionalID: "app", LateMs: 3000}, "EndTxn of app arrives 3 s late"},
		{history.RequestLate{Request: "WriteTxnMarkers", LateMs: 3000}, "WriteTxnMarkers arrives 3 s late"},
		{history.ISRChanged{Topic: "out", Partition: 3, InSync: []int32{0, 2}}, "out-3 has 2 replicas in sync now: kafka-0, kafka-2"},
		{history.PartitionElected{Topic: "out", Partition: 3, Leader: 1}, "kafka-1 leads out-3"},
		{history.PartitionElected{Topic: "out", Partition: 3, Leader: 1, Unclean: true, Lost: 4},
			"kafka-1 leads out-3, though it was not in sync; 4 offsets that it did not have are gone"},
		{history.PartitionElected{Topic: "out", Partition: 3, Leader: -1}, "nobody may lead out-3: no replica in sync is up"},
		{history.CoordinatorLoading{Partition: 17}, "coordinator of partition 17 of the transaction log from now on, and reads it"},
		{history.CoordinatorLoaded{Partition: 17}, "has read partition 17 of the transaction log, and answers"},
		{history.TransactionAppending{ID: "app", ProducerID: 7, Epoch: 2, State: "PrepareCommit"},
			"PrepareCommit of transaction app (producer 7, epoch 2) is on its way into the log"},
	} {
		if got := words(c.event); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
