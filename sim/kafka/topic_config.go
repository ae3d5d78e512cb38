package kafka

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicConfig is what can be set for a topic, as far as the model knows it. The fields are what it acts on.
type topicConfig struct {
	set             map[string]string // all others are the brokers', or have their defaults
	brokers         map[string]string
	maxMessageBytes int64
	appendTime      bool  // records get the time of the append, and not their maker's
	before, after   int64 // ms: how old, and how far in the future, a record may be
	retention       int64 // ms; -1: for ever
	retentionBytes  int64 // -1: any number
	minISR          int64 // how many replicas must be in sync for acks=all
	unclean         bool  // who is not in sync may lead if nobody else is left
}

// setting is one entry of a topic's configuration.
type setting struct {
	name, preset string
	kind         kmsg.ConfigType
	values       []string // that there are, for a word; nil: any
	least        int64    // of a number
	into         func(*topicConfig) *int64
}

var booleans = []string{"false", "true"}

// What topics inherit of their brokers.
const (
	minInSyncReplicas = "min.insync.replicas"
	uncleanElection   = "unclean.leader.election.enable"
)

// topics is what topics inherit, as far as it was set.
func (c *Config) topics() map[string]string {
	inherited := map[string]string{}
	if c.MinInSyncReplicas > 1 {
		inherited[minInSyncReplicas] = strconv.Itoa(c.MinInSyncReplicas)
	}
	if c.UncleanLeaderElection {
		inherited[uncleanElection] = "true"
	}
	return inherited
}

