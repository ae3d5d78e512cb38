package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// findCoordinator says who coordinates groups (type 0) and transactional ids (type 1).
func (b *Broker) findCoordinator(req *kmsg.FindCoordinatorRequest) kmsg.Response {
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if req.CoordinatorType != protocol.GroupCoordinator && req.CoordinatorType != protocol.TransactionCoordinator {
		return noCoordinator(req, protocol.InvalidRequest)
	}
	b.cluster.grouped = b.cluster.grouped || req.CoordinatorType == protocol.GroupCoordinator
	if req.Version < 4 {
		resp.NodeID, resp.Host, resp.Port, resp.ErrorCode = b.coordinatorAt(req.CoordinatorType, req.CoordinatorKey)
		return resp
	}
	for _, key := range req.CoordinatorKeys {
		e := kmsg.NewFindCoordinatorResponseCoordinator()
		e.Key = key
		e.NodeID, e.Host, e.Port, e.ErrorCode = b.coordinatorAt(req.CoordinatorType, key)
		resp.Coordinators = append(resp.Coordinators, e)
	}
	return resp
}

// coordinatorAt is where the coordinator of a key is, if there is one.
func (b *Broker) coordinatorAt(kind int8, key string) (node int32, host string, port int32, code int16) {
	if node = b.coordinatorOf(kind, key); node == protocol.NoLeader {
		return -1, "", -1, protocol.CoordinatorNotAvailable
	}
	host, port = b.cluster.cfg.Advertised(int(node))
	return node, host, port, protocol.None
}

// coordinatorOf a key: the leader of a partition of __consumer_offsets or of the transaction log.
func (b *Broker) coordinatorOf(kind int8, key string) int32 {
	if kind == protocol.GroupCoordinator {
		return int32(b.cluster.GroupCoordinator(key))
	}
	return int32(b.cluster.Coordinator(key))
}

// noCoordinator refuses a whole request.
func noCoordinator(req *kmsg.FindCoordinatorRequest, code int16) kmsg.Response {
	resp := kmsg.NewPtrFindCoordinatorResponse()
	resp.ErrorCode, resp.NodeID, resp.Port = code, -1, -1
	for _, key := range req.CoordinatorKeys {
		e := kmsg.NewFindCoordinatorResponseCoordinator()
		e.Key, e.NodeID, e.Port, e.ErrorCode = key, -1, -1, code
		resp.Coordinators = append(resp.Coordinators, e)
	}
	return resp
}
