package recordbatch

import "testing"

// The hash of Kafka's default partitioner, by values that its own clients agree on.
func TestPartitionOf(t *testing.T) {
	for key, want := range map[string]int32{"21": -973932308, "foobar": -790332482, "abc": 479470107, "a-little-bit-long-string": -985981536} {
		if got := PartitionOf([]byte(key), 1<<31-1); got != int(want&0x7fffffff) {
			t.Errorf("%q is in partition %d, want %d", key, got, want&0x7fffffff)
		}
	}
}
