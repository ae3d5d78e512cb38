package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// findCoordinator says who coordinates groups (type 0) and transactional ids (type 1).
func (b *Broker) findCoordinator(req *kmsg.FindCoordinatorRequest) kmsg.Response {
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if req.CoordinatorType != ofGroup && req.CoordinatorType != ofTransaction {
		return noCoordinator(req, invalidRequest)
	}
	b.cluster.grouped = b.cluster.grouped || req.CoordinatorType == ofGroup
	if req.Version < 4 {
		node := b.coordinatorOf(req.CoordinatorType, req.CoordinatorKey)
		resp.NodeID = node
		resp.Host, resp.Port = b.cluster.cfg.Advertised(int(node))
		return resp
	}
	for _, key := range req.CoordinatorKeys {
		node := b.coordinatorOf(req.CoordinatorType, key)
		e := kmsg.NewFindCoordinatorResponseCoordinator()
		e.Key, e.NodeID = key, node
		e.Host, e.Port = b.cluster.cfg.Advertised(int(node))
		resp.Coordinators = append(resp.Coordinators, e)
	}
	return resp
}

// coordinatorOf a key: the leader of a partition of __consumer_offsets or of the transaction log.
func (b *Broker) coordinatorOf(kind int8, key string) int32 {
	if kind == ofGroup {
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
