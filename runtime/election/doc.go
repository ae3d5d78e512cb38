// Package election decides which JobManager process leads, and guards what a leader writes.
//
//	Elector (root actor) ── read, compare-and-swap / session ──▶ "ha"
//	    │ Granted(token)                                          ▲
//	    ▼                                                         │ "am I still the holder? then write"
//	Dispatcher, ResourceManager, JobMaster ── Store, Publication ─┘
//
// Those who do not lead follow with a Retrieval: TaskManagers, and whoever asks a cluster how it is.
//
// Three kinds, as in Flink. Kubernetes: a record with the holder and the time of its last renewal, which
// everybody judges by his own clock; leaders' writes are compared with that record. ZooKeeper: a session with
// an ephemeral latch; a leader that only loses the connection gives up at once, and its writes are protected
// by nothing but "must not exist yet" and versions. NONE: the only process leads, and keeps nothing.
//
// A grant has a fresh fencing token. After a loss the elector contends again by itself. A write whose answer
// was lost is read back, never taken for a failure.
package election
