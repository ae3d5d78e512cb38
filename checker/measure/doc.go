// Package measure turns a recorded run into numbers: where the recovery time went, what checkpoints cost,
// how late the output was.
//
//	checker.Run ──▶ Recoveries (detect, restart, restore, catch-up) ─┐
//	            ──▶ Checkpoints (count, durations)                   ├─▶ service levels, reports
//	            ──▶ Series (rates, latency, lag, over true time)     │
//	            ──▶ Holdings (who held a last stable offset, and why),
//	                Uncommitted (what the others saw meanwhile)      ┘
//
// Everything is a pure function of the history and the logs; nothing is asked of the runtime.
package measure
