// Package objectstore serves the words of wire/blobs.go from a folder: the gateway at the address "objectstore".
//
//	BlobPut/Get/Delete/List ──▶ line: those that touch one object, in order ──▶ a goroutine, at most 16: disk
//	        answer ◀── Receive ◀────────────── served, by live.Post ◀──────────────┘
//
// An object is a file, and what stands before each slash of its path is a folder. A folder's name ends in ".d", an
// object's in ".blob", and odd characters are escaped as in a URL:
//
//	s3://flink/ha/job 7  ◀──▶  <root>/s3:.d/.d/flink.d/ha.d/job%207.blob
//
// So no path is empty, ".." or outside of the root, an object "a" and an object "a/b" do not meet, and what others
// put into the folder is not taken for an object. A part between two slashes has at most 250 bytes once it is escaped.
//
// An answered write lasts: the bytes are synced in a draft, the draft is renamed, the folder is synced. A crash leaves
// the old object or the new one, and perhaps a draft, which the next start sweeps away. One process serves a folder
// at a time. Requests of which one writes what the other touches are served in the order in which they came.
package objectstore
