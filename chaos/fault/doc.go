// Package fault has the vocabulary of faults, and decides when and at whom each of them fires.
//
//	scenario ─▶ Fault (kind, trigger, aim, duration)           one line of text and back: String, Parse
//	                │
//	history ──▶ Injector.Observe ─ trigger matches ─▶ pick victims ─▶ Target.Kill, Pause, Partition ...
//	timers ───▶      │                (seeded)                │
//	                 └── FaultStarted / FaultEnded ──▶ history ◀─ undone after "for", last first
//
// A trigger without "plus" fires inside Observe, that is, between two effects of an actor: what the actor
// would have sent after that note never leaves.
//
// A fault that struck nothing is told from one that did (vain.go): Target counts what its links and services have met.
//
// The package knows no world. Target is all that it wants of one; simulated and real worlds implement it.
package fault
