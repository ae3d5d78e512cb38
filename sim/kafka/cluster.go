package kafka

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// TransactionVersion is the cluster feature transaction.version.
type TransactionVersion int8

// The transaction versions. The zero value is what new clusters have.
const (
	DefaultTV TransactionVersion = iota
	TV0
	TV1
	TV2
)

// level is the feature's own number.
func (v TransactionVersion) level() int16 {
	if v == DefaultTV {
		v = TV2
	}
	return int16(v - TV0)
}

// Config describes a cluster. The zero Config is three brokers with Kafka's defaults.
type Config struct {
	Brokers                 int                // 3
	TransactionVersion      TransactionVersion // transaction.version, 2
	TransactionMaxTimeout   time.Duration      // transaction.max.timeout.ms, 15 min
	AbortScanInterval       time.Duration      // transaction.abort.timed.out.transaction.cleanup.interval.ms, 10 s
	IDExpiration            time.Duration      // transactional.id.expiration.ms, 7 days
	IDExpiryScanInterval    time.Duration      // transaction.remove.expired.transaction.cleanup.interval.ms, 1 h
	NoPartitionVerification bool               // transaction.partition.verification.enable=false

	Replication    Delay // from a partition leader's append to the high watermark, 0.5-2 ms
	TxnReplication Delay // the same for a transaction record, 1-4 ms
	MarkerGap      Delay // from a decision to the departure of each partition's marker, 0-3 ms
	Load           Delay // what a new coordinator takes to read its transactions, 50-500 ms

	// Now is true time, for Dump; without it every time there is 0.
	Now func() time.Duration
	// Wake mails a broker from outside. Without it, fetches do not hear of AppendInput until their wait ends.
	Wake func(to mailbox.Addr, m mailbox.Msg)
}

const (
	txnPartitions        = 50 // transaction.state.log.num.partitions
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
	set(&c.Replication, Delay{500 * time.Microsecond, 2 * time.Millisecond})
	set(&c.TxnReplication, Delay{time.Millisecond, 4 * time.Millisecond})
	set(&c.MarkerGap, Delay{0, 3 * time.Millisecond})
	set(&c.Load, Delay{50 * time.Millisecond, 500 * time.Millisecond})
	if c.Now == nil {
		c.Now = func() time.Duration { return 0 }
	}
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Cluster is what outlives any broker: topics, transactions, offsets, and who leads what.
type Cluster struct {
	cfg        Config
	topics     map[string]*topic
	order      []*topic // as created
	txns       [txnPartitions]txnPartition
	nextPID    int64
	ids        map[int64]string // the transactional id of a producer id
	offsets    map[groupPartition]int64
	boots      []int
	down       []bool
	faults     faults
	violations []violation
}

type topic struct {
	name       string
	partitions []*Partition
}

type groupPartition struct {
	group, topic string
	partition    int32
}

// topicPartition names a partition in a transaction.
type topicPartition struct {
	topic     string
	partition int32
}

func compareTopicPartition(a, b topicPartition) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
}

// NewCluster returns a cluster without topics. Partitions of the transaction log are spread over the brokers.
func NewCluster(cfg Config) *Cluster {
	cfg.defaults()
	c := &Cluster{cfg: cfg, topics: map[string]*topic{}, nextPID: 1000, ids: map[int64]string{},
		offsets: map[groupPartition]int64{}, boots: make([]int, cfg.Brokers), down: make([]bool, cfg.Brokers)}
	for i := range c.txns {
		c.txns[i] = txnPartition{leader: int32(i % cfg.Brokers), records: map[string]*txnRecord{}, inFlight: map[string]*txnRecord{}}
	}
	return c
}

// Addr is the address of broker n.
func Addr(n int) mailbox.Addr { return mailbox.Addr(fmt.Sprintf("kafka-%d", n)) }

// Addrs are the addresses of all brokers, in order: the index is the node id.
func (c *Cluster) Addrs() []mailbox.Addr {
	all := make([]mailbox.Addr, c.cfg.Brokers)
	for i := range all {
		all[i] = Addr(i)
	}
	return all
}

// CreateTopic makes an empty topic. Leaders go round the brokers, starting at another one for each topic.
func (c *Cluster) CreateTopic(name string, partitions int) {
	assert(c.topics[name] == nil, "topic %s is created twice", name)
	t := &topic{name: name}
	for i := range partitions {
		t.partitions = append(t.partitions, &Partition{cluster: c, topic: name, index: int32(i),
			leader: int32((len(c.order) + i) % c.cfg.Brokers), producers: map[int64]*producerState{}})
	}
	c.topics[name] = t
	c.order = append(c.order, t)
}

