package conformance_test

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// model is the model in virtual time: a world with three brokers and a client.
type model struct {
	*conformance.Asker
	*sim.World
	cluster *kafka.Cluster
}

const (
	modelBrokers = 3
	session      = 9 * time.Second // of a broker that has died
)

func newModel(tv protocol.TransactionVersion) *model {
	m := &model{World: sim.New(sim.Config{Seed: 7})}
	m.cluster = kafka.NewCluster(kafka.Config{Brokers: modelBrokers, DefaultReplicationFactor: modelBrokers, TransactionVersion: tv, Now: m.World.Now,
		IDExpiration: 5 * time.Minute, IDExpiryScanInterval: time.Minute,
		Wake: func(to mailbox.Addr, msg mailbox.Msg) { m.World.Send(to, to, msg) }})
	for n, addr := range m.cluster.Addrs() {
		m.Add(sim.Process{Name: string(addr), BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: m.cluster.Broker(n)}} }})
	}
	m.Asker = conformance.NewAsker(m.World, m.cluster.Addrs(), conformance.Traits{Brokers: modelBrokers, TransactionVersion: tv.Level(),
		MaxTimeout: 15 * time.Minute, Timeout: time.Minute, AbortScan: 10 * time.Second, Expiration: 6 * time.Minute})
	m.Pass(0)
	return m
}

// Now begins with the brokers' own clocks.
func (m *model) Now() time.Time { return sim.Epoch.Add(m.World.Now()) }

func (m *model) Send(node int32, conn int, req kmsg.Request) (await func() kmsg.Response) {
	return m.Asker.Send(node, conn, req)
}

func (m *model) MoveLeader(topic string, partition, to int32) {
	m.cluster.MoveLeader(topic, int(partition), int(to))
}
func (m *model) MoveCoordinator(id string, to int32) {
	m.cluster.MoveCoordinator(kafka.TxnPartitionOf(id), int(to))
}
func (m *model) MoveGroup(group string, to int32) {
	m.cluster.MoveGroups(kafka.TxnPartitionOf(group), int(to))
}

func (m *model) Kill(nodes ...int32) {
	for _, n := range nodes {
		name := string(kafka.Addr(int(n)))
		m.World.Kill(name)
		m.cluster.Died(int(n))
		m.After(session, func() {
			if !m.Up(name) {
				m.cluster.FailOver(int(n))
			}
		})
	}
}

func (m *model) Start(nodes ...int32) {
	for _, n := range nodes {
		m.Restart(string(kafka.Addr(int(n))))
	}
}
