package objectstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// drafts is the folder of what is being written. It has no mark, so no object is in it.
const drafts = "drafts"

// disk keeps objects as files. Its methods may be called from any goroutine, if calls that touch one object are not
// under way together.
type disk struct {
	root   *os.Root                    // follows no link out of the folder
	rename func(from, to string) error // the root's; a test may stop here
	tree   sync.Mutex                  // while folders come and go
}

// openDisk opens a folder, which must be there: one that is made where a disk is not mounted yet would pass for an
// empty store. Whatever a crash left half-way ends here: drafts go, and what was renamed lasts before anybody is told
// of it.
func openDisk(folder string) (*disk, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	d := &disk{root: root, rename: root.Rename}
	_ = root.RemoveAll(drafts) // a draft that stays takes room and does no other harm
	return d, fs.WalkDir(root.FS(), ".", func(dir string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if _, ours := nameOf(e.Name(), folderMark); !ours && dir != "." {
			return fs.SkipDir
		}
		return d.sync(dir)
	})
}

// put writes an object whole, or not at all.
func (d *disk) put(object string, data []byte) error {
	if d.lost() {
		return errLost
	}
	if err := d.makeFolder(drafts); err != nil {
		return err
	}
	draft, file := path.Join(drafts, rand.Text()), fileOf(object)
	err := d.write(draft, data)
	if err == nil {
		err = d.place(draft, file)
	}
	if err != nil {
		_ = d.root.Remove(draft) // if this fails too, the next start does it
		return err
	}
	return d.sync(path.Dir(file))
}

// write makes a new file whose bytes last.
func (d *disk) write(file string, data []byte) error {
	f, err := d.root.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// place makes a draft the object. The lock keeps a deletion from removing the folder in between.
func (d *disk) place(draft, file string) error {
	d.tree.Lock()
	defer d.tree.Unlock()
	if err := d.makeFolder(path.Dir(file)); err != nil {
		return err
	}
	return d.rename(draft, file)
}

// makeFolder makes a folder that lasts, with those above it.
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
	if err != nil {
		return err
	}
	return d.sync(path.Dir(dir))
}

// get reads an object; fs.ErrNotExist says that there is none.
func (d *disk) get(object string) ([]byte, error) {
	data, err := d.root.ReadFile(fileOf(object))
	if errors.Is(err, fs.ErrNotExist) && d.lost() {
		err = errLost
	}
	return data, err
}

// delete deletes objects, and the folders that they leave empty. A missing object's folder is synced like the
// others: an earlier try may have got as far as that.
func (d *disk) delete(objects []string) error {
	d.tree.Lock()
	defer d.tree.Unlock()
	if d.lost() {
		return errLost
	}
	changed := map[string]bool{}
	for _, object := range objects {
		file := fileOf(object)
		if err := d.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		changed[path.Dir(file)] = true
	}
	for dir := range changed {
		if err := d.sync(d.prune(dir)); err != nil {
			return err
		}
	}
	return nil
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

// list lists objects by prefix, sorted.
func (d *disk) list(prefix string) ([]string, error) {
	above := prefix[:strings.LastIndex(prefix, "/")+1]
	found, err := d.walk(nil, folderOf(above), above, prefix)
	slices.Sort(found)
	return found, err
}

// walk adds to found the objects with a prefix that are in a folder and below. A folder that goes meanwhile, since
// somebody deletes its last object, had none of those: who touches them waits.
func (d *disk) walk(found []string, dir, above, prefix string) ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) && !d.lost() {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if name, ours := nameOf(e.Name(), folderMark); ours && e.IsDir() && strings.HasPrefix(above+name+"/", prefix) {
			if found, err = d.walk(found, path.Join(dir, e.Name()), above+name+"/", prefix); err != nil {
				return nil, err
			}
		}
		if name, ours := nameOf(e.Name(), objectMark); ours && e.Type().IsRegular() && strings.HasPrefix(above+name, prefix) {
			found = append(found, above+name)
		}
	}
	return found, nil
}

var errLost = errors.New("the folder has been moved, removed or covered by a mount")

// lost says that the root is not the folder of its name any more. Then what is missing may lie elsewhere, so that
// "not-found" would be a guess; and what is written would not be found after a restart.
func (d *disk) lost() bool {
	ours, err := d.root.Stat(".")
	there, err2 := os.Stat(d.root.Name())
	return err != nil || err2 != nil || !os.SameFile(ours, there)
}

// sync makes last what was created, renamed and removed in a folder. Some file systems cannot be asked to, and say
// so with EINVAL.
func (d *disk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// sentence tells the one who runs the store what went wrong with it, and what to do.
func (d *disk) sentence(doing, what string, err error) error {
	return fmt.Errorf("%s %s in the folder %s: %w; %s", doing, what, d.root.Name(), err, advice(err))
}

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on its disk"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "let this process read and write there"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return "what lies there is not the store's: move it away"
	case errors.Is(err, fs.ErrNotExist):
		return "make the folder, or mount what is to be there"
	case errors.Is(err, errLost):
		return "put it back, and restart this process"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "choose a path with shorter parts: a file name has 255 bytes at most"
	}
	return "look at the folder and its disk"
}