// DeleteTopic removes a topic with everything in it. Transactions that wrote to it go on without it.
func (c *Cluster) DeleteTopic(name string) {
	c.order = slices.DeleteFunc(c.order, func(t *topic) bool { return t.name == name })
	delete(c.topics, name)
}

// Partition returns a partition, or nil.
func (c *Cluster) Partition(topic string, partition int) *Partition {
	return c.partition(topicPartition{topic, int32(partition)})
}

func (c *Cluster) partition(tp topicPartition) *Partition {
	t := c.topics[tp.topic]
	if t == nil || tp.partition < 0 || int(tp.partition) >= len(t.partitions) {
		return nil
	}
	return t.partitions[tp.partition]
}

// freshPID never gives the same producer id twice.
func (c *Cluster) freshPID() int64 {
	c.nextPID++
	return c.nextPID - 1
}

func (c *Cluster) wake(broker int32, m mailbox.Msg) {
	if c.cfg.Wake != nil {
		c.cfg.Wake(Addr(int(broker)), m)
	}
}

// MoveLeader makes another broker the leader of a partition. What the old one has appended is there.
func (c *Cluster) MoveLeader(topic string, partition, to int) {
	p := c.Partition(topic, partition)
	assert(p != nil && to >= 0 && to < c.cfg.Brokers, "cannot move %s-%d to broker %d", topic, partition, to)
	old := p.leader
	p.leader, p.leaderEpoch = int32(to), p.leaderEpoch+1
	p.replicate(p.leo, c.cfg.Now())
	if p.waiting { // its fetches have to go elsewhere
		p.waiting = false
		c.wake(old, grown{p})
	}
}

// MoveCoordinator makes another broker the coordinator of the transactional ids of a partition of the
// transaction log. It answers COORDINATOR_LOAD_IN_PROGRESS until it has read them.
func (c *Cluster) MoveCoordinator(partition, to int) {
	assert(to >= 0 && to < c.cfg.Brokers, "cannot make broker %d a coordinator", to)
	tp := &c.txns[partition]
	tp.leader, tp.epoch = int32(to), tp.epoch+1
	c.wake(tp.leader, elected{partition})
}

// FailOver moves everything that a broker leads to the others, and leaves it out of the metadata until it
// starts again.
func (c *Cluster) FailOver(broker int) {
	c.down[broker] = true
	next := broker
	other := func() int {
		for range c.cfg.Brokers {
			if next = (next + 1) % c.cfg.Brokers; !c.down[next] {
				return next
			}
		}
		return broker // nobody is left
	}
	for _, t := range c.order {
		for _, p := range t.partitions {
			if p.leader == int32(broker) {
				c.MoveLeader(p.topic, int(p.index), other())
			}
		}
	}
	for i := range c.txns {
		if c.txns[i].leader == int32(broker) {
			c.MoveCoordinator(i, other())
		}
	}
}

// Leader is the broker that leads a partition; Coordinator the one that coordinates a transactional id.
func (c *Cluster) Leader(topic string, partition int) int {
	if p := c.Partition(topic, partition); p != nil {
		return int(p.leader)
	}
	return -1
}

// Coordinator is the broker that coordinates a transactional id.
func (c *Cluster) Coordinator(id string) int { return int(c.txns[TxnPartitionOf(id)].leader) }

// TxnPartitionOf is the partition of the transaction log that a transactional id belongs to: abs of Java's
// String.hashCode, which goes over UTF-16 units, mod 50.
func TxnPartitionOf(id string) int {
	var h int32
	for _, r := range id {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + (0xd800 + r>>10)
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + r
	}
	if h == -1<<31 {
		return 0
	}
	return int(max(h, -h)) % txnPartitions
}

// PartitionOf is the partition of a key: murmur2, as Kafka's default partitioner has it.
func PartitionOf(key []byte, n int) int {
	const m = 0x5bd1e995
	h := 0x9747b28c ^ uint32(len(key))
	for ; len(key) >= 4; key = key[4:] {
		k := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24
		k *= m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	switch len(key) {
	case 3:
		h ^= uint32(key[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(key[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(key[0])) * m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return int(h&0x7fffffff) % n
}
