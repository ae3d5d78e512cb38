package conformance

import "github.com/twmb/franz-go/pkg/kmsg"

// What a broker that follows says to readers. Since Fetch 11 it has a word for those, too: they may be near to it (KIP-392).
var followerFetch = []Case{
	{"K10", "an older client fetches from the leader only", Brokers, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		leader := l.Leads(out, 0)
		l.Is(l.Read(l.SendTo(l.Another(leader), lastOfLeaders, l.Fetching(0, 0, true, 0))), "NOT_LEADER_OR_FOLLOWER")
		l.Is(l.Read(l.SendTo(leader, lastOfLeaders, l.Fetching(0, 0, true, 0))), "0")
	}},
	{"K11", "a newer one from any replica", Brokers, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		l.Comes(Patience, "0", func() string { return l.readAt(l.Another(l.Leads(out, 0)), 0) })
	}},
	{"K12", "which holds read_committed readers back as the leader does", Brokers, func(l *Lab) {
		w, other := l.Producer("a"), l.Producer("b")
		w.Write(0, 1)
		other.Write(0, 1)
		other.Abort()
		l.Settle("b")
		l.PlainWriter().Write(0, 1)
		follower := l.Another(l.Leads(out, 0))
		l.Comes(Patience, "LSO 0 HW 4", func() string { return l.endsAt(follower, 0) })
		l.Is(l.readAt(follower, 0), "")
		w.Commit()
		l.Settle("a")
		l.Comes(Patience, "LSO 5 HW 5", func() string { return l.endsAt(follower, 0) })
		l.Is(l.readAt(follower, 0), "0 3")
	}},
	{"K13", "at its end it waits for records, and beyond that there are none", Brokers, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 1)
		follower := l.Another(l.Leads(out, 0))
		l.Comes(Patience, "0", func() string { return l.readAt(follower, 0) })
		await := l.SendFetchTo(follower, 0, 1, true, Patience/2)
		began := l.Now()
		w.Write(0, 1)
		l.Is(l.Read(await), "1")
		if took := l.Now().Sub(began); took >= Patience/2 {
			l.Stop("it hears of the record after %v", took)
		}
		l.Is(l.readAt(follower, 7), "OFFSET_OUT_OF_RANGE")
	}},
	{"K14", "who believes in another leader epoch is told so by any replica", Brokers | Moves, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		l.moveLeader(0)
		at := func(node, epoch int32) string {
			req := l.Fetching(0, 0, true, 0)
			req.Topics[0].Partitions[0].CurrentLeaderEpoch = epoch
			return l.Read(l.SendTo(node, fetchVersion, req))
		}
		leader := l.Leads(out, 0)
		epoch := l.epochOf(0)
		for _, node := range []int32{leader, l.Another(leader)} {
			l.Comes(Patience, "0", func() string { return at(node, epoch) })
			l.Is(at(node, epoch-1)+", "+at(node, epoch+1), "FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH")
		}
	}},
	{"K15", "a broker without a replica has nothing to say", Brokers, func(l *Lab) {
		l.createTopic("lone", 1, 1)
		for _, version := range []int16{lastOfLeaders, fetchVersion} {
			req := l.Fetching(0, 0, true, 0)
			req.Topics[0].Topic = l.topic("lone")
			l.Is(l.Read(l.SendTo(l.Another(l.Leads("lone", 0)), version, req)), "NOT_LEADER_OR_FOLLOWER")
		}
	}},
	{"K16", "other words are the leader's", Brokers, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		follower := l.Another(l.Leads(out, 0))
		req := kmsg.NewPtrListOffsetsRequest()
		req.ReplicaID = -1
		t := kmsg.ListOffsetsRequestTopic{Topic: l.topic(out)}
		t.Partitions = []kmsg.ListOffsetsRequestTopicPartition{{CurrentLeaderEpoch: -1, Timestamp: latest}}
		req.Topics = append(req.Topics, t)
		resp, ok := l.Ask(follower, 6, req).(*kmsg.ListOffsetsResponse)
		if !ok {
			l.Stop("the follower does not answer for offsets")
		}
		l.Is(Name(resp.Topics[0].Partitions[0].ErrorCode), "NOT_LEADER_OR_FOLLOWER")
		l.Is(l.Produced(l.SendProduce(follower, 11, "", l.PlainWriter().To(0, 0, 1))()), "NOT_LEADER_OR_FOLLOWER")
	}},
	{"K17", "who waits for records with a leader that is replaced is told so", Brokers | Moves, func(l *Lab) {
		leader := l.Leads(out, 0)
		req := l.Fetching(0, 0, true, Patience)
		req.Topics[0].Partitions[0].CurrentLeaderEpoch = l.epochOf(0)
		newer, older := l.SendTo(leader, fetchVersion, req), l.SendTo(leader, lastOfLeaders, l.Fetching(0, 0, true, Patience))
		l.Pass(Patience / 10) // they wait
		l.moveLeader(0)
		l.Is(l.Read(newer)+", "+l.Read(older), "FENCED_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER")
	}},
}

// epochOf is the epoch of a partition's leader, as that says.
func (l *Lab) epochOf(partition int32) int32 {
	for _, p := range l.Metadata(l.Leads(out, partition), out).Topics[0].Partitions {
		if p.Partition == partition {
			return p.LeaderEpoch
		}
	}
	return -1
}

// readAt is what a broker gives a read_committed reader of the first partition.
func (l *Lab) readAt(node int32, offset int64) string {
	return l.Read(l.SendFetchTo(node, 0, offset, true, 0))
}

// endsAt are the ends that a broker knows of a partition.
func (l *Lab) endsAt(node, partition int32) string {
	resp, ok := l.SendFetchTo(node, partition, 0, true, 0)().(*kmsg.FetchResponse)
	if !ok || len(resp.Topics) == 0 {
		return Silence
	}
	return ends(&resp.Topics[0].Partitions[0])
}
