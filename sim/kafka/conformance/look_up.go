package conformance

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What a client asks first: who is there, what they can, who leads and coordinates what.
var lookUp = []Case{
	{"K1", "metadata names a leader among the brokers for every partition", 0, func(l *Lab) {
		resp := l.Metadata(AnyNode, out)
		said := fmt.Sprint(len(resp.Topics[0].Partitions))
		for _, p := range resp.Topics[0].Partitions {
			if !slices.ContainsFunc(resp.Brokers, func(b kmsg.MetadataResponseBroker) bool { return b.NodeID == p.Leader }) {
				said += fmt.Sprintf(", %d is led by %d", p.Partition, p.Leader)
			}
		}
		l.Is(said, "4")
	}},
	{"K2", "and says of a topic that it is not there", 0, func(l *Lab) {
		l.Is(Name(l.Metadata(AnyNode, "none").Topics[0].ErrorCode), "UNKNOWN_TOPIC_OR_PARTITION")
	}},
	{"K3", "every broker says the same of a coordinator, in the old style and the new", 0, func(l *Lab) {
		want := fmt.Sprint(l.Coordinates("a"), " ", l.Coordinates("b"))
		for _, b := range l.Metadata(AnyNode).Brokers {
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKeys, req.CoordinatorType = []string{l.global("a"), l.global("b")}, 1
			resp, ok := l.Ask(b.NodeID, 4, req).(*kmsg.FindCoordinatorResponse)
			if !ok || len(resp.Coordinators) != 2 {
				l.Stop("broker %d finds %+v", b.NodeID, resp)
			}
			l.Is(fmt.Sprint(resp.Coordinators[0].NodeID, " ", resp.Coordinators[1].NodeID), want)
		}
	}},
	{"K4", "a broker says what it can: under any transaction version all of it", 0, func(l *Lab) {
		resp := l.apiVersions(3)
		said := ""
		for _, k := range resp.ApiKeys {
			if k.ApiKey == kmsg.EndTxn.Int16() || k.ApiKey == kmsg.TxnOffsetCommit.Int16() {
				said += fmt.Sprintf("%s to %d, ", kmsg.NameForKey(k.ApiKey), min(k.MaxVersion, 5))
			}
			if k.ApiKey == kmsg.Produce.Int16() {
				said += fmt.Sprintf("Produce %d to %d, ", k.MinVersion, min(k.MaxVersion, 12))
			}
		}
		l.Is(said, "Produce 0 to 12, EndTxn to 5, TxnOffsetCommit to 5, ")
	}},
	{"K5", "and what the cluster has switched on", 0, func(l *Lab) {
		l.Is(fmt.Sprint(l.TransactionVersion()), fmt.Sprint(l.Traits().TransactionVersion))
	}},
	{"K6", "asked so in a version from the future it answers in the first one", 0, func(l *Lab) {
		resp := l.apiVersions(9)
		l.Is(fmt.Sprint(resp.Version, " ", Name(resp.ErrorCode)), "0 UNSUPPORTED_VERSION")
	}},
	{"K7", "and hangs up on any other", 0, func(l *Lab) {
		req := kmsg.NewPtrFetchRequest()
		req.SetVersion(99)
		if resp := l.Send(AnyNode, NewConn, req)(); resp != nil {
			l.Stop("it is answered: %+v", resp)
		}
	}},
	{"K8", "a group's positions are kept by its coordinator", 0, func(l *Lab) {
		l.Is(l.CommitOffset(0, 42), "NONE")
		l.Is(l.Position(false, 0, 1), "0 at 42, 1 at -1")
		l.Is(l.CommitOffset(9, 42), "UNKNOWN_TOPIC_OR_PARTITION")
		l.Comes(Patience, "Empty", l.Group)
	}},
	{"K9", "and by no other", Brokers, func(l *Lab) {
		l.Is(l.CommitOffsetAt(l.Another(l.GroupCoordinator("g")), 0, 43), "NOT_COORDINATOR")
	}},
}

// TransactionVersion is the level of the cluster's feature.
func (l *Lab) TransactionVersion() int16 {
	for _, f := range l.apiVersions(3).FinalizedFeatures {
		if f.Name == "transaction.version" {
			return f.MaxVersionLevel
		}
	}
	return 0 // a feature without a level is not listed
}

func (l *Lab) apiVersions(version int16) *kmsg.ApiVersionsResponse {
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "conformance", "1"
	req.SetVersion(version)
	resp, ok := l.Send(AnyNode, NewConn, req)().(*kmsg.ApiVersionsResponse)
	if !ok {
		l.Stop("nobody says what brokers can")
	}
	return resp
}
