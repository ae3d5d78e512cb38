// Package snapshot has what a checkpoint is made of.
//
//	operators ──▶ Operator (keyed handles, lists) ──▶ Task (a chain) ──ack──▶ Metadata (the whole job)
//	                   │                                                        │
//	                   └─ large parts are files in the object store             └─ the _metadata file
//
// Redistribution over another parallelism is here too, since it is arithmetic on these values.
package snapshot
