package conformance_test

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// model is the model in virtual time: a world with three brokers and a client.
type model struct {
	*sim.World
	cluster *kafka.Cluster
	tv      kafka.TransactionVersion
	heard   map[uint64]kmsg.Response
	asked   uint64
}

const (
	modelBrokers = 3
	session      = 9 * time.Second // of a broker that has died
)

func newModel(tv kafka.TransactionVersion) *model {
	m := &model{World: sim.New(sim.Config{Seed: 7}), tv: tv, heard: map[uint64]kmsg.Response{}}
	m.cluster = kafka.NewCluster(kafka.Config{Brokers: modelBrokers, DefaultReplicationFactor: modelBrokers, TransactionVersion: tv, Now: m.World.Now,
		IDExpiration: 5 * time.Minute, IDExpiryScanInterval: time.Minute,
		Wake: func(to mailbox.Addr, msg mailbox.Msg) { m.World.Send(to, to, msg) }})
	for n, addr := range m.cluster.Addrs() {
		m.add(string(addr), func() mailbox.Actor { return m.cluster.Broker(n) })
	}
	m.add("client", func() mailbox.Actor { return m })
	m.Pass(0)
	return m
}

func (m *model) add(name string, actor func() mailbox.Actor) {
	m.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
}

// Receive is the client's mailbox.
func (m *model) Receive(_ mailbox.Env, _ mailbox.Addr, msg mailbox.Msg) error {
	if r, ok := msg.(kafka.Response); ok {
		m.heard[r.Corr] = r.Resp
	}
	return nil
}

func (m *model) Send(node int32, conn int, req kmsg.Request) func() kmsg.Response {
	m.asked++
	corr := m.asked
	m.World.Send("client", kafka.Addr(int(max(node, 0))), kafka.Request{Corr: corr, Conn: uint32(conn), Req: req})
	return func() kmsg.Response {
		if !m.RunUntil(func() bool { return m.heard[corr] != nil }, m.World.Now()+conformance.Patience) {
			return nil
		}
		resp := m.heard[corr]
		carried := preview.ResponseFor(resp.Key(), resp.GetVersion())
		carried.SetVersion(resp.GetVersion())
		if err := carried.ReadFrom(resp.AppendTo(nil)); err != nil {
			panic(fmt.Sprintf("answer %s v%d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err))
		}
		return carried
	}
}

// Now begins with the brokers' own clocks.
func (m *model) Now() time.Time       { return sim.Epoch.Add(m.World.Now()) }
func (m *model) Pass(d time.Duration) { m.Run(m.World.Now() + d) }

func (m *model) Traits() conformance.Traits {
	return conformance.Traits{Brokers: modelBrokers, TransactionVersion: int16(m.tv - kafka.TV0), MaxTimeout: 15 * time.Minute,
		Timeout: time.Minute, AbortScan: 10 * time.Second, Expiration: 6 * time.Minute}
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

// broken is what went wrong inside: brokers that failed, and invariants that do not hold.
func (m *model) broken() []string {
	said := m.Panics()
	for _, e := range m.History() {
		if v, ok := e.Event.(history.Violation); ok {
			said = append(said, fmt.Sprintf("%v: %s is broken: %s", e.At, v.Invariant, v.Detail))
		}
	}
	return said
}
