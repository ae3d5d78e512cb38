package kafka

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// partitionsMax is how many partitions one request may ask for, as the controller has it.
const partitionsMax = 10_000

// createTopics makes topics. Every broker takes the request, as brokers do that pass it on to the controller.
func (b *Broker) createTopics(req *kmsg.CreateTopicsRequest) kmsg.Response {
	resp := kmsg.NewPtrCreateTopicsResponse()
	asked := map[string]int{}
	for _, t := range req.Topics {
		asked[t.Topic]++
	}
	for _, in := range req.Topics {
		if asked[in.Topic] == 0 {
			continue // one answer has been given for all of them
		}
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic, out.NumPartitions, out.ReplicationFactor = in.Topic, -1, -1
		p, code, why := b.cluster.plan(in)
		if asked[in.Topic] > 1 {
			code, why = protocol.InvalidRequest, "Duplicate topic name."
			asked[in.Topic] = 0
		}
		if code != protocol.None {
			out.ErrorCode, out.ErrorMessage = code, &why
			resp.Topics = append(resp.Topics, out)
			continue
		}
		if !req.ValidateOnly {
			out.TopicID = b.cluster.create(p).id
		}
		out.NumPartitions, out.ReplicationFactor = int32(p.partitions), int16(p.replicas)
		out.Configs = p.config.listed()
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// plan is a topic that could be made.
type plan struct {
	name                 string
	partitions, replicas int
	assignment           [][]int32 // the replicas of each partition, where the request says who they are
	config               *topicConfig
}

// plan checks one topic of the request. The code and the words say why it cannot be made.
func (c *Cluster) plan(in kmsg.CreateTopicsRequestTopic) (*plan, int16, string) {
	p := &plan{name: in.Topic, partitions: int(in.NumPartitions), replicas: int(in.ReplicationFactor)}
	if why := badTopicName(in.Topic); why != "" {
		return nil, protocol.InvalidTopicException, why
	}
	if c.topics[in.Topic] != nil {
		return nil, protocol.TopicAlreadyExists, fmt.Sprintf("Topic '%s' already exists.", in.Topic)
	}
	if other := c.collision(in.Topic); other != "" {
		return nil, protocol.InvalidTopicException, fmt.Sprintf("Topic '%s' collides with existing topic: %s", in.Topic, other)
	}
	set := map[string]string{}
	for _, e := range in.Configs {
		if e.Value == nil {
			return nil, protocol.InvalidConfig, fmt.Sprintf("Null value not supported for topic configs: %s", e.Name)
		}
		set[e.Name] = *e.Value
	}
	config, wrong := c.cfg.topicConfig(set)
	if wrong != "" {
		return nil, protocol.InvalidConfig, wrong
	}
	p.config = config
	if len(in.ReplicaAssignment) > 0 {
		return p.assigned(c, in)
	}
	if p.partitions == -1 {
		p.partitions = c.cfg.NumPartitions
	}
	if p.replicas == -1 {
		p.replicas = c.cfg.DefaultReplicationFactor
	}
	up := len(slices.DeleteFunc(slices.Clone(c.down), func(down bool) bool { return down }))
	switch {
	case p.replicas < 1:
		return nil, protocol.InvalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value."
	case p.partitions < 1:
		return nil, protocol.InvalidPartitions, "Number of partitions was set to an invalid non-positive value."
	case p.replicas > up:
		return nil, protocol.InvalidReplicationFactor, fmt.Sprintf("Unable to replicate the partition %d time(s): only %d broker(s) are registered.", p.replicas, up)
	case p.partitions > partitionsMax:
		return nil, protocol.PolicyViolation, "Excessively large number of partitions per request."
	}
	return p, protocol.None, ""
}

// assigned takes over which brokers are to have the partitions: as many each, the first one leads.
func (p *plan) assigned(c *Cluster, in kmsg.CreateTopicsRequestTopic) (*plan, int16, string) {
	switch {
	case p.partitions != -1:
		return nil, protocol.InvalidRequest, "A manual partition assignment was specified, but numPartitions was not set to -1."
	case p.replicas != -1:
		return nil, protocol.InvalidRequest, "A manual partition assignment was specified, but replicationFactor was not set to -1."
	}
	p.partitions, p.replicas = len(in.ReplicaAssignment), len(in.ReplicaAssignment[0].Replicas)
	p.assignment = make([][]int32, p.partitions)
	seen := make([]bool, p.partitions)
	for _, a := range in.ReplicaAssignment {
		if a.Partition < 0 || int(a.Partition) >= p.partitions || seen[a.Partition] {
			return nil, protocol.InvalidReplicaAssignment, "partitions should be a consecutive 0-based integer sequence"
		}
		if why := c.badReplicas(a.Replicas, p.replicas); why != "" {
			return nil, protocol.InvalidReplicaAssignment, why
		}
		seen[a.Partition], p.assignment[a.Partition] = true, a.Replicas
	}
	return p, protocol.None, ""
}

// badReplicas says what is wrong with the brokers that are to have a partition, "" if nothing is.
func (c *Cluster) badReplicas(replicas []int32, want int) string {
	switch {
	case len(replicas) == 0:
		return "The manual partition assignment includes an empty replica list."
	case len(replicas) != want:
		return fmt.Sprintf("The manual partition assignment includes a partition with %d replica(s), but this is not consistent with previous partitions, which have %d replica(s).", len(replicas), want)
	}
	for i, n := range replicas {
		switch {
		case n < 0 || int(n) >= c.cfg.Brokers:
			return fmt.Sprintf("The manual partition assignment includes broker %d, but no such broker is registered.", n)
		case slices.Contains(replicas[:i], n):
			return fmt.Sprintf("The manual partition assignment includes the broker %d more than once.", n)
		}
	}
	return ""
}

func (c *Cluster) create(p *plan) *topic {
	t := c.add(p.name, p.partitions, p.replicas, p.config)
	for i, replicas := range p.assignment {
		t.partitions[i].replicaSet = c.placed(replicas)
	}
	c.order = append(c.order, t)
	return t
}

// autoCreate makes a topic that a client asked for as if it were there (auto.create.topics.enable).
func (c *Cluster) autoCreate(name string) (*topic, int16) {
	in := kmsg.NewCreateTopicsRequestTopic()
	in.Topic, in.NumPartitions, in.ReplicationFactor = name, -1, -1
	p, code, _ := c.plan(in)
	if code != protocol.None {
		return nil, code
	}
	return c.create(p), protocol.None
}
