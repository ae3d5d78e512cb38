// Package checker judges a recorded run. A check is a pure function of Run with three verdicts: it holds, it
// is broken (with the shortest part of the history that shows it), or it is not decided.
//
//	pipeline ──topology──▶ what each source record must become ─┐
//	input logs ──Index────────────────────────────────────────┼──▶ exactlyOnce, stateMatchesReplay, movingCut
//	output log (who committed what, and when) ─────────────────┤
//	                                                           ├──▶ counterLinearizable
//	history ──────────────┬────────────────────────────────────┴──▶ leaseLinearizable, pointersLinearizable
//	                      └──▶ protocol invariants: checkpoints, leaders, slots, key groups, transactions
//
// The witnesses are independent: the output is judged by the logs and never by what the accused noted of
// itself, and the protocol by the history. The package knows neither the simulator nor the live driver, so
// it judges a simulated, a real and a Flink run alike.
package checker
