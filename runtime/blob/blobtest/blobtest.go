// Package blobtest holds every object store to the same contract, of which wire/blobs.go has the words.
//
//	func TestModel(t *testing.T) { blobtest.Run(t, startInAWorld) }
//
// A request that touches what an earlier one touches takes effect after it: so says a store that does what it is
// asked at once, and so does a gateway. A store that is slow or broken on purpose is outside of the contract.
package blobtest

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Bench is a store that has been started and is empty, and somebody who asks it.
type Bench interface {
	Ask(m mailbox.Msg)   // mails a request to the store
	Answer() mailbox.Msg // waits for the next answer
}

// Run runs the contract against the stores that start starts.
func Run(t *testing.T, start func(t *testing.T) Bench) {
	for _, clause := range []struct {
		says  string
		holds func(s *store)
	}{
		{"what is written is there", keeps},
		{"a write replaces the object", overwrites},
		{"what is deleted is gone, and a missing object is no error", deletes},
		{"a missing object is an answer", misses},
		{"a listing is by prefix and sorted", lists},
		{"an object may be empty", keepsNothing},
		{"an object may be large", keepsMuch},
		{"a path is any text", keepsAnyPath},
		{"an object's path may go on in another's", nests},
		{"many are served at once", servesMany},
		{"the last write wins", keepsOrder},
		{"it behaves as a map does", behavesAsMap},
	} {
		t.Run(clause.says, func(t *testing.T) { clause.holds(&store{t: t, Bench: start(t)}) })
	}
}

// store is a store under test. Requests are numbered by it.
type store struct {
	t *testing.T
	Bench
	last uint64
}

// request makes a request with its number.
type request func(req uint64) mailbox.Msg

func put(path, data string) request {
	return func(req uint64) mailbox.Msg { return wire.BlobPut{Req: req, Path: path, Data: []byte(data)} }
}

func get(path string) request {
	return func(req uint64) mailbox.Msg { return wire.BlobGet{Req: req, Path: path} }
}

func remove(paths ...string) request {
	return func(req uint64) mailbox.Msg { return wire.BlobDelete{Req: req, Paths: paths} }
}

func list(prefix string) request {
	return func(req uint64) mailbox.Msg { return wire.BlobList{Req: req, Prefix: prefix} }
}

// ask mails requests at once and returns their answers, whichever came first, in the order of the requests.
func (s *store) ask(requests ...request) []string {
	s.t.Helper()
	first := s.last + 1
	for _, r := range requests {
		s.last++
		s.Ask(r(s.last))
	}
	answers := make([]string, len(requests))
	for range requests {
		req, answer := read(s.Answer())
		if req < first || req > s.last || answers[req-first] != "" {
			s.t.Fatalf("answer %q to request %d: nobody waits for it", answer, req)
		}
		answers[req-first] = answer
	}
	return answers
}

// read puts an answer in words.
func read(m mailbox.Msg) (req uint64, answer string) {
	switch m := m.(type) {
	case wire.BlobDone:
		return m.Req, or(m.Err, "done")
	case wire.BlobData:
		return m.Req, fmt.Sprintf("%s: %s", m.Path, or(m.Err, quote(m.Data)))
	case wire.BlobPaths:
		return m.Req, or(m.Err, fmt.Sprintf("%q", m.Paths))
	}
	return 0, fmt.Sprintf("%q, which is no answer", m.Word())
}

func or(failed, answer string) string {
	if failed != "" {
		return failed
	}
	return answer
}

// quote stands for an object's bytes: themselves, or the checksum of many.
func quote(data []byte) string {
	if len(data) > 1000 {
		return fmt.Sprintf("%d bytes, SHA-256 %x", len(data), sha256.Sum256(data))
	}
	return fmt.Sprintf("%q", data)
}

// hears asks one thing and compares the answer.
func (s *store) hears(want string, r request) {
	s.t.Helper()
	if got := s.ask(r)[0]; got != want {
		s.t.Errorf("request %d: answer %s, want %s", s.last, got, want)
	}
}

func keeps(s *store) {
	s.hears("done", put("s3://flink/ha/job-1", "alpha"))
	s.hears("done", put("s3://flink/ha/job-2", "beta"))
	s.hears(`s3://flink/ha/job-1: "alpha"`, get("s3://flink/ha/job-1"))
	s.hears(`s3://flink/ha/job-2: "beta"`, get("s3://flink/ha/job-2"))
}

func overwrites(s *store) {
	s.hears("done", put("a", "a long first version"))
	s.hears("done", put("a", "short"))
	s.hears(`a: "short"`, get("a"))
	s.hears(`["a"]`, list(""))
}

func deletes(s *store) {
	s.ask(put("chk-1/a", "alpha"), put("chk-1/b", "beta"), put("chk-2/a", "gamma"))
	s.hears("done", remove("chk-1/a", "chk-1/never-was", "chk-2/a", "nowhere/at/all"))
	s.hears("chk-1/a: not-found", get("chk-1/a"))
	s.hears(`chk-1/b: "beta"`, get("chk-1/b"))
	s.hears("done", remove("chk-1/a"))
	s.hears("done", remove())
	s.hears(`["chk-1/b"]`, list(""))
	s.hears("done", put("chk-1/a", "again"))
	s.hears(`chk-1/a: "again"`, get("chk-1/a"))
}

