// Package checkpoint decides when a snapshot of the whole job exists. Its Coordinator is a part of the
// JobMaster, not an actor of its own.
//
//	timer ─▶ request ─▶ plan ─▶ id (HA counter) ─▶ source coordinators ─▶ Trigger ──▶ source tasks
//	                                                                               ┆ barriers
//	every task of the plan ── Acknowledge(state) ──▶ all there?                    ▼
//	                                                    │ yes
//	   _metadata file ─▶ handle file ─▶ pointer in the HA store ─▶ Complete ─▶ every task (sinks commit now)
//	   (object store)                   = the checkpoint exists       └─▶ the oldest: pointer first, then files
//
// Up to the pointer a checkpoint can be aborted, and the one before it is what a restore finds. While the
// write of the pointer is under way it cannot: nobody may choose a checkpoint to restore until it is known
// what became of it.
//
// State is kept whole by every checkpoint: no file belongs to two of them.
package checkpoint
