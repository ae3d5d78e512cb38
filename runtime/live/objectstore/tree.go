package objectstore

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// triesMax is how often a step is tried that other processes get in the way of. Each time it was another one's
// deletion that came between two system calls, so a few are enough.
const triesMax = 100

// place makes a draft the object, in a folder that may have to be made. Another process may delete the last object
// in that folder at any time, and the folder with it; then it is made again. Once the object is in it, it stays.
func (d *disk) place(draft, file string) error {
	for range triesMax {
		err := d.makeFolder(path.Dir(file))
		if err == nil {
			err = d.rename(draft, file)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := d.root.Lstat(draft); err != nil {
			return err // the draft has gone, and not the folder
		}
	}
	return errBusy
}

// makeFolder makes a folder, with those above it. It returns fs.ErrNotExist if one of them is deleted meanwhile.
func (d *disk) makeFolder(dir string) error {
	err := d.root.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrNotExist) && dir != "." {
		if err := d.makeFolder(path.Dir(dir)); err != nil {
			return err
		}
		err = d.root.Mkdir(dir, 0o755)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// prune removes a folder and those above it, as long as they are empty, and returns the first that stays.
func (d *disk) prune(dir string) string {
	for dir != "." {
		if err := d.root.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
		dir = path.Dir(dir)
	}
	return dir
}

// syncAll makes a folder last with those above it. They may be older than it, and not last yet: whoever has made
// them, in another process, may still be about to sync them, or has died before.
func (d *disk) syncAll(dir string) error {
	for ; dir != "."; dir = path.Dir(dir) {
		if err := d.sync(dir); err != nil {
			return err
		}
	}
	return d.sync(dir)
}

// sync makes last what was created, renamed and removed in a folder. For a folder that another process has removed
// meanwhile that is said by the one above it. Some file systems cannot be asked to, and say so with EINVAL.
func (d *disk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != "." {
		return d.sync(path.Dir(dir))
	}
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// lost says that the root is not the folder of its name any more. Then what is missing may lie elsewhere, so that
// "not-found" would be a guess; and what is written would not be found after a restart.
func (d *disk) lost() bool {
	ours, err := d.root.Stat(".")
	there, err2 := os.Stat(d.root.Name())
	return err != nil || err2 != nil || !os.SameFile(ours, there)
}
