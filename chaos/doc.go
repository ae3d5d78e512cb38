// Package chaos runs a scenario: it deploys, waits for the steady state, breaks things, lets everything come
// to rest, and judges.
//
//	scenario.Cell, seed
//	      │ deploy
//	      ▼
//	sim/cluster ── history ──▶ fault.Injector ──▶ target (this package) ──▶ sim/cluster
//	      │ steady ▸ load ▸ heal ▸ drain
//	      ▼
//	checker.Run ──▶ checker.Judge, measure.Of ──▶ Outcome: one verdict, one exit code
//
// A run is a pure function of its cell and seed. The program runs many of them on all cores.
package chaos
