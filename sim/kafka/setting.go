package kafka

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// brokerSetting is one entry of the brokers' configuration under Kafka's name. What brokers cannot be asked for, since
// it is a feature of the cluster or a word of this model, has no kind.
type brokerSetting struct {
	name string
	kind kmsg.ConfigType
	set  func(*Config, string) error
	get  func(*Config) string
}

// brokerSettings are those that can be set, by name.
var brokerSettings = []brokerSetting{
	yes("auto.create.topics.enable", func(c *Config) *bool { return &c.NoTopicAutoCreation }, true),
	number("default.replication.factor", func(c *Config) *int { return &c.DefaultReplicationFactor }, 1),
	{"flinch.first.producer.epoch", 0, setFirstProducerEpoch, nil},
	yes("flinch.keep.prepared.transactions", func(c *Config) *bool { return &c.KeepPrepared }, false).own(),
	{"flinch.reproduce", 0, setReproduce, nil},
	{"group.initial.rebalance.delay.ms", kmsg.ConfigTypeInt, setInitialRebalanceDelay,
		func(c *Config) string { return millisText(c.initialRebalanceDelay()) }},
	number(minInSyncReplicas, func(c *Config) *int { return &c.MinInSyncReplicas }, 1),
	number("num.partitions", func(c *Config) *int { return &c.NumPartitions }, 1),
	span("replica.lag.time.max.ms", func(c *Config) *time.Duration { return &c.ReplicaLagTimeMax }),
	span("transaction.abort.timed.out.transaction.cleanup.interval.ms", func(c *Config) *time.Duration { return &c.AbortScanInterval }),
	span("transaction.max.timeout.ms", func(c *Config) *time.Duration { return &c.TransactionMaxTimeout }),
	yes("transaction.partition.verification.enable", func(c *Config) *bool { return &c.NoPartitionVerification }, true),
	span("transaction.remove.expired.transaction.cleanup.interval.ms", func(c *Config) *time.Duration { return &c.IDExpiryScanInterval }),
	number("transaction.state.log.min.isr", func(c *Config) *int { return &c.TransactionStateLogMinISR }, 1),
	yes("transaction.two.phase.commit.enable", func(c *Config) *bool { return &c.TwoPhaseCommit }, false),
	{"transaction.version", 0, setTransactionVersion, nil},
	span("transactional.id.expiration.ms", func(c *Config) *time.Duration { return &c.IDExpiration }),
	yes(uncleanElection, func(c *Config) *bool { return &c.UncleanLeaderElection }, false),
	yes("unstable.api.versions.enable", func(c *Config) *bool { return &c.UnstableAPIVersions }, false),
}

// own makes it a word of the model's own, for which no client can ask.
func (s brokerSetting) own() brokerSetting {
	s.kind = 0
	return s
}

// BrokerSettings are the names that Set knows.
func BrokerSettings() []string {
	var names []string
	for _, s := range brokerSettings {
		names = append(names, s.name)
	}
	return names
}

// Set changes one setting by its name, for example transaction.max.timeout.ms. The error says which values there are,
// or that there is no such setting.
func (c *Config) Set(name, value string) error {
	at := slices.IndexFunc(brokerSettings, func(s brokerSetting) bool { return s.name == name })
	if at < 0 {
		return fmt.Errorf("the model's brokers have no setting %s", name)
	}
	return brokerSettings[at].set(c, value)
}

func millisText(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// span is a setting in milliseconds, at least one.
func span(name string, field func(*Config) *time.Duration) brokerSetting {
	return brokerSetting{name, kmsg.ConfigTypeInt, func(c *Config, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 1 || n > math.MaxInt64/int64(time.Millisecond) {
			return fmt.Errorf("%s is %q; it must be a whole number of milliseconds, for example 900000", name, value)
		}
		*field(c) = time.Duration(n) * time.Millisecond
		return nil
	}, func(c *Config) string { return millisText(*field(c)) }}
}

// yes is a setting that is true or false. The field says the opposite if off is set, so that its zero value is the
// default.
func yes(name string, field func(*Config) *bool, off bool) brokerSetting {
	return brokerSetting{name, kmsg.ConfigTypeBoolean, func(c *Config, value string) error {
		if !slices.Contains(booleans, value) {
			return fmt.Errorf("%s is %q; it must be true or false", name, value)
		}
		*field(c) = (value == "true") != off
		return nil
	}, func(c *Config) string { return strconv.FormatBool(*field(c) != off) }}
}

// number is a setting that is a whole number, at least so much.
func number(name string, field func(*Config) *int, least int) brokerSetting {
	return brokerSetting{name, kmsg.ConfigTypeInt, func(c *Config, value string) error {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || int(n) < least {
			return fmt.Errorf("%s is %q; it must be a whole number of at least %d", name, value, least)
		}
		*field(c) = int(n)
		return nil
	}, func(c *Config) string { return strconv.Itoa(*field(c)) }}
}

func setInitialRebalanceDelay(c *Config, value string) error {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("group.initial.rebalance.delay.ms is %q; it must be a whole number of milliseconds, 0 for none", value)
	}
	if c.InitialRebalanceDelay = time.Duration(n) * time.Millisecond; n == 0 {
		c.InitialRebalanceDelay = -1
	}
	return nil
}

func setFirstProducerEpoch(c *Config, value string) error {
	n, err := strconv.ParseInt(value, 10, 16)
	if err != nil || n < 0 || int16(n) > exhausted {
		return fmt.Errorf("flinch.first.producer.epoch is %q; it must be a whole number from 0 to %d, the last epoch that a producer is given",
			value, exhausted)
	}
	c.FirstProducerEpoch = int16(n)
	return nil
}

func setTransactionVersion(c *Config, value string) error {
	version := slices.Index([]string{"0", "1", "2"}, value)
	if version < 0 {
		return fmt.Errorf("transaction.version is %q; there are 0, 1 and 2", value)
	}
	c.TransactionVersion = protocol.TV0 + protocol.TransactionVersion(version)
	return nil
}
