package state

import "github.com/flinch-dev/flinch/runtime/snapshot"

// Value is what an operator keeps for one key and namespace: two integers, such as a sum and a count.
type Value [2]int64

// Change is a value that is to be added to that of a key and namespace, and then the sum.
type Change struct {
	Key       []byte
	Namespace int64
	Value     Value
}

// Backend is the keyed state of one operator in one subtask: an aggregating state per key and namespace (0,
// or the end of a window), in the key groups that the subtask owns. It is local and quick, so it is called,
// not mailed. A heap and an LSM tree both fit it.
type Backend interface {
	// Add adds to the values of a row of keys and namespaces, one after the other, and leaves in each change what has
	// come of it. A value that is not there is zero. Keys are not kept.
	Add(row []Change)
	// Expire removes every value whose namespace is above 0 and at most until, and hands each to f, in the
	// order of namespace and then of key.
	Expire(until int64, f func(key []byte, namespace int64, v Value))
	// Freeze fixes the state as it is now. It is cheap, and the backend goes on while the Snapshot is read,
	// possibly by another goroutine.
	Freeze() Snapshot
	// Restore adds the values of a file that Bytes made, as far as they are of this backend's key groups.
	Restore(file []byte) error
	// Len is the number of values.
	Len() int
}

// Snapshot is a state at one moment.
type Snapshot interface {
	// Size is about how many bytes Bytes will have.
	Size() int
	// Bytes is the state as a file: versioned, with a checksum, sorted, so that the same state gives the same
	// bytes.
	Bytes() []byte
}

// Opener opens a backend for a range of key groups. NewHeap is one.
type Opener func(groups snapshot.Groups, maxParallelism int) Backend
