package connector

import (
	"math/bits"
	"strconv"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// DataGen makes up its records, as Flink's datagen connector does. A row depends on nothing but its split and its
// offset there, so a restored reader makes the same ones again:
//
//	key    one of Keys, all equally likely: "key-007"
//	value  0 to 999
//	time   its offset, in milliseconds since 1970
type DataGen struct {
	op     plan.Operator
	width  int // digits of a key
	limit  rateLimit
	splits []wire.Split
	turn   int
	noMore bool
	key    []byte
}

// NewDataGen returns a reader without splits.
func NewDataGen(op plan.Operator, subtask Subtask) *DataGen {
	g := &DataGen{op: op, width: len(strconv.Itoa(op.Keys - 1))}
	g.key = append([]byte(keyPrefix), make([]byte, g.width)...)
	if op.RowsPerSecond > 0 {
		g.limit.perSecond = max(1, share(op.RowsPerSecond, subtask.Attempt.Subtask, subtask.Parallelism)) // 0 would be no limit
	}
	return g
}

const keyPrefix = "key-"

// share is one subtask's part of a number.
func share(total int64, subtask, parallelism int) int64 {
	part, rest := total/int64(parallelism), total%int64(parallelism)
	if int64(subtask) < rest {
		part++
	}
	return part
}

// Assign adds splits.
func (g *DataGen) Assign(env mailbox.Env, splits []wire.Split, noMore bool) {
	for _, s := range splits {
		if g.split(s.Partition) < 0 { // else the answer to an earlier assignment was lost
			g.splits = append(g.splits, s)
		}
	}
	g.noMore = g.noMore || noMore
	g.limit.start(env)
}

func (g *DataGen) split(partition int32) int {
	for i := range g.splits {
		if g.splits[i].Partition == partition {
			return i
		}
	}
	return -1
}

// Emit makes up to n rows, one split after the other.
func (g *DataGen) Emit(_ mailbox.Env, n int, emit func(record.Record)) int {
	n = g.limit.pass(n)
	emitted := 0
	for range g.splits {
		s := &g.splits[g.turn]
		for ; emitted < n && !ended(s); emitted++ {
			emit(g.row(s))
			s.Offset++
		}
		if emitted == n {
			break
		}
		if g.turn++; g.turn == len(g.splits) {
			g.turn = 0
		}
	}
	g.limit.spend(emitted)
	return emitted
}

func ended(s *wire.Split) bool { return s.End > 0 && s.Offset >= s.End }

func (g *DataGen) row(s *wire.Split) record.Record {
	chance := mix(uint64(s.Partition)<<48 ^ uint64(s.Offset))
	number, _ := bits.Mul64(chance, uint64(g.op.Keys))
	for at := len(g.key) - 1; at >= len(keyPrefix); at-- {
		g.key[at] = '0' + byte(number%10)
		number /= 10
	}
	return record.Record{Key: g.key, Value: int64(uint32(chance) % 1000), Count: 1, Time: record.EventTime(s.Offset),
		Origin: record.Origin{Partition: s.Partition, Offset: s.Offset}}
}

// mix makes a number that looks drawn of each number: the steps of SplitMix64.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// Handle takes the timer of the rate.
func (g *DataGen) Handle(env mailbox.Env, m mailbox.Msg) (bool, error) {
	return g.limit.handle(env, m, g.Done()), nil
}

// Ready says whether there are rows to make now.
func (g *DataGen) Ready() bool {
	if g.limit.pass(1) == 0 {
		return false
	}
	for i := range g.splits {
		if !ended(&g.splits[i]) {
			return true
		}
	}
	return false
}

// Done says whether all rows have been made and there will be no others.
func (g *DataGen) Done() bool {
	for i := range g.splits {
		if !ended(&g.splits[i]) {
			return false
		}
	}
	return g.noMore
}

// Splits says where the source stands.
func (g *DataGen) Splits() []wire.Split { return append([]wire.Split(nil), g.splits...) }

// Watermark is behind the split that is furthest back, of those that go on.
func (g *DataGen) Watermark() record.EventTime {
	least := record.MaxTime
	for i := range g.splits {
		if s := &g.splits[i]; !ended(s) {
			least = min(least, record.EventTime(s.Offset-1))
		}
	}
	return behind(least, g.op.OutOfOrder)
}
