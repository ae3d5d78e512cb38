package wire

// The object store, at the address "objectstore". Err is "" or one of: not-found, unavailable, throttled,
// incomplete. No answer, or unavailable, leaves open whether a write took effect.

// BlobPut writes an object whole, or not at all.
type BlobPut struct {
	Req  uint64
	Path string
	Data []byte
}

// Size is the number of bytes written.
func (m BlobPut) Size() int { return 64 + len(m.Data) }

// BlobGet reads an object.
type BlobGet struct {
	Req  uint64
	Path string
}

// BlobDelete deletes objects; missing ones are no error.
type BlobDelete struct {
	Req   uint64
	Paths []string
}

// BlobList lists objects by prefix, sorted.
type BlobList struct {
	Req    uint64
	Prefix string
}

// BlobDone answers BlobPut and BlobDelete.
type BlobDone struct {
	Req uint64
	Err string
}

// BlobData answers BlobGet.
type BlobData struct {
	Req  uint64
	Path string
	Data []byte
	Err  string
}

// Size is the number of bytes read.
func (m BlobData) Size() int { return 64 + len(m.Data) }

// BlobPaths answers BlobList.
type BlobPaths struct {
	Req   uint64
	Paths []string
	Err   string
}
