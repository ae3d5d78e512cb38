package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// versions are the API keys and versions that the model answers. The newest produce and fetch requests name
// topics by id, and the newest list-offsets requests ask for more than the ends, which the model does not.
var versions = []struct{ key, least, most int16 }{
	{0, 3, 12}, {1, 4, 12}, {2, 1, 6}, {3, 0, 12}, {8, 2, 9}, {10, 0, 6}, {18, 0, 4}, {21, 0, 2}, {22, 0, 5},
	{24, 0, 5}, {26, 0, 5}, {27, 1, 2}, {61, 0, 0}, {65, 0, 0}, {66, 0, 2},
}

func supported(key, version int16) bool {
	for _, v := range versions {
		if v.key == key {
			return v.least <= version && version <= v.most
		}
	}
	return false
}

// apiVersions says what the broker can. The versions do not depend on the cluster's transaction.version: a
// client must read the finalized feature, too.
func (b *Broker) apiVersions(*kmsg.ApiVersionsRequest) kmsg.Response {
	resp := kmsg.NewPtrApiVersionsResponse()
	for _, v := range versions {
		e := kmsg.NewApiVersionsResponseApiKey()
		e.ApiKey, e.MinVersion, e.MaxVersion = v.key, v.least, v.most
		resp.ApiKeys = append(resp.ApiKeys, e)
	}
	f := kmsg.NewApiVersionsResponseFinalizedFeature()
	level := b.cluster.cfg.TransactionVersion.level()
	f.Name, f.MinVersionLevel, f.MaxVersionLevel = "transaction.version", level, level
	resp.FinalizedFeatures = append(resp.FinalizedFeatures, f)
	return resp
}
