package kafka

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// describeConfigs shows the configuration of topics and of this broker.
func (b *Broker) describeConfigs(req *kmsg.DescribeConfigsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeConfigsResponse()
	for _, in := range req.Resources {
		out := kmsg.NewDescribeConfigsResponseResource()
		out.ResourceType, out.ResourceName = in.ResourceType, in.ResourceName
		var all []configEntry
		refuse := func(code int16, why string) { out.ErrorCode, out.ErrorMessage = code, &why }
		switch in.ResourceType {
		case kmsg.ConfigResourceTypeTopic:
			if why := badTopicName(in.ResourceName); why != "" {
				refuse(protocol.InvalidTopicException, why)
			} else if t := b.cluster.topics[in.ResourceName]; t == nil {
				out.ErrorCode = protocol.UnknownTopicOrPartition
			} else {
				all = t.config.entries()
			}
		case kmsg.ConfigResourceTypeBroker:
			if n, err := strconv.Atoi(in.ResourceName); in.ResourceName != "" && (err != nil || n != int(b.node)) {
				refuse(protocol.InvalidRequest, fmt.Sprintf("Unexpected broker id, expected %d or empty string, but received %s.", b.node, in.ResourceName))
			} else if in.ResourceName != "" { // the cluster's common one is what was set while it ran: nothing
				all = b.cluster.cfg.entries(b.node)
			}
		default:
			refuse(protocol.InvalidRequest, fmt.Sprintf("Unsupported resource type: %v", in.ResourceType))
		}
		for _, e := range all {
			if len(in.ConfigNames) == 0 || slices.Contains(in.ConfigNames, e.name) {
				out.Configs = append(out.Configs, e.described(req.IncludeSynonyms))
			}
		}
		resp.Resources = append(resp.Resources, out)
	}
	return resp
}

// configEntry is one line of a configuration.
type configEntry struct {
	name, value string
	kind        kmsg.ConfigType
	source      kmsg.ConfigSource
}

func (e configEntry) described(synonyms bool) kmsg.DescribeConfigsResponseResourceConfig {
	out := kmsg.NewDescribeConfigsResponseResourceConfig()
	out.Name, out.Value, out.ConfigType, out.Source = e.name, kmsg.StringPtr(e.value), e.kind, e.source
	out.IsDefault = e.source == kmsg.ConfigSourceDefaultConfig
	out.ReadOnly = e.source == kmsg.ConfigSourceStaticBrokerConfig
	if synonyms {
		s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
		s.Name, s.Value, s.Source = e.name, kmsg.StringPtr(e.value), e.source
		out.ConfigSynonyms = append(out.ConfigSynonyms, s)
	}
	return out
}

func (c *topicConfig) entries() []configEntry {
	var all []configEntry
	for i := range settings {
		s := &settings[i]
		e := configEntry{name: s.name, kind: s.kind}
		e.value, e.source = c.value(s)
		all = append(all, e)
	}
	return all
}

// listed is the same for a topic that was just made.
func (c *topicConfig) listed() []kmsg.CreateTopicsResponseTopicConfig {
	all := []kmsg.CreateTopicsResponseTopicConfig{}
	for _, e := range c.entries() {
		out := kmsg.NewCreateTopicsResponseTopicConfig()
		out.Name, out.Value, out.Source = e.name, kmsg.StringPtr(e.value), int8(e.source)
		all = append(all, out)
	}
	return all
}

// entries of a broker, as far as the model has them, by name.
func (c *Config) entries(node int32) []configEntry {
	fixed := func(name, value string, kind kmsg.ConfigType) configEntry {
		return configEntry{name, value, kind, kmsg.ConfigSourceStaticBrokerConfig}
	}
	all := []configEntry{
		fixed("group.max.session.timeout.ms", millisText(sessionTimeoutMax), kmsg.ConfigTypeInt),
		fixed("group.min.session.timeout.ms", millisText(sessionTimeoutMin), kmsg.ConfigTypeInt),
		fixed("node.id", strconv.Itoa(int(node)), kmsg.ConfigTypeInt),
		fixed("offset.metadata.max.bytes", strconv.Itoa(offsetMetadataMax), kmsg.ConfigTypeInt),
		fixed("offsets.topic.num.partitions", strconv.Itoa(txnPartitions), kmsg.ConfigTypeInt),
		fixed("offsets.topic.replication.factor", strconv.Itoa(internalReplicas), kmsg.ConfigTypeInt),
		fixed("transaction.state.log.num.partitions", strconv.Itoa(txnPartitions), kmsg.ConfigTypeInt),
	}
	for _, s := range brokerSettings {
		if s.kind != 0 {
			all = append(all, fixed(s.name, s.get(c), s.kind))
		}
	}
	slices.SortFunc(all, func(a, b configEntry) int { return cmp.Compare(a.name, b.name) })
	return all
}
