package kafka

import (
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// listTransactions lists what this broker coordinates; for all of them ask every broker.
func (b *Broker) listTransactions(env mailbox.Env, req *kmsg.ListTransactionsRequest) kmsg.Response {
	resp := kmsg.NewPtrListTransactionsResponse()
	for _, name := range req.StateFilters {
		if !slices.Contains(states, State(name)) {
			resp.UnknownStateFilters = append(resp.UnknownStateFilters, name)
		}
	}
	var pattern *regexp.Regexp
	if p := req.TransactionalIDPattern; p != nil && *p != "" && req.Version >= 2 {
		var err error
		if pattern, err = regexp.Compile("^(?:" + *p + ")$"); err != nil {
			resp.ErrorCode = protocol.InvalidRegularExpression
			return resp
		}
	}
	older := int64(-1)
	if req.Version >= 1 && req.DurationFilterMillis >= 0 {
		older = millis(env) - req.DurationFilterMillis
	}
	for i := range b.cluster.txns {
		tp := &b.cluster.txns[i]
		switch code := b.coordinates(i); code {
		case protocol.NotCoordinator:
			continue
		case protocol.None:
		default:
			resp.ErrorCode = code
			resp.TransactionStates = nil
			return resp
		}
		for _, id := range slices.Sorted(maps.Keys(tp.records)) {
			e, _ := b.lookup(id)
			if len(req.StateFilters) > 0 && !slices.Contains(req.StateFilters, string(e.state)) ||
				len(req.ProducerIDFilters) > 0 && !slices.Contains(req.ProducerIDFilters, e.pid) ||
				older >= 0 && (e.start < 0 || e.start > older) ||
				pattern != nil && !pattern.MatchString(id) {
				continue
			}
			t := kmsg.NewListTransactionsResponseTransactionState()
			t.TransactionalID, t.ProducerID, t.TransactionState = id, e.pid, string(e.state)
			resp.TransactionStates = append(resp.TransactionStates, t)
		}
	}
	return resp
}
