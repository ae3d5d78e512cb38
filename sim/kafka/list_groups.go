package kafka

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// classic is the only type of group that the model has.
const classic = "classic"

// listGroups lists what this broker coordinates; for all of them ask every broker.
func (b *Broker) listGroups(req *kmsg.ListGroupsRequest) kmsg.Response {
	resp := kmsg.NewPtrListGroupsResponse()
	wanted := func(filter []string, value string) bool {
		return len(filter) == 0 || slices.ContainsFunc(filter, func(f string) bool { return strings.EqualFold(f, value) })
	}
	for i := range b.shards {
		s, code := b.shard(i)
		switch code {
		case protocol.NotCoordinator:
			continue
		case protocol.None:
		default:
			resp.ErrorCode, resp.Groups = code, nil
			return resp
		}
		for _, id := range s.ids() {
			g := s.groups[id]
			if wanted(req.StatesFilter, string(g.state)) && wanted(req.TypesFilter, classic) {
				e := kmsg.NewListGroupsResponseGroup()
				e.Group, e.ProtocolType, e.GroupState, e.GroupType = id, g.protocolType, string(g.state), classic
				resp.Groups = append(resp.Groups, e)
			}
		}
	}
	return resp
}
