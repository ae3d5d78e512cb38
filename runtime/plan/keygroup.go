package plan

import (
	"math"

	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// KeyGroup returns the key group of a key, in [0, maxParallelism): murmur(hash(key)) mod maxParallelism, with
// FNV-1a where Java would use hashCode.
func KeyGroup(key []byte, maxParallelism int) int {
	h := uint32(2166136261)
	for _, b := range key {
		h = (h ^ uint32(b)) * 16777619
	}
	return int(murmur(h)) % maxParallelism
}

// murmur is MurmurHash3 of one 32-bit block, made positive, as in Flink's MathUtils.
func murmur(code uint32) int32 {
	code *= 0xcc9e2d51
	code = code<<15 | code>>17
	code *= 0x1b873593
	code = code<<13 | code>>19
	code = code*5 + 0xe6546b64
	code ^= 4
	code ^= code >> 16
	code *= 0x85ebca6b
	code ^= code >> 13
	code *= 0xc2b2ae35
	code ^= code >> 16
	switch n := int32(code); {
	case n >= 0:
		return n
	case n == math.MinInt32:
		return 0
	default:
		return -n
	}
}

// Owner returns the subtask that owns a key group.
func Owner(group, maxParallelism, parallelism int) int { return group * parallelism / maxParallelism }

// GroupsOf returns the key groups that a subtask owns.
func GroupsOf(subtask, maxParallelism, parallelism int) snapshot.Groups {
	return snapshot.GroupsOf(subtask, maxParallelism, parallelism)
}

// DefaultMaxParallelism is Flink's choice when none is set: the next power of two of 1.5 times the
// parallelism, between 128 and 32768.
func DefaultMaxParallelism(parallelism int) int {
	n := 128
	for n < parallelism+parallelism/2 && n < 1<<15 {
		n *= 2
	}
	return n
}
