package kafka

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// topic is its partitions and its configuration. One that is deleted and created again is another topic, with another
// id.
type topic struct {
	name       string
	id         [16]byte
	replicas   int // of every partition
	partitions []*Partition
	config     *topicConfig
}

// topicNameMax is how long a name may be, because a folder has it, with a suffix.
const topicNameMax = 249

var topicNames = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// badTopicName says what is wrong with a topic's name, "" if nothing is.
func badTopicName(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Sprintf("Topic name is invalid: '%s' is not allowed", name)
	case len(name) > topicNameMax:
		return fmt.Sprintf("Topic name is invalid: the length of '%s' is longer than the max allowed length %d", name, topicNameMax)
	case !topicNames.MatchString(name):
		return fmt.Sprintf("Topic name is invalid: '%s' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'", name)
	}
	return ""
}

// collision is an existing topic whose name differs in nothing but dots and underscores, which metrics do not tell
// apart; "" without one.
func (c *Cluster) collision(name string) string {
	same := strings.NewReplacer(".", "_")
	for _, t := range c.order {
		if same.Replace(t.name) == same.Replace(name) {
			return t.name
		}
	}
	return ""
}

// add makes a topic. Its leaders go round the brokers, starting at another one for each topic.
func (c *Cluster) add(name string, partitions, replicas int, config *topicConfig) *topic {
	assert(c.topics[name] == nil, "topic %s is created twice", name)
	c.created++
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %s", c.created, name))
	t := &topic{name: name, id: [16]byte(digest[:16]), replicas: replicas, config: config}
	c.grow(t, partitions)
	c.topics[name], c.byID[t.id] = t, t
	return t
}

// grow gives a topic more partitions, up to a number.
func (c *Cluster) grow(t *topic, partitions int) {
	for i := len(t.partitions); i < partitions; i++ {
		leader := (len(c.order) + i) % c.cfg.Brokers
		for tries := 0; c.down[leader] && tries < c.cfg.Brokers; tries++ {
			leader = (leader + 1) % c.cfg.Brokers
		}
		t.partitions = append(t.partitions, &Partition{cluster: c, topic: t.name, index: int32(i), config: t.config,
			replicaSet: c.placed(c.inRow(leader, t.replicas)), producers: map[int64]*producerState{}})
	}
}

// named finds a topic by its name, or by its id where the version of the request has that instead.
func (c *Cluster) named(name string, id [16]byte, byID bool) (*topic, int16) {
	if byID {
		if t := c.byID[id]; t != nil {
			return t, protocol.None
		}
		return nil, protocol.UnknownTopicID
	}
	if t := c.topics[name]; t != nil {
		return t, protocol.None
	}
	return nil, protocol.UnknownTopicOrPartition
}

// find finds a partition the same way.
func (c *Cluster) find(name string, id [16]byte, byID bool, partition int32) (*Partition, int16) {
	t, code := c.named(name, id, byID)
	switch {
	case code != protocol.None:
		return nil, code
	case partition < 0 || int(partition) >= len(t.partitions):
		return nil, protocol.UnknownTopicOrPartition
	}
	return t.partitions[partition], protocol.None
}

// leadsIn checks that this broker leads a partition in the epoch that the client believes in, if it says one.
func (b *Broker) leadsIn(p *Partition, epoch int32) int16 {
	if b.leads(p) == nil {
		return protocol.NotLeaderOrFollower
	}
	return b.epochIs(p, epoch)
}

// epochIs checks the epoch of a replica here.
func (b *Broker) epochIs(p *Partition, epoch int32) int16 {
	switch {
	case b.cluster.disks[b.node].offline:
		return protocol.KafkaStorageError
	case epoch >= 0 && epoch < p.leaderEpoch:
		return protocol.FencedLeaderEpoch
	case epoch > p.leaderEpoch:
		return protocol.UnknownLeaderEpoch
	}
	return protocol.None
}
