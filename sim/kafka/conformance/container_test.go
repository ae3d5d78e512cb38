//go:build containers

package conformance_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// image is the official one, or another that is configured like it.
var image = cmp.Or(os.Getenv("KAFKA_IMAGE"), "apache/kafka:4.4.0")

// pullPatience is for an image that has to be fetched first.
const pullPatience = 10 * time.Minute

// A broker from a container is told the cases like any other that is real. What drives Docker is much to build, and so
// this is behind a tag: make conformance CONTAINERS=1.
func TestContainer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), pullPatience)
	defer cancel()
	needDocker(t, ctx)
	addr := freeAddr(t)
	port := network.MustParsePort(fmt.Sprint(addr.Port()))
	broker, err := testcontainers.Run(ctx, image,
		testcontainers.WithEnv(environment(addr)),
		testcontainers.WithExposedPorts(port.String()),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) { // the broker has to know its port before it has one
			h.PortBindings = network.PortMap{port: {{HostIP: addr.Addr(), HostPort: port.Port()}}}
		}),
		testcontainers.WithWaitStrategyAndDeadline(pullPatience, wait.ForLog("Kafka Server started")))
	testcontainers.CleanupContainer(t, broker)
	if err != nil {
		t.Fatalf("start a container of %s: %v; name an image of Kafka 4 with KAFKA_IMAGE, one that can be pulled", image, err)
	}
	seeds := []string{addr.String()}
	traits := ask(t, seeds)
	column := report(&conformance.Column{Name: image, Marks: apacheDiffers})
	tellAll(t, column, func() target { return newWire(seeds, overTCP, traits) })
}

// needDocker skips where there is none, or fails if a container was asked for.
func needDocker(t *testing.T, ctx context.Context) {
	t.Helper()
	lacks := func(why any) {
		t.Helper()
		say := t.Skipf
		if os.Getenv("CONTAINERS") == "1" {
			say = t.Fatalf
		}
		say("start a container of %s: no Docker answers (%v); start one, or tell the cases to a Kafka from its jars (REAL=1) or to one "+
			"that runs already (BOOTSTRAP=host:port)", image, why)
	}
	defer func() { // a Docker that is nowhere to be found may be a panic
		if reason := recover(); reason != nil {
			lacks(reason)
		}
	}()
	provider, err := testcontainers.ProviderDocker.GetProvider()
	if err == nil {
		defer provider.Close()
		err = provider.Health(ctx)
	}
	if err != nil {
		lacks(err)
	}
}

// environment is the configuration of a single node that clients reach at addr, as the image reads it.
func environment(addr netip.AddrPort) map[string]string {
	properties := map[string]string{
		"node.id":                                  "1",
		"process.roles":                            "broker,controller",
		"listeners":                                fmt.Sprintf("PLAINTEXT://:%d,CONTROLLER://localhost:29093", addr.Port()),
		"advertised.listeners":                     "PLAINTEXT://" + addr.String(),
		"listener.security.protocol.map":           "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"controller.listener.names":                "CONTROLLER",
		"controller.quorum.voters":                 "1@localhost:29093",
		"offsets.topic.replication.factor":         "1",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr":            "1",
		"group.initial.rebalance.delay.ms":         "0",
		"log.retention.ms":                         "-1",
		"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
	}
	maps.Copy(properties, small)
	env := map[string]string{}
	for name, value := range properties {
		env["KAFKA_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))] = value
	}
	return env
}

// freeAddr is one on the loopback interface that nobody listens on.
func freeAddr(t *testing.T) netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}
