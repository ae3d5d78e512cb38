package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
)

// Input is fed with acks=all: what no replica has when its leader dies is sent to the next one, and what was acknowledged
// before an unclean election is gone.
func TestInputIsFedUntilItIsReplicated(t *testing.T) {
	feed := func(l *lab, keys ...string) {
		for _, key := range keys {
			l.Partition("out", 0).AppendInput(l.Now(), record.Record{Key: []byte(key), Count: 1})
		}
		l.pass(0)
	}
	there := func(l *lab) string {
		var keys []string
		for row := range l.Dump("out") {
			keys = append(keys, fmt.Sprintf("%s@%d", row.Key, row.Offset))
		}
		return strings.Join(keys, " ")
	}
	for _, s := range []struct {
		name string
		tell func(l *lab)
	}{
		{"a follower in sync lacks some of it", func(l *lab) {
			feed(l, "a")
			l.StopFollowers(1)
			feed(l, "b", "c")
			l.is(l.Ends(0), "LSO 1 HW 1")
			l.die(0)
			feed(l, "d") // nobody takes it
			l.expire(0)
			l.is(l.replicas(0), "1 leads [1 2]")
			l.is(there(l), "a@0 b@1 c@2 d@3")
			l.ResumeFollowers(1)
			l.pass(0)
			l.is(l.Ends(0), "LSO 4 HW 4")
		}},
		{"what one in sync has is there once", func(l *lab) {
			l.StopFollowers(2)
			feed(l, "a", "b")
			l.die(0)
			l.expire(0)
			l.is(there(l), "a@0 b@1")
		}},
		{"nobody feeds again what was acknowledged", func(l *lab) {
			feed(l, "a")
			l.StopFollowers(1)
			l.StopFollowers(2)
			feed(l, "b")
			l.pass(time.Minute)
			l.is(l.replicas(0), "0 leads [0]")
			feed(l, "c")
			l.is(l.Ends(0), "LSO 3 HW 3")
			l.die(0)
			l.expire(0)
			l.ElectUnclean(1)
			l.pass(0)
			l.is(there(l), "a@0")
		}},
	} {
		t.Run(s.name, func(t *testing.T) { s.tell(replicatedLab(t, nil)) })
	}
}
