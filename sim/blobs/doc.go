// Package blobs is a model of an object store, an actor at the address "objectstore".
//
//	BlobPut/Get/Delete/List ──▶ refused? swallowed? ──▶ waits: turn, line, latency ──▶ takes effect ──▶ answer ──▶ lost?
//	                                  ▲                       ▲                          │               ▲
//	                               Outage        Throttle, Limit, Slow            PartialUpload     LoseAnswers
//
// A request takes effect at one moment, whole or not at all: at the end of its wait. Contents survive the
// process, as long as each boot uses the same Store. Faults are methods, called between events; each one
// that lasts returns the function that ends it, and Heal ends all.
//
// The package does not know what the objects are.
package blobs
