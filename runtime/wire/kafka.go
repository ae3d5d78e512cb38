package wire

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
)

// The words of a Kafka client, spoken to the actor "kafka" of the process. In simulation that is a model
// client in front of model brokers; in production a gateway to a real cluster. Err is "" or the name of a
// Kafka error (PRODUCER_FENCED, INVALID_TXN_STATE ...), or TIMED_OUT when the client gave up.

// KafkaPartitions asks how many partitions a topic has.
type KafkaPartitions struct {
	Req   uint64
	Topic string
}

// KafkaPartitionsAre answers. Earliest and Latest have the offsets of each partition.
type KafkaPartitionsAre struct {
	Req      uint64
	Topic    string
	Earliest []int64
	Latest   []int64
	Err      string
}

// KafkaFetch asks for records from an offset on. The answer waits, up to MaxWait, until there are some.
type KafkaFetch struct {
	Req           uint64
	Topic         string
	Partition     int32
	Offset        int64
	MaxBytes      int
	MaxWait       time.Duration
	ReadCommitted bool
}

// KafkaFetched answers. Next is the position after Records, beyond control records and aborted data too.
// Records have Origin set to their own partition and offset.
type KafkaFetched struct {
	Req       uint64
	Topic     string
	Partition int32
	Records   record.Batch
	Next      int64
	Latest    int64 // the partition's high watermark, or last stable offset for ReadCommitted; nothing with an Err
	// HighWatermark is ahead of Latest where read_committed readers wait for a transaction; nothing with an Err.
	HighWatermark int64
	Err           string
}

// Size is the number of bytes of records.
func (m KafkaFetched) Size() int { return 64 + m.Records.Size() }

// KafkaInitProducer gets a producer: with a transactional id it fences and aborts what that id had open. It
// is also how a lingering transaction is aborted.
type KafkaInitProducer struct {
	Req             uint64
	TransactionalID string // "" for an idempotent producer
	Timeout         time.Duration
}

// KafkaProducerReady answers with the producer to name in what follows.
type KafkaProducerReady struct {
	Req             uint64
	TransactionalID string
	ProducerID      int64
	Epoch           int16
	Err             string
}

// KafkaProduce hands records to a producer of this client (by transactional id; "" for the idempotent one).
// Records go to the partition hash(key) of the topic, in order. Nobody answers it: errors come with the
// flush, and KafkaProduced says how much is still under way.
type KafkaProduce struct {
	TransactionalID string
	Topic           string
	Records         record.Batch
}

// Size is the number of bytes of records.
func (m KafkaProduce) Size() int { return 64 + m.Records.Size() }

// KafkaProduced tells the asker of KafkaProduce that Records of its records were acknowledged, or that the
// producer failed for good: Err is sticky.
type KafkaProduced struct {
	TransactionalID string
	Records         int
	Err             string
}

// KafkaFlush asks for an answer once everything handed over before is acknowledged.
type KafkaFlush struct {
	Req             uint64
	TransactionalID string
}

// KafkaFlushed answers. Records is how many this producer's open transaction has; ProducerID and Epoch are
// those under which they were written.
type KafkaFlushed struct {
	Req             uint64
	TransactionalID string
	ProducerID      int64
	Epoch           int16
	Records         int
	Err             string
}

// KafkaEndTxn ends a transaction by its stored producer id and epoch, whoever opened it: this is the raw
// EndTxn loop. The client retries until there is a final answer or Deadline passes.
type KafkaEndTxn struct {
	Req             uint64
	TransactionalID string
	ProducerID      int64
	Epoch           int16
	Commit          bool
	Deadline        time.Duration
}

// KafkaTxnEnded answers. Err "" means decided as asked.
type KafkaTxnEnded struct {
	Req             uint64
	TransactionalID string
	Err             string
}

// KafkaListTxns asks for the open transactions whose id has a prefix.
type KafkaListTxns struct {
	Req    uint64
	Prefix string
}

// KafkaTxnsAre answers with transactional ids, sorted.
type KafkaTxnsAre struct {
	Req uint64
	IDs []string
	Err string
}

// KafkaCloseProducer forgets a producer of this client. Nothing is ended by it.
type KafkaCloseProducer struct{ TransactionalID string }

// KafkaClose ends everything that an actor has asked of this client, since the actor has ended: nothing is tried
// again in its name. What is on its way to a broker may still arrive. What its producers have open is aborted, asked
// once; what was written by a producer that it had closed before is not.
type KafkaClose struct{ Asker mailbox.Addr }

// KafkaCommitOffsets commits a consumer group's positions, for monitoring. Nobody answers.
type KafkaCommitOffsets struct {
	Group      string
	Topic      string
	Partitions []int32
	Next       []int64
}

// KafkaDescribeTxn asks what the coordinator of a transactional id knows of it.
type KafkaDescribeTxn struct {
	Req             uint64
	TransactionalID string
	Deadline        time.Duration
}

// KafkaTxnIs answers. The producer and its epoch are those that the transaction was left with: ending one raises
// the epoch if the cluster's transaction.version is 2, and does not below. Err may be TRANSACTIONAL_ID_NOT_FOUND.
type KafkaTxnIs struct {
	Req             uint64
	TransactionalID string
	State           string // by Kafka's name: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort
	ProducerID      int64
	Epoch           int16
	Version         int16 // transaction.version
	Err             string
}

// KafkaFindHolder asks who holds the last stable offset of a partition: which of the transactions that are open there
// began first.
type KafkaFindHolder struct {
	Req       uint64
	Topic     string
	Partition int32
}

// KafkaHolderIs answers. Without a holder ProducerID is -1. A transaction that hangs is one that its coordinator, if any
// has the producer, does not have as Ongoing, PrepareCommit or PrepareAbort.
type KafkaHolderIs struct {
	Req             uint64
	Topic           string
	Partition       int32
	ProducerID      int64
	Epoch           int16
	First           int64  // the offset of its first record there
	TransactionalID string // "" if no coordinator has the producer
	State           string // at the coordinator, by Kafka's name; "" without one
	Err             string
}
