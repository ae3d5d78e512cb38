// Package mailbox is the seam between an actor and the world it runs in.
//
//	          ┌────────────── Receive(env, from, msg) ──────────────┐
//	mail ──▶  │ reads and changes the actor's own fields, nothing else │ ──▶ nil: effects leave, in order
//	          └──────────────────────────────────────────────────────┘ ──▶ error: they never happen
//	                           Send · After · Spawn · Note
//
// An actor is single-threaded and knows no goroutine, lock, clock or random source but its Env. Because
// effects are held back until Receive has returned, whatever a local port wrote is there before anybody
// hears of it, and a crash point is two integers: the event, and how many of its effects got out.
//
// The package does not know who drives it: sim.World steps one message at a time in virtual time; a live
// driver gives each actor a goroutine.
package mailbox
