// Package zookeeper serves the coordination service's words from ZooKeeper: the actor at the address "ha" in production.
//
//	asker ── wire/coordination.go ──▶ coordination.Gateway ──▶ ensemble ─┬─ Transact, Read ─▶ client: one connection ─▶ ZooKeeper
//	                                                                     ├─ KeepAlive ──────▶ contact: presents a ────▶   │
//	                                                                     │                    session, and hangs up       │
//	                                                                     └─ Await ◀── bell ◀── listen: something ◀────────┘
//	                                                                                           may have changed
//
// Nothing is kept here: any number of gateways serve the same keys. In ZooKeeper, below the root, there are
//
//	ledger         how many transactions there were, and which keys went last; every transaction writes it
//	keys/=<key>    a key with its value and version, and the session of an ephemeral one
//	alive/<id>     a session of ZooKeeper's, as long as it lives: its one ephemeral node
//	known/=<name>  a session's name was used, with the id and password behind it; it stays
//
// Names are escaped as in a URL; so a key is one node, whatever slashes it has, and keys are in one flat list.
//
// Versions. ZooKeeper compares how often one node was written, and forgets that with the node. So comparisons are made
// here, in a view: the ledger and some keys as they were at one moment. What follows from them is one multi, which
// begins by writing the ledger if it is still the view's. If it is not, nothing has happened, and it all begins again. A
// key that went and came again cannot be taken for the former one, and nodes of deleted keys do not stay. Of several
// writers at a time one wins, and the others need another round. A version is the number of a transaction.
//
// Sessions. A session of ours is one of ZooKeeper's. No connection is held in it, for that would keep it alive: a sign
// of life is a contact, which presents the session's id and password, so that its timeout counts anew, and hangs up
// without closing it. When its askers fall silent, or every gateway dies, ZooKeeper itself ends it, no sooner than its
// timeout. Where ZooKeeper grants less (its maxSessionTimeout, 20 ticks as a rule), the gateway goes on for the rest of
// the timeout; that rest dies with it, or when it is cut off, and the log says so. Where it grants more (its
// minSessionTimeout, 2 ticks), a session lives longer.
//
// Ephemeral keys. They are plain nodes that name their session's node, and no transaction that writes or compares one is
// done unless that node is there. So one transaction may write for several sessions, through any gateway. When the
// session has ended, whoever comes across its keys first deletes them in a transaction like any other, and only then
// reads: nobody sees a key of an ended session, and what is left of it waits for its next reader.
//
// Watches. A watch looks whenever the ledger or the living sessions have changed. What changed before it came is in the
// keys' versions, and what went in the ledger; that remembers goneMax deletions, so of an older one the asker hears
// only when its wait is over.
//
// Reading begins with a sync, so no answer is older than its question, whichever member of the ensemble gives it.
//
// An asker that hears "unavailable" does not know what came of its write, as wire says. So it is with a transaction that
// ZooKeeper will never take: it allows 1 MB in one (its jute.maxbuffer), of which values take up four thirds of their
// size. Nodes are open to everybody who reaches ZooKeeper.
//
// Expire ends a session at ZooKeeper, for harnesses.
package zookeeper
