// Package blob is an actor's way to the object store: it asks again when there is no answer.
//
//	actor ── Put/Get/Delete/List(…, done) ──▶ Client ──BlobPut…──▶ "objectstore"
//	  ▲                                         │  ▲ timer: ask again, a few times
//	  └──────────── done(env, answer, err) ◀────┘  └──BlobDone…── the actor hands answers over
//
// Every operation is idempotent, so asking again is always right; after the last try the error says that
// the outcome of a write is not known.
package blob
