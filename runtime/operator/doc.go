// Package operator has the operators that a chain is made of.
//
//	record ──▶ map ──▶ filter ──▶ keyed-sum ──▶ … ──▶ emit (an output, or a sink)
//	                                 │
//	                            keyed state ── Freeze ──▶ Frozen ──▶ a file of a checkpoint
//
// An operator is a function of its record and its state: no time but event time, no I/O. Watermarks make
// windows fire; they pass through everything else.
package operator
