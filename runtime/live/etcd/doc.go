// Package etcd serves the coordination service's words from etcd: the actor at the address "ha" in production.
//
//	asker ── wire/coordination.go ──▶ coordination.Gateway ──▶ cluster ─┬─ Transact, Read ──▶ etcd: its transactions
//	                                                                    ├─ KeepAlive ───────▶       its leases
//	                                                                    └─ Await ───────────▶       its watches
//
// Versions are etcd's revisions, so all that an asker compares is compared by etcd. Nothing is kept here: any number of
// gateways serve the same keys. In etcd there are
//
//	flinch/data/<key>      the keys; an ephemeral one is attached to its session's lease
//	flinch/alive/<name>    a session, as long as it lives: attached to its lease, whose id it names so
//	flinch/known/<name>    a session's name was used; it stays, so a name without its lease has ended for good
//
// An asker that hears "unavailable" does not know what came of its write, as wire says. So it is with a transaction
// that etcd will never take: it allows 128 writes in one (its max-txn-ops), and no key twice.
//
// A lease counts whole seconds, and etcd sets a least number of them (2 as a rule). So a session may live longer
// than its timeout, and never shorter.
//
// Embedded starts an etcd in this process, for tests and for harnesses.
package etcd
