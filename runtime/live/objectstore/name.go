package objectstore

import (
	"net/url"
	"path"
	"strings"
)

// What the names of the store's folders and files end in.
const (
	folderMark = ".d"
	objectMark = ".blob"
)

// fileOf is the file of an object, seen from the root.
func fileOf(object string) string {
	above, name := path.Split(object)
	return path.Join(folderOf(above), url.PathEscape(name)+objectMark)
}

// folderOf is the folder of the objects whose paths begin with above, which is empty or ends in a slash.
func folderOf(above string) string {
	dir := "."
	for above != "" {
		var name string
		name, above, _ = strings.Cut(above, "/")
		dir = path.Join(dir, url.PathEscape(name)+folderMark)
	}
	return dir
}

// nameOf reads back the part of a path that an entry of a folder stands for; false: the entry is not the store's.
func nameOf(entry, mark string) (name string, ours bool) {
	escaped, marked := strings.CutSuffix(entry, mark)
	name, err := url.PathUnescape(escaped)
	return name, marked && err == nil && !strings.Contains(name, "/") && url.PathEscape(name) == escaped
}
