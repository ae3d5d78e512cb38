package conformance

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// out is the topic that stories write to if they do not say otherwise.
const (
	out           = "out"
	outPartitions = int32(4)
)

// topic is a topic's name on the target. The topic out is made when it is first asked for.
func (l *Lab) topic(name string) string {
	if name == out && !slices.Contains(l.topics, out) {
		l.CreateTopic(out, outPartitions)
	}
	return l.global(name)
}

// replicasMost is how many replicas a topic has where there are brokers for them, whatever the cluster's default is.
const replicasMost = 3

// CreateTopic makes a topic, and waits until all brokers know who leads it, and the leaders themselves. A configuration is
// names and values by turns.
func (l *Lab) CreateTopic(name string, partitions int32, config ...string) {
	l.createTopic(name, partitions, int16(min(l.Traits().Brokers, replicasMost)), config...)
}

func (l *Lab) createTopic(name string, partitions int32, replicas int16, config ...string) {
	l.topics = append(l.topics, name)
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = l.global(name), partitions, replicas
	for i := 0; i < len(config); i += 2 {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = config[i], &config[i+1]
		t.Configs = append(t.Configs, c)
	}
	req.Topics, req.TimeoutMillis = append(req.Topics, t), int32(Patience.Milliseconds())
	resp, ok := l.Ask(l.Controller(), 5, req).(*kmsg.CreateTopicsResponse)
	switch {
	case !ok:
		l.Stop("the topic %s cannot be made: %s", name, Silence)
	case resp.Topics[0].ErrorCode != 0:
		l.Stop("the topic %s cannot be made: %s", name, Name(resp.Topics[0].ErrorCode))
	}
	for _, b := range l.Metadata(AnyNode).Brokers {
		l.Comes(Patience, "led", func() string {
			t := l.Metadata(b.NodeID, name).Topics[0]
			if t.ErrorCode != 0 {
				return Name(t.ErrorCode)
			}
			for _, p := range t.Partitions {
				if p.ErrorCode != 0 {
					return Name(p.ErrorCode)
				}
			}
			return "led"
		})
	}
	// Who is named as the leader may not have heard of it yet.
	for p := range partitions {
		l.Comes(Patience, "0", func() string { return l.OffsetOf(name, p, latest, false) })
	}
}

// DeleteTopic removes a topic, and waits until nobody knows it.
func (l *Lab) DeleteTopic(name string) {
	l.delete(name)
	for _, b := range l.Metadata(AnyNode).Brokers {
		l.Comes(Patience, "UNKNOWN_TOPIC_OR_PARTITION", func() string { return Name(l.Metadata(b.NodeID, name).Topics[0].ErrorCode) })
	}
	l.topics = slices.DeleteFunc(l.topics, func(each string) bool { return each == name })
}

func (l *Lab) delete(name string) {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames, req.TimeoutMillis = []string{l.global(name)}, int32(Patience.Milliseconds())
	l.Ask(l.Controller(), 5, req)
}

// CleanUp starts brokers that the story left dead, removes its topics, and closes its clients.
func (l *Lab) CleanUp() {
	if len(l.dead) > 0 {
		l.start(slices.Clone(l.dead)...)
	}
	for _, c := range l.clients {
		c.Close()
	}
	l.Conn = NewConn
	for _, name := range l.topics {
		l.delete(name)
	}
}

// Metadata asks a broker for topics; without any it answers for the brokers only.
func (l *Lab) Metadata(node int32, topics ...string) *kmsg.MetadataResponse {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(l.topic(name))
		req.Topics = append(req.Topics, t)
	}
	var resp *kmsg.MetadataResponse
	l.wait(Patience, func() string { // again if the one that happens to be asked has just died
		answer, ok := l.Ask(node, 12, req).(*kmsg.MetadataResponse)
		if !ok {
			return Silence
		}
		resp = answer
		return "answered"
	}, func(said string) bool { return said != Silence || node != AnyNode })
	switch {
	case resp == nil && node == AnyNode:
		l.Stop("no broker answers for metadata")
	case resp == nil:
		l.Stop("broker %d does not answer for metadata", node)
	}
	slices.SortFunc(resp.Brokers, func(a, b kmsg.MetadataResponseBroker) int { return cmp.Compare(a.NodeID, b.NodeID) })
	return resp
}

// Controller is the broker that topics are made at.
func (l *Lab) Controller() int32 { return l.Metadata(AnyNode).ControllerID }

// Leads is the broker that leads a partition.
func (l *Lab) Leads(topic string, partition int32) int32 {
	if in, ok := l.Target.(Insider); ok {
		return int32(in.Leader(l.topic(topic), int(partition)))
	}
	for _, p := range l.Metadata(AnyNode, topic).Topics[0].Partitions {
		if p.Partition == partition {
			return p.Leader
		}
	}
	return AnyNode // it is not there: whoever is asked will say so
}

// Coordinates is the broker that coordinates a transactional id; GroupCoordinator that of a group.
func (l *Lab) Coordinates(id string) int32 {
	if in, ok := l.Target.(Insider); ok {
		return int32(in.Coordinator(l.global(id)))
	}
	return l.coordinator(l.global(id), 1)
}

func (l *Lab) GroupCoordinator(group string) int32 {
	if in, ok := l.Target.(Insider); ok {
		return int32(in.GroupCoordinator(l.global(group)))
	}
	return l.coordinator(l.global(group), 0)
}

func (l *Lab) coordinator(key string, kind int8) (node int32) {
	said := l.wait(Patience, func() string {
		req := kmsg.NewPtrFindCoordinatorRequest()
		req.CoordinatorKey, req.CoordinatorType = key, kind
		resp, ok := l.Ask(AnyNode, 3, req).(*kmsg.FindCoordinatorResponse)
		if !ok {
			return Silence
		}
		node = resp.NodeID
		return Name(resp.ErrorCode)
	}, func(said string) bool { return said == "NONE" })
	if said != "NONE" {
		l.Stop("find the coordinator of %q: %s", key, said)
	}
	return node
}

// Another is a broker that is not this one.
func (l *Lab) Another(node int32) int32 {
	brokers := l.Metadata(AnyNode).Brokers
	i := slices.IndexFunc(brokers, func(b kmsg.MetadataResponseBroker) bool { return b.NodeID == node })
	return brokers[(i+1)%len(brokers)].NodeID
}
