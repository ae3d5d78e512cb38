package kafka

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Config describes a cluster. The zero Config is three brokers with Kafka's defaults.
type Config struct {
	Brokers                 int                         // 3
	TransactionVersion      protocol.TransactionVersion // transaction.version, 2
	TransactionMaxTimeout   time.Duration               // transaction.max.timeout.ms, 15 min
	AbortScanInterval       time.Duration               // transaction.abort.timed.out.transaction.cleanup.interval.ms, 10 s
	IDExpiration            time.Duration               // transactional.id.expiration.ms, 7 days
	IDExpiryScanInterval    time.Duration               // transaction.remove.expired.transaction.cleanup.interval.ms, 1 h
	NoPartitionVerification bool                        // transaction.partition.verification.enable=false
	NoTopicAutoCreation     bool                        // auto.create.topics.enable=false
	NumPartitions           int                         // num.partitions, of topics that are made without a word about it; 1
	InitialRebalanceDelay   time.Duration               // group.initial.rebalance.delay.ms, 3 s; negative: none

	MinInSyncReplicas         int           // min.insync.replicas, of topics that do not say it themselves; 1
	UncleanLeaderElection     bool          // unclean.leader.election.enable, the same; never of the transaction log
	ReplicaLagTimeMax         time.Duration // replica.lag.time.max.ms, 30 s
	DefaultReplicationFactor  int           // default.replication.factor, 1
	TransactionStateLogMinISR int           // transaction.state.log.min.isr, 2

	// FirstProducerEpoch is where the epochs of a transactional id begin that was not there before, 0. Near 32766, the
	// last one, a run comes to the end of them.
	FirstProducerEpoch  int16
	UnstableAPIVersions bool // unstable.api.versions.enable: InitProducerId v6
	TwoPhaseCommit      bool // transaction.two.phase.commit.enable: transactions without a timeout, for who asks in v6
	KeepPrepared        bool // they survive who takes the id over and wants to keep them, as KIP-939 means it and no Kafka has it yet
	// Reproduce are the bugs of real brokers that these have, too.
	Reproduce []Bug

	Replication      Delay // from a partition leader's append to the high watermark, 0.5-2 ms
	TxnReplication   Delay // the same for a transaction record, 1-4 ms
	GroupReplication Delay // the same for what groups keep; 0: at once
	MarkerGap        Delay // from a decision to the departure of each partition's marker, 0-3 ms
	Load             Delay // what a new coordinator takes to read its transactions, 50-500 ms

	// Now is true time, for Dump; without it every time there is 0.
	Now func() time.Duration
	// Wake mails a broker from outside, which is how it hears of AppendInput and of what it is to lead. Without it
	// fetches wait for their time, and a coordinator that was moved is not loaded.
	Wake func(to mailbox.Addr, m mailbox.Msg)

	// Advertised is where clients reach a broker. Without it the host is the broker's address, for clients of the same
	// world.
	Advertised func(node int) (host string, port int32)
	// Unanswered hears of every request that will get no answer: one of them is lost to a fault, the version is
	// unknown, or none was asked for (acks=0).
	Unanswered func(from mailbox.Addr, corr uint64, lost bool)
	// Decompress unpacks the records of a batch, by Kafka's number of the codec. Without it compressed batches are
	// refused.
	Decompress func(codec int16, records []byte) ([]byte, error)
}

const (
	txnPartitions        = 50 // transaction.state.log.num.partitions
	internalReplicas     = 3  // transaction.state.log.replication.factor, offsets.topic.replication.factor
	addPartitionsBackoff = 20 * time.Millisecond
	addPartitionsWait    = 100 * time.Millisecond
	interBrokerTimeout   = 30 * time.Second
	retryBackoff         = 100 * time.Millisecond
)

func (c *Config) defaults() {
	set(&c.Brokers, 3)
	set(&c.TransactionMaxTimeout, 15*time.Minute)
	set(&c.AbortScanInterval, 10*time.Second)
	set(&c.IDExpiration, 7*24*time.Hour)
	set(&c.IDExpiryScanInterval, time.Hour)
	set(&c.NumPartitions, 1)
	set(&c.InitialRebalanceDelay, 3*time.Second)
	set(&c.MinInSyncReplicas, 1)
	set(&c.ReplicaLagTimeMax, 30*time.Second)
	set(&c.DefaultReplicationFactor, 1)
	set(&c.TransactionStateLogMinISR, 2)
	set(&c.Replication, Delay{500 * time.Microsecond, 2 * time.Millisecond})
	set(&c.TxnReplication, Delay{time.Millisecond, 4 * time.Millisecond})
	set(&c.MarkerGap, Delay{0, 3 * time.Millisecond})
	set(&c.Load, Delay{50 * time.Millisecond, 500 * time.Millisecond})
	if c.Now == nil {
		c.Now = func() time.Duration { return 0 }
	}
	if c.Advertised == nil {
		c.Advertised = func(node int) (string, int32) { return string(Addr(node)), 9092 }
	}
	if c.Unanswered == nil {
		c.Unanswered = func(mailbox.Addr, uint64, bool) {}
	}
}

// initialRebalanceDelay is how long the first members of a group wait for others.
func (c *Config) initialRebalanceDelay() time.Duration { return max(c.InitialRebalanceDelay, 0) }

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
