package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// versions are the API keys and versions that the model answers. The newest produce and fetch requests name
// topics by id, and the newest list-offsets requests ask for more than the ends, which the model does not.
var versions = []struct {
	key         kmsg.Key
	least, most int16
}{
	{kmsg.Produce, 3, 12},
	{kmsg.Fetch, 4, 12},
	{kmsg.ListOffsets, 1, 6},
	{kmsg.Metadata, 0, 12},
	{kmsg.OffsetCommit, 2, 9},
	{kmsg.FindCoordinator, 0, 6},
	{kmsg.ApiVersions, 0, 4},
	{kmsg.DeleteRecords, 0, 2},
	{kmsg.InitProducerID, 0, 5},
	{kmsg.AddPartitionsToTxn, 0, 5},
	{kmsg.EndTxn, 0, 5},
	{kmsg.WriteTxnMarkers, 1, 2},
	{kmsg.DescribeProducers, 0, 0},
	{kmsg.DescribeTransactions, 0, 0},
	{kmsg.ListTransactions, 0, 2},
}

func supported(key kmsg.Key, version int16) bool {
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
		e.ApiKey, e.MinVersion, e.MaxVersion = v.key.Int16(), v.least, v.most
		resp.ApiKeys = append(resp.ApiKeys, e)
	}
	f := kmsg.NewApiVersionsResponseFinalizedFeature()
	level := b.cluster.cfg.TransactionVersion.level()
	f.Name, f.MinVersionLevel, f.MaxVersionLevel = "transaction.version", level, level
	resp.FinalizedFeatures = append(resp.FinalizedFeatures, f)
	return resp
}
