package process

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.etcd.io/etcd/api/v3/version"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/s3"
	"github.com/flinch-dev/flinch/runtime/live/services"
)

// The services that the harness can start itself, for one run: real ones, as a library or, from their published jars,
// as a process that ends with this one.
const (
	partEtcd      = "etcd"
	partZooKeeper = "zookeeper"
	partFile      = "file"
	partS3        = "s3"
	partKfake     = "kfake"
	partApache    = "apache"
)

var (
	ownHA      = map[string]starter{partEtcd: startEtcd, partZooKeeper: startZooKeeper}
	ownStorage = map[string]starter{partFile: startFolder, partS3: startS3}
	ownKafka   = map[string]starter{partKfake: startKfake, partApache: startApache}
)

// starter starts a service that keeps its data in a folder that is not there yet. A Kafka takes transactions that last
// as long as transactionMax.
type starter func(folder string, transactionMax time.Duration) (own, error)

// own is a service that serves.
type own struct {
	place string // as package services reads it
	what  string // for people
	stop  func() // nil: there is nothing to stop
}

func startEtcd(folder string, _ time.Duration) (own, error) {
	server, err := etcd.Embedded(folder)
	if err != nil {
		return own{}, err
	}
	return own{services.Etcd + "://" + strings.TrimPrefix(server.Endpoint(), "http://"), "etcd " + version.Version + ", embedded", server.Stop}, nil
}

func startZooKeeper(folder string, _ time.Duration) (own, error) {
	server, err := apache.ZooKeeper(folder)
	if err != nil {
		return own{}, err
	}
	return own{services.ZooKeeper + "://" + server.Addr, "Apache ZooKeeper " + server.Version, server.Stop}, nil
}

func startFolder(folder string, _ time.Duration) (own, error) {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return own{}, fmt.Errorf("make a folder for checkpoints: %w", err)
	}
	return own{services.File + "://" + folder, "a folder", nil}, nil
}

func startS3(string, time.Duration) (own, error) {
	const bucket = "flinch"
	server, err := s3.Embedded(nil, bucket)
	if err != nil {
		return own{}, err
	}
	return own{services.S3 + "://" + bucket + "?endpoint=" + server.Endpoint(), built("gofakes3", "github.com/johannesboyne/gofakes3"), server.Stop}, nil
}

// brokersOfOurs is how many brokers a Kafka of ours has, where they cost little.
const brokersOfOurs = 3

func startKfake(_ string, transactionMax time.Duration) (own, error) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(brokersOfOurs), kfake.BrokerConfigs(map[string]string{
		"transaction.max.timeout.ms": fmt.Sprint(transactionMax.Milliseconds())}))
	if err != nil {
		return own{}, fmt.Errorf("start kfake: %w", err)
	}
	return own{strings.Join(fake.ListenAddrs(), ","), built("kfake", "github.com/twmb/franz-go/pkg/kfake"), fake.Close}, nil
}

// startApache starts one broker: three are three JVMs. It looks for transactions past their timeout every second, so
// that a scenario's timeout is what counts.
func startApache(folder string, transactionMax time.Duration) (own, error) {
	server, err := apache.Kafka(folder, apache.KafkaConfig{TransactionMaxTimeout: transactionMax, TransactionAbortInterval: time.Second})
	if err != nil {
		return own{}, err
	}
	return own{server.Addr, "Apache Kafka " + server.Version, server.Stop}, nil
}

// built names a library that is a part, with the version that is built in.
func built(name, module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == module {
				return name + " " + m.Version
			}
		}
	}
	return name
}
