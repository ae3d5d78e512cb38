package s3

import (
	"net/url"
	"strings"
)

const (
	scheme = "s3://"
	// empty stands for a part of a path that is empty. As the first part of a key it says that there is no bucket's name
	// in the path, and that the path is what follows.
	empty = "%"
)

// keyOf is the key of an object, without the prefix.
func keyOf(path string) string {
	rest, found := strings.CutPrefix(path, scheme)
	if found && rest != "" && rest[0] != '/' {
		return escape(rest)
	}
	return empty + "/" + escape(path)
}

// prefixOf begins the keys of all objects whose paths begin with a prefix. Others may begin with it, too.
func prefixOf(prefix string) string {
	if strings.HasPrefix(scheme, prefix) {
		return "" // both kinds of keys
	}
	key := keyOf(prefix)
	above, last := key[:strings.LastIndex(key, "/")+1], key[strings.LastIndex(key, "/")+1:]
	if last == empty || last == escape(".") || last == escape("..") {
		return above // the last part may go on, and is not so odd then
	}
	return key
}

// pathOf reads a key back; false: it is not one of ours.
func pathOf(key string) (path string, ours bool) {
	rest, bare := strings.CutPrefix(key, empty+"/")
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		if part == empty {
			part = ""
		}
		name, err := url.PathUnescape(part)
		if err != nil {
			return "", false
		}
		parts[i] = name
	}
	if path = strings.Join(parts, "/"); !bare {
		path = scheme + path
	}
	return path, keyOf(path) == key
}

func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch part {
		case "":
			parts[i] = empty
		case ".", "..":
			parts[i] = strings.ReplaceAll(part, ".", "%2E")
		default:
			parts[i] = url.PathEscape(part)
		}
	}
	return strings.Join(parts, "/")
}
