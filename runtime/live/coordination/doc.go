// Package coordination serves the words of wire/coordination.go from whatever keeps keys and sessions: the actor at the
// address "ha" in production.
//
//	asker ── CoordTxn, CoordGet, CoordSession ──▶ Gateway: a line per asker ──▶ a goroutine, for the first of a line ──┐
//	      ── CoordWatch ────────────────────────▶ beside the lines ───────────▶ a goroutine, for as long as it waits ──┤
//	  ◀──── answer ── Receive ◀── answered, by live.Post ◀───────────────────────────────────────────── Service ◀──────┘
//
// What one asker asks takes effect in the order in which it came, and nobody waits for anybody else. A request that is
// not done in time is answered "unavailable", and so is what waits behind it too long. Nothing is kept here: a gateway
// that has died is replaced by a new one.
//
// The package knows neither leases nor nodes: runtime/live/etcd and runtime/live/zookeeper do.
package coordination
