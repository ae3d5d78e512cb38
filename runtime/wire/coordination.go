package wire

import "time"

// The coordination service, at the address "ha": versioned keys, multi-key compare-and-swap, sessions with
// ephemeral keys, and watches. It is what ZooKeeper, etcd and a Kubernetes ConfigMap have in common. Err is
// "" or one of: conflict (a comparison failed; certainly no effect), session-expired (no effect either),
// unavailable. No answer, or unavailable, leaves open whether a write took effect.

// Entry is one key. Version grows with every write of any key, and is 0 for a key that is not there.
type Entry struct {
	Key     string
	Value   []byte
	Version uint64
	Session string // the owner of an ephemeral key
}

// Compare holds if the key has this version (0: does not exist).
type Compare struct {
	Key     string
	Version uint64
}

// Write is one write of a transaction. Session makes the key ephemeral.
type Write struct {
	Key     string
	Value   []byte
	Session string
	Delete  bool
}

// CoordTxn applies all writes if all comparisons hold, atomically.
type CoordTxn struct {
	Req    uint64
	If     []Compare
	Writes []Write
}

// CoordTxnDone answers. Version is that of the keys written.
type CoordTxnDone struct {
	Req     uint64
	Version uint64
	Err     string
}

// CoordGet reads all keys with a prefix (or one key: Exact).
type CoordGet struct {
	Req    uint64
	Prefix string
	Exact  bool
}

// CoordEntries answers CoordGet, sorted by key, and CoordWatch. Version is the service's version.
type CoordEntries struct {
	Req     uint64
	Entries []Entry
	Version uint64
	Err     string
}

// CoordWatch is answered by CoordEntries with the prefix's keys as soon as one of them has changed or gone
// since version After, or when Wait is over: a long poll, so a lost answer costs no more than Wait.
type CoordWatch struct {
	Req    uint64
	Prefix string
	After  uint64
	Wait   time.Duration
}

// CoordSession opens a session, or keeps one alive. It ends, with its ephemeral keys, when Timeout passes
// without a sign of life on the service's clock, or by Close. One that has ended stays so: its name is
// answered session-expired, and a new session needs a new name.
type CoordSession struct {
	Req     uint64
	Session string
	Timeout time.Duration
	Close   bool
}

// CoordSessionAlive answers.
type CoordSessionAlive struct {
	Req     uint64
	Session string
	Err     string
}
