// Package lease is a model of a coordination service, an actor at the address "ha".
//
//	CoordTxn ─────▶ compare versions ─▶ one new version for all its writes ──▶ watches of the keys wake
//	CoordSession ─▶ alive until its timeout ──────────▶ its ephemeral keys go ──────▲
//	CoordGet, CoordWatch ─▶ entries as they are
//
// Requests take effect one after the other, in the order in which they came. Keys, sessions and versions
// survive the process, as long as each boot uses the same Service; watches do not, and sessions get their
// whole timeout again, as from a new ZooKeeper leader. Time is that of the service's own clock. Faults are
// methods, called between events; each one that lasts returns the function that ends it, and Heal ends all.
//
// It keeps the contract of election/coordtest, as the gateway to a real etcd does.
//
// The package does not know who leads: leases are keys like any others, but for faults aimed at them.
package lease
