package objectstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/live/blobs"
)

// disk keeps objects as files: a blobs.Store. Other processes may change the same folder at any time.
type disk struct {
	root   *os.Root                    // follows no link out of the folder
	rename func(from, to string) error // the root's; a test may stop here
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
	d.sweep()
	err = fs.WalkDir(root.FS(), ".", func(dir string, e fs.DirEntry, err error) error {
		if dir != "." && errors.Is(err, fs.ErrNotExist) {
			return nil // another process has just deleted the last object in it
		}
		if err != nil || !e.IsDir() {
			return err
		}
		if _, ours := nameOf(e.Name(), folderMark); !ours && dir != "." {
			return fs.SkipDir
		}
		return d.sync(dir)
	})
	if err != nil {
		root.Close()
		return nil, err
	}
	return d, nil
}

func (d *disk) String() string { return "the folder " + d.root.Name() }

// Put writes an object whole, or not at all.
func (d *disk) Put(_ context.Context, object string, data []byte) error {
	if d.lost() {
		return errLost
	}
	draft, err := d.draft(data)
	if err != nil {
		return err
	}
	defer draft.Close()
	file := fileOf(object)
	if err := d.place(draft.name, file); err != nil {
		_ = d.root.Remove(draft.name) // if this fails too, the next start does it
		return err
	}
	return d.syncAll(path.Dir(file))
}

// Get reads an object.
func (d *disk) Get(_ context.Context, object string) ([]byte, error) {
	data, err := d.root.ReadFile(fileOf(object))
	if errors.Is(err, fs.ErrNotExist) {
		err = blobs.ErrNotFound
		if d.lost() {
			err = errLost
		}
	}
	return data, err
}

// Delete deletes objects, and the folders that they leave empty. A missing object's folder is synced like the
// others: an earlier try, or another process, may have got as far as that.
func (d *disk) Delete(_ context.Context, objects []string) error {
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

// List lists objects by prefix, sorted.
func (d *disk) List(_ context.Context, prefix string) ([]string, error) {
	above := prefix[:strings.LastIndex(prefix, "/")+1]
	found, err := d.walk(nil, folderOf(above), above, prefix)
	slices.Sort(found)
	return slices.Compact(found), err // one that another process replaces meanwhile may come twice
}

// walk adds to found the objects with a prefix that are in a folder and below. A folder that goes meanwhile, since
// somebody deletes its last object, has none.
func (d *disk) walk(found []string, dir, above, prefix string) ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && d.lost():
		return nil, errLost
	case errors.Is(err, fs.ErrNotExist):
		return found, nil
	case err != nil:
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
