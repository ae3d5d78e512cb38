package objectstore

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// drafts is the folder of what is being written. It has no mark, so no object is in it.
const drafts = "drafts"

// draft is a file on its way to become an object. As long as it is open, its writer holds its lock (flock), and a
// process that starts knows by it that somebody alive is at work here. The system gives the lock up when its holder
// dies, and not before: a writer that is only stopped keeps its draft.
type draft struct {
	*os.File
	name string // from the root; the file has another one once it is the object
}

// draft writes a draft whose bytes last. Whoever has got it closes it.
func (d *disk) draft(data []byte) (*draft, error) {
	f, err := d.claim()
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = d.root.Remove(f.name) // if this fails too, the next start does it
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// claim makes an empty draft that no sweep takes away. One that comes between the making and the locking does, so
// that has to be seen, and there is another draft to be made.
func (d *disk) claim() (*draft, error) {
	for range triesMax {
		if err := d.makeFolder(drafts); err != nil {
			return nil, err
		}
		name := path.Join(drafts, rand.Text())
		f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, err
		}
		swept := errors.Is(lock(f), syscall.EWOULDBLOCK)
		if _, err := d.root.Lstat(name); !swept && err == nil {
			return &draft{f, name}, nil
		}
		f.Close()
	}
	return nil, errBusy
}

// sweep removes the drafts of the dead. What cannot be locked stays: it takes room, and does no other harm. So it is on
// a file system without locks.
func (d *disk) sweep() {
	entries, _ := fs.ReadDir(d.root.FS(), drafts)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		name := path.Join(drafts, e.Name())
		f, err := d.root.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			continue // it has become an object, or it is somebody else's
		}
		if lock(f) == nil {
			_ = d.root.Remove(name)
		}
		f.Close()
	}
}
