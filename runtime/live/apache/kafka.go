package apache

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// KafkaConfig describes a cluster. Its zero value is one broker with the features of its release: transaction.version
// is 2.
type KafkaConfig struct {
	Nodes                    int               // 1 or 3, brokers and controllers at once; 0: 1
	Features                 map[string]int    // the levels of finalized features, where another is wanted: transaction.version 0, 1 or 2
	TransactionMaxTimeout    time.Duration     // transaction.max.timeout.ms; 0: Kafka's own, 15 min
	TransactionAbortInterval time.Duration     // how often Kafka looks for transactions past their timeout; 0: Kafka's own, 10 s
	Properties               map[string]string // others of server.properties, for every node
}

// Kafka starts a cluster that keeps its data in dir, a folder per node. Started again with the same dir it has all that
// it had, under other ports; its features stay those of the first time.
//
// A node that is killed is missed after 3 s, and only then may it come back: the cluster takes it for its own double.
func Kafka(dir string, cfg KafkaConfig) (*Server, error) {
	a, err := obtainKafka()
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	nodes, err := cfg.nodes(a, dir)
	if err != nil {
		return nil, fmt.Errorf("start Kafka %s in %s: %w", a.version, dir, err)
	}
	return serve("Kafka", a, nodes)
}

// nodes prepares all of them: they have to know each other's addresses before the first one starts.
func (cfg KafkaConfig) nodes(a *artefact, dir string) ([]*node, error) {
	count := max(cfg.Nodes, 1)
	if count != 1 && count != 3 {
		return nil, fmt.Errorf("there cannot be %d nodes; ask for 1 or 3", count)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	addrs, err := freeAddrs(2 * count)
	if err != nil {
		return nil, err
	}
	brokers, controllers := addrs[:count], addrs[count:]
	var voters []string
	for i := range count {
		voters = append(voters, fmt.Sprintf("%d@%s", i, controllers[i]))
	}
	common := cfg.properties(count)
	common["controller.quorum.voters"] = strings.Join(voters, ",")
	nodes := make([]*node, count)
	for i := range nodes {
		home := filepath.Join(dir, fmt.Sprint("node-", i))
		if err := os.MkdirAll(home, 0o755); err != nil {
			return nil, err
		}
		file := filepath.Join(home, "server.properties")
		p := maps.Clone(common)
		p["node.id"] = strconv.Itoa(i)
		p["listeners"] = "PLAINTEXT://" + brokers[i] + ",CONTROLLER://" + controllers[i]
		p["log.dirs"] = "data" // in the node's folder, whatever is in its name: a comma would end it here
		if err := p.write(file); err != nil {
			return nil, err
		}
		if err := cfg.format(a, home, file); err != nil {
			return nil, err
		}
		nodes[i] = &node{
			dir: home, addr: brokers[i],
			args:    java(a, "512m", "kafka.Kafka", file),
			answers: func(ctx context.Context) error { return kafkaServes(ctx, brokers[i], count) },
		}
	}
	return nodes, nil
}

// properties are those that all nodes have alike.
func (cfg KafkaConfig) properties(count int) properties {
	replicas, inSync := strconv.Itoa(count), strconv.Itoa(min(count, 2))
	p := properties{
		"process.roles":                            "broker,controller",
		"controller.listener.names":                "CONTROLLER",
		"default.replication.factor":               replicas,
		"min.insync.replicas":                      inSync,
		"offsets.topic.replication.factor":         replicas,
		"offsets.topic.num.partitions":             "1",
		"transaction.state.log.replication.factor": replicas,
		"transaction.state.log.min.isr":            inSync,
		"transaction.state.log.num.partitions":     "5",
		"broker.session.timeout.ms":                "3000", // a dead node is missed soon; one that lives renews ten times in it, as it may be slow
		"broker.heartbeat.interval.ms":             "300",
		"controller.quorum.election.timeout.ms":    "500", // and so is a dead controller
		"controller.quorum.fetch.timeout.ms":       "1000",
		"group.initial.rebalance.delay.ms":         "0",
		"log.retention.ms":                         "-1",                  // records have the times of events, which may be of any year:
		"log.message.timestamp.after.max.ms":       "9223372036854775807", // none is too old to be kept, or too new to be taken
		"log.cleaner.dedupe.buffer.size":           "4194304",             // it is taken at once, 128 MiB otherwise
	}
	if cfg.TransactionMaxTimeout > 0 {
		p["transaction.max.timeout.ms"] = strconv.FormatInt(cfg.TransactionMaxTimeout.Milliseconds(), 10)
	}
	if cfg.TransactionAbortInterval > 0 {
		p["transaction.abort.timed.out.transaction.cleanup.interval.ms"] = strconv.FormatInt(cfg.TransactionAbortInterval.Milliseconds(), 10)
	}
	maps.Copy(p, cfg.Properties)
	return p
}

// clusterID is any 16 bytes, the same for all nodes.
var clusterID = base64.RawURLEncoding.EncodeToString([]byte("flinch's cluster"))

// format makes a node's data folder, once, with the features that are finalized from the start.
func (cfg KafkaConfig) format(a *artefact, home, file string) error {
	args := java(a, "128m", "kafka.tools.StorageTool", "format", "--ignore-formatted", "--config", file, "--cluster-id", clusterID)
	for _, feature := range slices.Sorted(maps.Keys(cfg.Features)) {
		args = append(args, "--feature", fmt.Sprintf("%s=%d", feature, cfg.Features[feature]))
	}
	cmd, err := command(home, args)
	if err != nil {
		return err
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format the storage of %s: %w: %s", file, err, end(said))
	}
	return nil
}