func misses(s *store) {
	s.hears("a: not-found", get("a"))
	s.ask(put("a/b/c", "alpha"))
	s.hears("a/b: not-found", get("a/b"))
	s.hears("a/b/c/d: not-found", get("a/b/c/d"))
}

// The order is that of the bytes of whole paths, in which "chk-1-old" comes before "chk-1/a".
func lists(s *store) {
	s.hears("[]", list(""))
	s.ask(put("chk-1/b", ""), put("chk-2/a", ""), put("chk-1-old", ""), put("chk-1/a", ""), put("chk-10/a", ""))
	s.hears(`["chk-1-old" "chk-1/a" "chk-1/b" "chk-10/a" "chk-2/a"]`, list(""))
	s.hears(`["chk-1/a" "chk-1/b"]`, list("chk-1/"))
	s.hears(`["chk-1-old" "chk-1/a" "chk-1/b" "chk-10/a"]`, list("chk-1"))
	s.hears(`["chk-1/b"]`, list("chk-1/b"))
	s.hears("[]", list("chk-3"))
	s.hears("[]", list("chk-3/"))
	s.hears("[]", list("chk-1/b/"))
}

func keepsNothing(s *store) {
	s.hears("done", put("a", ""))
	s.hears(`a: ""`, get("a"))
	s.hears(`["a"]`, list("a"))
}

func keepsMuch(s *store) {
	data := make([]byte, 5<<20)
	for i := range data {
		data[i] = byte(i >> 3 * 31)
	}
	s.hears("done", put("large", string(data)))
	s.hears("large: "+quote(data), get("large"))
}

// odd are paths that mean something to a file system, and nothing to a store. Each is an object of its own.
var odd = slices.Sorted(slices.Values([]string{"", " ", "%", "%2F", "%2e%2e/a", "*?\"<>|\\", ".", "..", "../../a", "./a", "/", "//", "/a", "/etc/passwd", "A:a",
	"a", "a.blob", "a.d", "a.d/a", "a/", "a/../../../a", "a/.", "a/./a", "a//a", "a\nb", "drafts/a", "s3://flink/ha/", "ü/世界", "~"}))

func keepsAnyPath(s *store) {
	for i, path := range odd {
		s.hears("done", put(path, fmt.Sprint(i)))
	}
	for i, path := range odd {
		s.hears(fmt.Sprintf("%s: \"%d\"", path, i), get(path))
		s.hears(fmt.Sprintf("%q", slices.DeleteFunc(slices.Clone(odd), func(p string) bool { return !strings.HasPrefix(p, path) })), list(path))
	}
	s.hears("done", remove(odd...))
	s.hears("[]", list(""))
}

func nests(s *store) {
	s.hears("done", put("a", "the object"))
	s.hears("done", put("a/b/c", "far below it"))
	s.hears("done", put("a/b", "between"))
	s.hears(`["a" "a/b" "a/b/c"]`, list("a"))
	s.hears("done", remove("a/b/c"))
	s.hears("done", remove("a"))
	s.hears(`a/b: "between"`, get("a/b"))
}

func servesMany(s *store) {
	var writes, reads []request
	var want []string
	for i := range 200 {
		path := fmt.Sprintf("chk-%d/part-%03d", i%7, i)
		writes, reads = append(writes, put(path, fmt.Sprint(i))), append(reads, get(path))
		want = append(want, fmt.Sprintf("%s: \"%d\"", path, i))
	}
	for _, answer := range s.ask(writes...) {
		if answer != "done" {
			s.t.Errorf("a write: %s", answer)
		}
	}
	if got := s.ask(reads...); !slices.Equal(got, want) {
		s.t.Errorf("read\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Nobody waits for the answer to one write before asking for the next.
func keepsOrder(s *store) {
	var requests []request
	var want []string
	for i := range 50 {
		requests = append(requests, put("a", fmt.Sprint(i)), get("a"))
		want = append(want, "done", fmt.Sprintf("a: \"%d\"", i))
	}
	if got := s.ask(requests...); !slices.Equal(got, want) {
		s.t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Whatever is asked at once, each answer is that of a map to which it is done in order.
func behavesAsMap(s *store) {
	draw := rand.New(rand.NewPCG(7, 7))
	paths := []string{"a", "a/b", "a/b/c", "a/c", "b/a", "b", "ab"}
	one := func() string { return paths[draw.IntN(len(paths))] }
	objects := map[string]string{}
	for round := range 20 {
		var requests []request
		var want []string
		for i := range 20 {
			switch path := one(); draw.IntN(4) {
			case 0:
				objects[path] = fmt.Sprintf("%d.%d", round, i)
				requests, want = append(requests, put(path, objects[path])), append(want, "done")
			case 1:
				answer := path + ": not-found"
				if data, there := objects[path]; there {
					answer = fmt.Sprintf("%s: %q", path, data)
				}
				requests, want = append(requests, get(path)), append(want, answer)
			case 2:
				other := one()
				delete(objects, path)
				delete(objects, other)
				requests, want = append(requests, remove(path, other)), append(want, "done")
			case 3:
				prefix := path[:draw.IntN(len(path)+1)]
				there := slices.DeleteFunc(slices.Sorted(maps.Keys(objects)), func(p string) bool { return !strings.HasPrefix(p, prefix) })
				requests, want = append(requests, list(prefix)), append(want, fmt.Sprintf("%q", there))
			}
		}
		if got := s.ask(requests...); !slices.Equal(got, want) {
			s.t.Fatalf("round %d: heard\n  %s\nwant\n  %s", round, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}
