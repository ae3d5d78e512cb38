package objectstore

import (
	"path"
	"strings"
	"testing"
)

func TestFilesOfObjects(t *testing.T) {
	for object, file := range map[string]string{
		"s3://flink/ha/job 7": "s3:.d/.d/flink.d/ha.d/job%207.blob",
		"chk-1/_metadata":     "chk-1.d/_metadata.blob",
		"":                    ".blob",
		"/":                   ".d/.blob",
		"../..":               "...d/...blob",
		"a.blob":              "a.blob.blob",
	} {
		if got := fileOf(object); got != file {
			t.Errorf("the file of %q is %s, want %s", object, got, file)
		}
	}
}

// Every path is a file below the root, and can be read back from it.
func FuzzAFileTellsItsObject(f *testing.F) {
	f.Add("s3://flink/ha/job 7")
	f.Add("/../%2e\x00\xff//")
	f.Fuzz(func(t *testing.T, object string) {
		file := fileOf(object)
		if path.Clean(file) != file || path.IsAbs(file) || file == ".." || strings.HasPrefix(file, "../") {
			t.Fatalf("the file of %q is %q", object, file)
		}
		dirs, last := path.Split(file)
		var parts []string
		for dir := range strings.SplitSeq(strings.TrimSuffix(dirs, "/"), "/") {
			if dirs == "" {
				break
			}
			name, ours := nameOf(dir, folderMark)
			if !ours {
				t.Fatalf("folder %q of %q is not ours", dir, object)
			}
			parts = append(parts, name)
		}
		name, ours := nameOf(last, objectMark)
		if back := strings.Join(append(parts, name), "/"); !ours || back != object {
			t.Errorf("the file of %q is %q, which tells of %q", object, file, back)
		}
	})
}
