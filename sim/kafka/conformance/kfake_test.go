package conformance_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// fake is kfake, in the virtual time of a bubble.
type fake struct {
	*wire
	cluster *kfake.Cluster
}

func newFake(t *testing.T) *fake {
	network := &kfake.VirtualNetwork{}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.ListenFn(network.Listen), kfake.Ports(9092, 9093, 9094),
		kfake.BrokerConfigs(map[string]string{"transactional.id.expiration.ms": "300000"}))
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(cluster.ListenAddrs(), func(addr string) (net.Conn, error) { return network.DialContext(context.Background(), "tcp", addr) },
		conformance.Traits{Brokers: 3, TransactionVersion: 2, MaxTimeout: 15 * time.Minute,
			Timeout: time.Minute, AbortScan: time.Second, Expiration: 301 * time.Second})
	return &fake{w, cluster}
}

func (f *fake) Close() {
	f.wire.Close()
	f.cluster.Close()
}

func (f *fake) MoveLeader(topic string, partition, to int32) {
	if err := f.cluster.MoveTopicPartition(topic, partition, to); err != nil {
		panic(err) // the case names what there is
	}
}

// MoveCoordinator moves all of them, anywhere, until this one is where it should be.
func (f *fake) MoveCoordinator(id string, to int32) {
	for f.cluster.CoordinatorFor(id) != to {
		f.cluster.RehashCoordinators()
	}
}

func (f *fake) MoveGroup(group string, to int32) { f.MoveCoordinator(group, to) }

func TestKfake(t *testing.T) {
	column := report(&conformance.Column{Name: "kfake", Marks: kfakeDeviates})
	for _, c := range conformance.Cases() {
		t.Run(c.ID, func(t *testing.T) {
			if column.Fatal(c.ID) != "" {
				t.Skip(column.Fatal(c.ID))
			}
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				defer f.Close()
				judge(t, column, c, c.Run(f, "-x"))
			})
		})
	}
}
