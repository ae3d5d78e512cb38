package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// manyGroups is the first version of OffsetFetch that asks for several groups, and has an answer for each.
const manyGroups = 8

type fetchedPosition = kmsg.OffsetFetchResponseGroupTopicPartition

// Position asks for the group's positions: "0 at 10" for a partition of the topic out.
func (l *Lab) Position(stable bool, partitions ...int32) string {
	return l.PositionAt(l.GroupCoordinator("g"), manyGroups, stable, partitions...)
}

// PositionAt asks a broker for them, in a version of the request. Without partitions it asks for all that there are.
func (l *Lab) PositionAt(node int32, version int16, stable bool, partitions ...int32) string {
	group := l.positions(node, version, stable, partitions...)
	switch {
	case group == nil:
		return Silence
	case group.ErrorCode != 0:
		return Name(group.ErrorCode)
	}
	var said []string
	for _, t := range group.Topics {
		slices.SortFunc(t.Partitions, func(a, b fetchedPosition) int { return cmp.Compare(a.Partition, b.Partition) })
		for _, p := range t.Partitions {
			if p.ErrorCode != 0 {
				said = append(said, fmt.Sprintf("%d %s", p.Partition, Name(p.ErrorCode)))
			} else {
				said = append(said, fmt.Sprintf("%d at %d", p.Partition, p.Offset))
			}
		}
	}
	return strings.Join(said, ", ")
}

// wordsWith are those that go with the position in a partition.
func (l *Lab) wordsWith(partition int32) string {
	group := l.positions(l.GroupCoordinator("g"), manyGroups, false, partition)
	if group == nil || group.ErrorCode != 0 || group.Topics[0].Partitions[0].Metadata == nil {
		return Silence
	}
	return *group.Topics[0].Partitions[0].Metadata
}

// positions returns the answer for the group, an old one in the new form, nil if there is none.
func (l *Lab) positions(node int32, version int16, stable bool, partitions ...int32) *kmsg.OffsetFetchResponseGroup {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = stable
	if version < manyGroups {
		req.Group = l.global("g")
		if len(partitions) > 0 {
			req.Topics = append(req.Topics, kmsg.OffsetFetchRequestTopic{Topic: l.topic(out), Partitions: partitions})
		}
	} else {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = l.global("g")
		if len(partitions) > 0 {
			g.Topics = append(g.Topics, kmsg.OffsetFetchRequestGroupTopic{Topic: l.topic(out), Partitions: partitions})
		}
		req.Groups = append(req.Groups, g)
	}
	resp, ok := l.Ask(node, version, req).(*kmsg.OffsetFetchResponse)
	switch {
	case !ok:
		return nil
	case version >= manyGroups:
		return &resp.Groups[0]
	}
	group := &kmsg.OffsetFetchResponseGroup{ErrorCode: resp.ErrorCode}
	for _, t := range resp.Topics {
		topic := kmsg.OffsetFetchResponseGroupTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			topic.Partitions = append(topic.Partitions, fetchedPosition{Partition: p.Partition, Offset: p.Offset,
				ErrorCode: p.ErrorCode, Metadata: p.Metadata})
		}
		group.Topics = append(group.Topics, topic)
	}
	return group
}
