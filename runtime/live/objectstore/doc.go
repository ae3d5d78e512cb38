// Package objectstore is an object store in a folder: the gateway at the address "objectstore", for a disk or a file
// system that processes share.
//
//	BlobPut/Get/Delete/List ──▶ blobs.Gateway ──▶ disk:  Put ──▶ a draft, locked and synced ──▶ renamed ──▶ folders synced
//	                                                     Get, List ──▶ reads        Delete ──▶ empty folders go as well
//
// An object is a file, and what stands before each slash of its path is a folder. A folder's name ends in ".d", an
// object's in ".blob", and odd characters are escaped as in a URL:
//
//	s3://flink/ha/job 7  ◀──▶  <root>/s3:.d/.d/flink.d/ha.d/job%207.blob
//
// So no path is empty, ".." or outside of the root, an object "a" and an object "a/b" do not meet, and what others
// put into the folder is not taken for an object. A part between two slashes has at most 250 bytes once it is escaped.
//
// An answered write lasts: the bytes are synced in a draft, the draft is renamed, the folders are synced. A crash leaves
// the old object or the new one, and perhaps a draft, which the next start sweeps away.
//
// Any number of processes serve one folder, as JobManagers and TaskManagers do with Flink's storage on a shared file
// system. Nothing is kept in memory, and the folder has what it needs: a draft is locked by its writer, so that no
// start of another process sweeps it away, and a folder that somebody else's deletion removes is made again. What one
// process was answered, every process sees; what it was not answered yet may be seen before it lasts. Requests that
// touch one object are served in order within a process. Between processes the last write wins, whole. A listing has
// what was there all the while, and of what comes and goes meanwhile something or nothing.
//
// The file system must rename atomically, and have locks (flock) if drafts are to be swept; both hold for local ones
// and NFS, where another machine may see a change late.
package objectstore
