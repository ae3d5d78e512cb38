package apache

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafkaServes asks a broker for metadata. It serves once it lists itself, and at least most of the others: those may
// be dead.
func kafkaServes(ctx context.Context, addr string, nodes int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	itself := slices.ContainsFunc(resp.Brokers, func(b kmsg.MetadataResponseBroker) bool {
		return fmt.Sprintf("%s:%d", b.Host, b.Port) == addr
	})
	if !itself || len(resp.Brokers) <= nodes/2 {
		return fmt.Errorf("ask Kafka at %s for its brokers: it lists %d of %d", addr, len(resp.Brokers), nodes)
	}
	return nil
}
