package kafka

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Cluster is what outlives any broker: topics, transactions, groups, and who leads what.
type Cluster struct {
	cfg        Config
	addrs      []mailbox.Addr // the index is the node id
	topics     map[string]*topic
	byID       map[[16]byte]*topic
	order      []*topic // as created, without the internal one
	created    int      // topics so far
	offsetsLog *topic   // __consumer_offsets
	grouped    bool     // somebody has asked for the coordinator of a group, upon which a real cluster makes that topic
	txns       [txnPartitions]txnPartition
	nextPID    int64
	ids        map[int64]string // the transactional id of a producer id
	boots      []int
	down       []bool // their sessions have run out
	dead       []bool
	stopped    []stopped
	disks      []disk
	full       int              // of them
	halt       func(broker int) // ends a process; may be nil
	quotas     []Quota          // by broker
	faults     faults
	violations []violation
	told       []history.Event // what no broker has noted yet
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
	c := &Cluster{cfg: cfg, topics: map[string]*topic{}, byID: map[[16]byte]*topic{}, nextPID: 1000, ids: map[int64]string{},
		boots: make([]int, cfg.Brokers), down: make([]bool, cfg.Brokers), dead: make([]bool, cfg.Brokers), stopped: make([]stopped, cfg.Brokers),
		disks: make([]disk, cfg.Brokers), quotas: make([]Quota, cfg.Brokers)}
	for n := range cfg.Brokers {
		c.addrs = append(c.addrs, Addr(n))
	}
	for i := range c.txns {
		c.txns[i] = txnPartition{replicaSet: c.placed(c.inRow(i, internalReplicas)), records: map[string]*txnRecord{}, inFlight: map[string]*txnRecord{}}
	}
	internal, _ := c.cfg.topicConfig(map[string]string{"cleanup.policy": "compact", "compression.type": "producer", "segment.bytes": "104857600"})
	c.offsetsLog = c.add(offsetsTopic, txnPartitions, min(internalReplicas, cfg.Brokers), internal)
	return c
}

// Addr is the address of broker n.
func Addr(n int) mailbox.Addr { return mailbox.Addr(fmt.Sprintf("kafka-%d", n)) }

// Addrs are the addresses of all brokers, in order: the index is the node id.
func (c *Cluster) Addrs() []mailbox.Addr { return c.addrs }

// CreateTopic makes an empty topic, which every broker has. It keeps its records for ever, whatever time they have.
func (c *Cluster) CreateTopic(name string, partitions int) {
	config, _ := c.cfg.topicConfig(anyTime)
	c.create(&plan{name: name, partitions: partitions, replicas: c.cfg.Brokers, config: config})
}

// DeleteTopic removes a topic with everything in it. Transactions that wrote to it go on without it.
func (c *Cluster) DeleteTopic(name string) {
	c.order = slices.DeleteFunc(c.order, func(t *topic) bool { return t.name == name })
	t := c.topics[name]
	if t == nil {
		return
	}
	delete(c.topics, name)
	delete(c.byID, t.id)
	for _, p := range t.partitions {
		p.rouse(p.leader) // who waits for more has to hear that there is no such partition
	}
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

// store puts a record into the transaction log; a dead one is a tombstone.
func (c *Cluster) store(tp *txnPartition, r *txnRecord) {
	c.ids[r.pid] = r.id
	if r.state == Dead {
		delete(tp.records, r.id)
		return
	}
	tp.records[r.id] = r
}

func (c *Cluster) wake(broker int32, m mailbox.Msg) {
	if c.cfg.Wake != nil && broker != protocol.NoLeader {
		c.cfg.Wake(c.addrs[broker], m)
	}
}
