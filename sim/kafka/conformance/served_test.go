package conformance_test

import (
	"os"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// served is the model on TCP: real time passes there, so it is run when it is asked for.
func TestServed(t *testing.T) {
	if os.Getenv("CONFORMANCE") == "" {
		t.Skip("this waits in real time: set CONFORMANCE=1, or make conformance")
	}
	server, err := broker.Start(broker.Config{Kafka: kafka.Config{DefaultReplicationFactor: 3, AbortScanInterval: 500 * time.Millisecond,
		IDExpiration: 30 * time.Second, IDExpiryScanInterval: time.Second}, RestartAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	column := report(&conformance.Column{Name: "served", Marks: modelDiffers})
	traits := ask(t, server.Addrs())
	tellAll(t, column, func() target { return &served{newWire(server.Addrs(), overTCP, traits), server} })
	if err := server.Err(); err != nil {
		t.Error(err)
	}
}

type served struct {
	*wire
	server *broker.Server
}

func (s *served) Kill(nodes ...int32) {
	for _, n := range nodes {
		s.server.Crash(int(n))
	}
}

func (s *served) Start(nodes ...int32) {
	for _, n := range nodes {
		s.server.Revive(int(n))
	}
}

func (s *served) MoveLeader(topic string, partition, to int32) {
	s.server.Do(func(c *kafka.Cluster) { c.MoveLeader(topic, int(partition), int(to)) })
}

func (s *served) MoveCoordinator(id string, to int32) {
	s.server.Do(func(c *kafka.Cluster) { c.MoveCoordinator(kafka.TxnPartitionOf(id), int(to)) })
}

func (s *served) MoveGroup(group string, to int32) {
	s.server.Do(func(c *kafka.Cluster) { c.MoveGroups(kafka.TxnPartitionOf(group), int(to)) })
}
