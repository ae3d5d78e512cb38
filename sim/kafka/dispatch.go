package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// api is a request that a broker knows: in which versions, and what it does with it.
type api struct {
	least, most int16
	handle      func(*Broker, mailbox.Env, call, kmsg.Request)
}

// apis are all of them, by key. Their versions are those of Kafka 4.4 as far as the codec has them. (They are filled in
// at the start, because every one may lead to the next request of its connection, and so back here.)
var apis map[kmsg.Key]api

func init() {
	apis = map[kmsg.Key]api{
		kmsg.Produce:              {3, 13, inTime((*Broker).produce)},
		kmsg.Fetch:                {4, 18, inTime((*Broker).fetch)},
		kmsg.ListOffsets:          {1, 11, atOnce((*Broker).listOffsets)},
		kmsg.Metadata:             {0, 13, atOnce((*Broker).metadata)},
		kmsg.OffsetCommit:         {2, 10, inTime((*Broker).offsetCommit)},
		kmsg.OffsetFetch:          {1, 10, atOnce((*Broker).offsetFetch)},
		kmsg.FindCoordinator:      {0, 6, atOnce((*Broker).findCoordinator)},
		kmsg.JoinGroup:            {0, 9, inTime((*Broker).joinGroup)},
		kmsg.Heartbeat:            {0, 4, withEnv((*Broker).heartbeat)},
		kmsg.LeaveGroup:           {0, 5, withEnv((*Broker).leaveGroup)},
		kmsg.SyncGroup:            {0, 5, inTime((*Broker).syncGroup)},
		kmsg.DescribeGroups:       {0, 6, atOnce((*Broker).describeGroups)},
		kmsg.ListGroups:           {0, 5, atOnce((*Broker).listGroups)},
		kmsg.ApiVersions:          {0, 5, atOnce((*Broker).apiVersions)},
		kmsg.CreateTopics:         {2, 7, atOnce((*Broker).createTopics)},
		kmsg.DeleteTopics:         {1, 6, atOnce((*Broker).deleteTopics)},
		kmsg.DeleteRecords:        {0, 2, atOnce((*Broker).deleteRecords)},
		kmsg.InitProducerID:       {0, 5, inTime((*Broker).initProducerID)}, // and a preview
		kmsg.AddPartitionsToTxn:   {0, 5, inTime((*Broker).addPartitionsToTxn)},
		kmsg.AddOffsetsToTxn:      {0, 4, inTime((*Broker).addOffsetsToTxn)},
		kmsg.EndTxn:               {0, 5, inTime((*Broker).endTxn)},
		kmsg.WriteTxnMarkers:      {1, 2, inTime((*Broker).writeTxnMarkers)},
		kmsg.TxnOffsetCommit:      {0, 6, inTime((*Broker).txnOffsetCommit)},
		kmsg.DescribeConfigs:      {1, 4, atOnce((*Broker).describeConfigs)},
		kmsg.CreatePartitions:     {0, 3, atOnce((*Broker).createPartitions)},
		kmsg.DeleteGroups:         {0, 3, inTime((*Broker).deleteGroups)},
		kmsg.DescribeProducers:    {0, 0, atOnce((*Broker).describeProducers)},
		kmsg.DescribeTransactions: {0, 0, atOnce((*Broker).describeTransactions)},
		kmsg.ListTransactions:     {0, 2, withEnv((*Broker).listTransactions)},
	}
}

// versions of a request that the cluster knows.
func (c *Cluster) versions(key kmsg.Key) (least, most int16, known bool) {
	a, known := apis[key]
	if key == kmsg.InitProducerID && c.cfg.UnstableAPIVersions {
		a.most = preparedVersion
	}
	return a.least, a.most, known
}

func (c *Cluster) supports(key kmsg.Key, version int16) bool {
	least, most, known := c.versions(key)
	return known && least <= version && version <= most
}

// atOnce is for requests that are answered from what the broker has, withEnv for those that look at the clock or set
// timers, too.
func atOnce[R kmsg.Request](answer func(*Broker, R) kmsg.Response) func(*Broker, mailbox.Env, call, kmsg.Request) {
	return func(b *Broker, env mailbox.Env, c call, req kmsg.Request) { b.answer(env, c, answer(b, req.(R))) }
}

func withEnv[R kmsg.Request](answer func(*Broker, mailbox.Env, R) kmsg.Response) func(*Broker, mailbox.Env, call, kmsg.Request) {
	return func(b *Broker, env mailbox.Env, c call, req kmsg.Request) { b.answer(env, c, answer(b, env, req.(R))) }
}

// inTime is for requests whose answer may have to wait.
func inTime[R kmsg.Request](handle func(*Broker, mailbox.Env, call, R)) func(*Broker, mailbox.Env, call, kmsg.Request) {
	return func(b *Broker, env mailbox.Env, c call, req kmsg.Request) { handle(b, env, c, req.(R)) }
}