// settings of a topic with Kafka's defaults, by name.
var settings = []setting{
	{name: "cleanup.policy", preset: "delete", kind: kmsg.ConfigTypeList, values: []string{"delete", "compact", "compact,delete", "delete,compact"}},
	{name: "compression.gzip.level", preset: "-1", kind: kmsg.ConfigTypeInt, least: math.MinInt32},
	{name: "compression.lz4.level", preset: "9", kind: kmsg.ConfigTypeInt, least: 1},
	{name: "compression.type", preset: "producer", kind: kmsg.ConfigTypeString, values: []string{"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}},
	{name: "compression.zstd.level", preset: "3", kind: kmsg.ConfigTypeInt, least: math.MinInt32},
	{name: "delete.retention.ms", preset: "86400000", kind: kmsg.ConfigTypeLong},
	{name: "errors.deadletterqueue.group.enable", preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
	{name: "file.delete.delay.ms", preset: "60000", kind: kmsg.ConfigTypeLong},
	{name: "flush.messages", preset: "9223372036854775807", kind: kmsg.ConfigTypeLong, least: 1},
	{name: "flush.ms", preset: "9223372036854775807", kind: kmsg.ConfigTypeLong},
	{name: "follower.replication.throttled.replicas", preset: "", kind: kmsg.ConfigTypeList},
	{name: "index.interval.bytes", preset: "4096", kind: kmsg.ConfigTypeInt},
	{name: "leader.replication.throttled.replicas", preset: "", kind: kmsg.ConfigTypeList},
	{name: "local.retention.bytes", preset: "-2", kind: kmsg.ConfigTypeLong, least: -2},
	{name: "local.retention.ms", preset: "-2", kind: kmsg.ConfigTypeLong, least: -2},
	{name: "max.compaction.lag.ms", preset: "9223372036854775807", kind: kmsg.ConfigTypeLong, least: 1},
	{name: "max.decompressed.message.bytes", preset: "2147483639", kind: kmsg.ConfigTypeInt},
	{name: "max.message.bytes", preset: "1048588", kind: kmsg.ConfigTypeInt, into: func(c *topicConfig) *int64 { return &c.maxMessageBytes }},
	{name: "message.timestamp.after.max.ms", preset: "3600000", kind: kmsg.ConfigTypeLong, into: func(c *topicConfig) *int64 { return &c.after }},
	{name: "message.timestamp.before.max.ms", preset: "9223372036854775807", kind: kmsg.ConfigTypeLong, into: func(c *topicConfig) *int64 { return &c.before }},
	{name: "message.timestamp.type", preset: "CreateTime", kind: kmsg.ConfigTypeString, values: []string{"CreateTime", "LogAppendTime"}},
	{name: "min.cleanable.dirty.ratio", preset: "0.5", kind: kmsg.ConfigTypeDouble},
	{name: "min.compaction.lag.ms", preset: "0", kind: kmsg.ConfigTypeLong},
	{name: minInSyncReplicas, preset: "1", kind: kmsg.ConfigTypeInt, least: 1, into: func(c *topicConfig) *int64 { return &c.minISR }},
	{name: "preallocate", preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
	{name: "remote.copy.lag.bytes", preset: "-1", kind: kmsg.ConfigTypeLong, least: -1},
	{name: "remote.copy.lag.ms", preset: "0", kind: kmsg.ConfigTypeLong, least: -1},
	{name: "remote.log.copy.disable", preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
	{name: "remote.log.delete.on.disable", preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
	{name: "remote.storage.enable", preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
	{name: "retention.bytes", preset: "-1", kind: kmsg.ConfigTypeLong, least: math.MinInt64, into: func(c *topicConfig) *int64 { return &c.retentionBytes }},
	{name: "retention.ms", preset: "604800000", kind: kmsg.ConfigTypeLong, least: -1, into: func(c *topicConfig) *int64 { return &c.retention }},
	{name: "segment.bytes", preset: "1073741824", kind: kmsg.ConfigTypeInt, least: 14},
	{name: "segment.index.bytes", preset: "10485760", kind: kmsg.ConfigTypeInt, least: 4},
	{name: "segment.jitter.ms", preset: "0", kind: kmsg.ConfigTypeLong},
	{name: "segment.ms", preset: "604800000", kind: kmsg.ConfigTypeLong, least: 1},
	{name: uncleanElection, preset: "false", kind: kmsg.ConfigTypeBoolean, values: booleans},
}

// topicConfig checks what is to be set for a topic, and fills in what the brokers have and the defaults. What is wrong
// with it is said as Kafka does.
func (c *Config) topicConfig(set map[string]string) (t *topicConfig, wrong string) {
	t = &topicConfig{set: set, brokers: c.topics()}
	for _, s := range settings {
		value, _ := t.value(&s)
		if wrong := s.apply(t, value); wrong != "" {
			return nil, wrong
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.name == name }) {
			return nil, "Unknown topic config name: " + name
		}
	}
	t.appendTime = set["message.timestamp.type"] == "LogAppendTime"
	t.unclean = cmp.Or(set[uncleanElection], t.brokers[uncleanElection]) == "true"
	return t, ""
}

func (s *setting) apply(c *topicConfig, value string) (wrong string) {
	bad := func(why string) string {
		return fmt.Sprintf("Invalid value %s for configuration %s: %s", value, s.name, why)
	}
	switch s.kind {
	case kmsg.ConfigTypeInt, kmsg.ConfigTypeLong:
		bits := 64
		if s.kind == kmsg.ConfigTypeInt {
			bits = 32
		}
		n, err := strconv.ParseInt(value, 10, bits)
		switch {
		case err != nil:
			return bad("Not a number of type " + s.kind.String())
		case n < s.least:
			return bad(fmt.Sprintf("Value must be at least %d", s.least))
		}
		if s.into != nil {
			*s.into(c) = n
		}
	case kmsg.ConfigTypeDouble:
		if n, err := strconv.ParseFloat(value, 64); err != nil || n < 0 || n > 1 {
			return bad("Value must be between 0 and 1")
		}
	default:
		if s.values != nil && !slices.Contains(s.values, value) {
			return bad(fmt.Sprintf("String must be one of: %s", strings.Join(s.values, ", ")))
		}
	}
	return ""
}

// anyTime keeps everything, whatever time it has. Event time is the application's in a simulated world, and the log is
// read out when all is over.
var anyTime = map[string]string{
	"message.timestamp.after.max.ms": "9223372036854775807",
	"retention.ms":                   "-1",
}

// value is that of a setting, and where it comes from.
func (c *topicConfig) value(s *setting) (value string, from kmsg.ConfigSource) {
	if value, set := c.set[s.name]; set {
		return value, kmsg.ConfigSourceDynamicTopicConfig
	}
	if value, set := c.brokers[s.name]; set {
		return value, kmsg.ConfigSourceStaticBrokerConfig
	}
	return s.preset, kmsg.ConfigSourceDefaultConfig
}
