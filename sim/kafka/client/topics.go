package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// leadership is who leads a partition, and in which epoch.
type leadership struct{ node, epoch int32 }

func (l leadership) vacant() bool { return l.node == protocol.NoLeader }

// parked is what waits to know the leaders of a topic.
type parked struct {
	topic string
	then  func(env mailbox.Env, code int16)
}

// leader of a partition, if it is known.
func (c *Client) leader(topic string, partition int32) (leadership, bool) {
	leaders := c.leaders[topic]
	if partition < 0 || int(partition) >= len(leaders) {
		return leadership{}, false
	}
	if leaders[partition].vacant() { // there may be one by now
		delete(c.leaders, topic)
		return leadership{}, false
	}
	return leaders[partition], true
}

// withTopic goes on when the leaders of a topic are known, or when it is known not to exist.
func (c *Client) withTopic(env mailbox.Env, topic string, then func(env mailbox.Env, code int16)) {
	if c.leaders[topic] != nil {
		then(env, protocol.None)
		return
	}
	c.parked = append(c.parked, parked{topic, then})
	if !c.asking {
		c.asking = true
		tries := 0
		c.askMetadata(env, &tries)
	}
}

// askMetadata asks for every topic that somebody waits for.
func (c *Client) askMetadata(env mailbox.Env, tries *int) {
	req := kmsg.NewPtrMetadataRequest()
	asked := map[string]bool{}
	for _, p := range c.parked {
		if !asked[p.topic] {
			asked[p.topic] = true
			t := kmsg.NewMetadataRequestTopic()
			t.Topic = kmsg.StringPtr(p.topic)
			req.Topics = append(req.Topics, t)
		}
	}
	c.sendAny(env, 12, req, func(env mailbox.Env, resp kmsg.Response) {
		found, ok := resp.(*kmsg.MetadataResponse)
		if !ok {
			c.again(env, tries, func(env mailbox.Env) { c.askMetadata(env, tries) })
			return
		}
		c.learn(found)
		c.asking = false
		waiting := c.parked
		c.parked = nil
		for _, p := range waiting {
			switch {
			case c.leaders[p.topic] != nil:
				p.then(env, protocol.None)
			case asked[p.topic]:
				p.then(env, protocol.UnknownTopicOrPartition)
			default: // it came while the request was under way
				c.withTopic(env, p.topic, p.then)
			}
		}
	})
}

func (c *Client) learn(m *kmsg.MetadataResponse) {
	if len(m.Brokers) > 0 {
		c.alive = c.alive[:0]
		for _, b := range m.Brokers {
			c.alive = append(c.alive, b.NodeID)
		}
	}
	for _, t := range m.Topics {
		if t.ErrorCode != protocol.None {
			continue
		}
		leaders := make([]leadership, len(t.Partitions))
		for _, p := range t.Partitions {
			leaders[p.Partition] = leadership{p.Leader, p.LeaderEpoch}
		}
		c.leaders[*t.Topic] = leaders
	}
}

// partitions answers how many partitions a topic has, and where they begin and end.
func (c *Client) partitions(env mailbox.Env, asker mailbox.Addr, m wire.KafkaPartitions) {
	answer := func(env mailbox.Env, first, last []int64, err string) {
		env.Send(asker, wire.KafkaPartitionsAre{Req: m.Req, Topic: m.Topic, Earliest: first, Latest: last, Err: err})
	}
	j := c.within(env, asker, c.cfg.MaxBlock, func(env mailbox.Env) { answer(env, nil, nil, timedOut) })
	var try func(mailbox.Env)
	listed := func(env mailbox.Env, first, last []int64, ok bool) {
		switch {
		case j.over:
		case !ok:
			delete(c.leaders, m.Topic)
			c.again(env, &j.tries, try)
		default:
			j.end()
			answer(env, first, last, "")
		}
	}
	try = func(env mailbox.Env) {
		c.withTopic(env, m.Topic, func(env mailbox.Env, code int16) {
			switch {
			case j.over:
			case code != protocol.None:
				j.end()
				answer(env, nil, nil, protocol.Name(code))
			default:
				c.listEnds(env, m.Topic, listed)
			}
		})
	}
	delete(c.leaders, m.Topic) // it may have more partitions by now
	try(env)
}

// listEnds asks every leader of a topic for both ends of its partitions. It is ok if all have answered.
func (c *Client) listEnds(env mailbox.Env, topic string, then func(env mailbox.Env, first, last []int64, ok bool)) {
	leaders := c.leaders[topic]
	if slices.ContainsFunc(leaders, leadership.vacant) {
		then(env, nil, nil, false)
		return
	}
	first, last := make([]int64, len(leaders)), make([]int64, len(leaders))
	left, good := 0, true
	for node := range int32(len(c.cfg.Brokers)) {
		for _, side := range []struct {
			timestamp int64
			into      []int64
		}{{protocol.Earliest, first}, {protocol.Latest, last}} {
			t := kmsg.NewListOffsetsRequestTopic()
			t.Topic = topic
			for n, leader := range leaders {
				if leader.node == node {
					p := kmsg.NewListOffsetsRequestTopicPartition()
					p.Partition, p.Timestamp, p.CurrentLeaderEpoch = int32(n), side.timestamp, leader.epoch
					t.Partitions = append(t.Partitions, p)
				}
			}
			if len(t.Partitions) == 0 {
				continue
			}
			req := kmsg.NewPtrListOffsetsRequest()
			req.ReplicaID = -1
			req.Topics = append(req.Topics, t)
			left++
			c.send(env, node, 0, 6, req, func(env mailbox.Env, resp kmsg.Response) {
				offsets, ok := resp.(*kmsg.ListOffsetsResponse)
				good = good && ok
				if ok {
					for _, p := range offsets.Topics[0].Partitions {
						good = good && p.ErrorCode == protocol.None
						side.into[p.Partition] = p.Offset
					}
				}
				if left--; left == 0 {
					then(env, first, last, good)
				}
			})
		}
	}
}
