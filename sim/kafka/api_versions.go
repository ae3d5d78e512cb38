package kafka

import (
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// softwareNames are what a client may call itself and its version.
var softwareNames = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

// apiVersions says what the broker can. The versions do not depend on the cluster's transaction.version: a
// client must read the finalized feature, too.
func (b *Broker) apiVersions(req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := kmsg.NewPtrApiVersionsResponse()
	if req.Version >= 3 && !(softwareNames.MatchString(req.ClientSoftwareName) && softwareNames.MatchString(req.ClientSoftwareVersion)) {
		resp.ErrorCode = protocol.InvalidRequest
		return resp
	}
	if req.ClusterID != nil && *req.ClusterID != clusterID || req.NodeID >= 0 && req.NodeID != b.node {
		resp.ErrorCode = protocol.RebootstrapRequired // the client took this broker for another one
		return resp
	}
	for _, key := range slices.Sorted(maps.Keys(apis)) {
		e := kmsg.NewApiVersionsResponseApiKey()
		e.ApiKey = key.Int16()
		e.MinVersion, e.MaxVersion, _ = b.cluster.versions(key)
		if key == kmsg.Produce {
			e.MinVersion = 0 // librdkafka compresses only for brokers that say so, and sends a newer one all the same
		}
		resp.ApiKeys = append(resp.ApiKeys, e)
	}
	const name = "transaction.version"
	s := kmsg.NewApiVersionsResponseSupportedFeature()
	s.Name, s.MinVersion, s.MaxVersion = name, 0, protocol.TV2.Level()
	resp.SupportedFeatures = append(resp.SupportedFeatures, s)
	resp.FinalizedFeaturesEpoch = 0
	if level := b.cluster.cfg.TransactionVersion.Level(); level > 0 { // a feature at level 0 is not finalized
		f := kmsg.NewApiVersionsResponseFinalizedFeature()
		f.Name, f.MinVersionLevel, f.MaxVersionLevel = name, level, level
		resp.FinalizedFeatures = append(resp.FinalizedFeatures, f)
	}
	return resp
}
