// Package s3 is an object store in a bucket of an S3-compatible store: the gateway at the address "objectstore".
//
//	BlobPut/Get/Delete/List ──▶ blobs.Gateway ──▶ bucket: HTTP requests, each once ──▶ S3, MinIO, Ceph, ...
//	                                                 │
//	     an error's word and the remedy ◀── Explain ─┘
//
// The whole path is an object's name. Config says in which bucket it is and under which prefix, and the key is the
// path without its scheme:
//
//	s3://flink/ha/job-1/completed-3  ◀──▶  <prefix>flink/ha/job-1/completed-3
//	chk-1/job 7                      ◀──▶  <prefix>%/chk-1/job%207
//
// What is odd in a path is escaped as in a URL, a part between slashes that is empty, "." or ".." as well: some stores
// refuse such keys, and some proxies resolve them. Keys that are not made so are not listed. A key has at most 1024 bytes.
//
// A request is sent once. Whoever asks the gateway asks again, and a second try here could hide what came of the
// first: "throttled" after an answer that was lost would sound as if nothing had been written. So
//
//	not-found    the store says that there is no such key; not a proxy's 404, nor a bucket that is missing
//	throttled    the store says SlowDown, or the like: it has not begun
//	incomplete   other bytes have arrived than were sent: of a read here, of a write there, which the store has refused
//	unavailable  all else. A write may have taken effect, or may still do so, even after a later one of the same path
//
// A write is one PUT (5 GiB at most), with the SHA-256 and MD5 of its bytes, so that the store takes it whole or not at
// all. The SHA-256 is kept in the object's metadata as x-amz-meta-flinch-sha256, and every read is compared with it.
// Of objects that somebody else has put there, the length alone is verified. A listing has all its pages, or is an error.
// What takes longer than Config.Patience, with the wait for a connection, is given up; so is all when the store is closed.
//
// Embedded starts a fake of S3 in this process, for tests and for harnesses.
package s3
