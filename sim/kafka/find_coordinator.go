package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// findCoordinator says who coordinates groups (type 0) and transactional ids (type 1).
func (b *Broker) findCoordinator(req *kmsg.FindCoordinatorRequest) kmsg.Response {
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if req.Version < 4 {
		node := b.coordinatorOf(req.CoordinatorKey)
		resp.NodeID, resp.Host, resp.Port = node, string(b.cluster.addrs[node]), 9092
		return resp
	}
	for _, key := range req.CoordinatorKeys {
		node := b.coordinatorOf(key)
		e := kmsg.NewFindCoordinatorResponseCoordinator()
		e.Key, e.NodeID, e.Host, e.Port = key, node, string(b.cluster.addrs[node]), 9092
		resp.Coordinators = append(resp.Coordinators, e)
	}
	return resp
}

// coordinatorOf a key. Groups are spread like transactional ids: both logs have 50 partitions, with one set of
// leaders here.
func (b *Broker) coordinatorOf(key string) int32 { return b.cluster.txns[TxnPartitionOf(key)].leader }
