// Package state keeps what operators remember per key.
//
//	records ──Add(keys, namespaces)──▶ Backend ──Freeze──▶ Snapshot ──Bytes──▶ file ──▶ object store
//	watermark ──Expire───────────────▶    ▲                (goes on being read while the Backend goes on)
//	                                      └──Restore── own key groups of one or more files
//
// One kind of state serves every keyed operator: a pair of integers per key and namespace, to which deltas
// are added. A running sum has one namespace, 0; a window's is its end, and expiring it is its timer. A
// backend is therefore small enough to be written twice (on the heap, and on an LSM tree), and
// state/statetest holds both to one contract.
//
// The package knows no task and no checkpoint: who freezes when, and where files go, is not decided here.
package state
