// Package blobs serves the words of wire/blobs.go from whatever keeps objects: the actor at the address "objectstore".
//
//	BlobPut/Get/Delete/List ──▶ line: those that touch one object, in order ──▶ a goroutine, at most 16: Store
//	        answer ◀── Receive ◀────────────── served, by live.Post ◀──────────────┘
//	                      └──▶ log: each kind of trouble, at most once a minute
//
// Requests of which one writes what the other touches are served in the order in which they came, and the others pass
// them. A request that has lost its patience in the line is not served any more, so that the line of a store that is
// silent ends with what its askers still wait for.
//
// The package knows neither folders nor buckets: runtime/live/objectstore and runtime/live/s3 do.
package blobs
