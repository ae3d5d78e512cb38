// Package operator has the operators that a chain is made of.
//
//	records ──▶ map ──▶ filter ──▶ keyed-sum ──▶ … ──▶ emit (an output, or a sink)
//	                                 │
//	                            keyed state ── Freeze ──▶ Frozen ──▶ a file of a checkpoint
//
// An operator is a function of its record and its state: no time but event time, no I/O. Watermarks make
// windows fire; they pass through everything else.
//
// Records come in rows, of any length: what a row makes of a chain is what its records would make one by one. In rows
// they cost less, since an operator is called once for all of them and the state can look for all their keys at once.
package operator
