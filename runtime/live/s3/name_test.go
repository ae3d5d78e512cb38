package s3

import (
	"strings"
	"testing"
)

func TestKeysOfObjects(t *testing.T) {
	for path, key := range map[string]string{
		"s3://flink/ha/job-1/completed-3": "flink/ha/job-1/completed-3",
		"s3://flink/out/.pending/part-0":  "flink/out/.pending/part-0",
		"s3://flink/ha/job 7":             "flink/ha/job%207",
		"s3://flink/a//../b/":             "flink/a/%/%2E%2E/b/%",
		"s3://flink":                      "flink",
		"s3:///a":                         "%/s3:/%/%/a",
		"s3://":                           "%/s3:/%/%",
		"chk-1/a":                         "%/chk-1/a",
		"/a":                              "%/%/a",
		"%/a":                             "%/%25/a",
		"":                                "%/%",
		"ü":                               "%/%C3%BC",
	} {
		if got := keyOf(path); got != key {
			t.Errorf("the key of %q is %s, want %s", path, got, key)
		}
	}
}

// The store lists no more than it has to.
func TestPrefixesOfListings(t *testing.T) {
	for prefix, want := range map[string]string{
		"s3://flink/chk-1/":  "flink/chk-1/",
		"s3://flink/chk-1":   "flink/chk-1",
		"s3://flink/chk-1/.": "flink/chk-1/",
		"s3://fl":            "fl",
		"s3://":              "",
		"s3:":                "",
		"":                   "",
		"chk-":               "%/chk-",
		"s3:///":             "%/s3:/%/%/",
	} {
		if got := prefixOf(prefix); got != want {
			t.Errorf("a listing of %q asks for %q, want %q", prefix, got, want)
		}
	}
}

func TestKeysOfOthersAreNotOurs(t *testing.T) {
	for _, key := range []string{"", "flink/", "flink//a", "/a", "flink/./a", "flink/a b", "flink/%41", "flink/%zz", "%", "%/", "flink/%2e", "flink/ü"} {
		if path, ours := pathOf(key); ours {
			t.Errorf("the key %q is taken for that of %q", key, path)
		}
	}
}

// Every path has a key that any store takes, which can be read back, and which a listing of whatever the path begins
// with finds.
func FuzzAKeyTellsItsObject(f *testing.F) {
	f.Add("s3://flink/ha/job 7", 9)
	f.Add("s3:///../%2e\x00\xff//", 7)
	f.Add("/%/./..", 3)
	f.Fuzz(func(t *testing.T, path string, n int) {
		key := keyOf(path)
		for part := range strings.SplitSeq(key, "/") {
			if part == "" || part == "." || part == ".." {
				t.Errorf("the key of %q is %q", path, key)
			}
		}
		for _, c := range []byte(key) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("the key of %q is %q", path, key)
			}
		}
		if back, ours := pathOf(key); !ours || back != path {
			t.Errorf("the key of %q is %q, which tells of %q", path, key, back)
		}
		if prefix := path[:min(max(n, 0), len(path))]; !strings.HasPrefix(key, prefixOf(prefix)) {
			t.Errorf("the key of %q is %q, which a listing of %q does not find: it asks for %q", path, key, prefix, prefixOf(prefix))
		}
	})
}
