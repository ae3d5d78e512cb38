package blobs

import (
	"fmt"
	"strings"
	"testing"
)

func write(paths ...string) *request { return change("asker", paths, nil) }

func look(prefix string) *request {
	return &request{touches: func(path string) bool { return strings.HasPrefix(path, prefix) }}
}

func read(path string) *request {
	return &request{paths: []string{path}, touches: func(p string) bool { return p == path }}
}

// Requests that touch one object wait for each other, if one of them writes. The others pass them.
func TestOnlyWhatMeetsWaits(t *testing.T) {
	l := line{open: map[*request]bool{}}
	names := map[*request]string{}
	join := func(name string, r *request) *request {
		names[r] = name
		l.join(r)
		return r
	}
	called := func(want string) {
		t.Helper()
		var got []string
		for r := l.call(); r != nil; r = l.call() {
			got = append(got, names[r])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("called are %v, want %s", got, want)
		}
	}
	first := join("put-a", write("a"))
	second := join("put-a-again", write("a"))
	third := join("get-b", read("b"))
	both := join("delete-a-b", write("a", "b"))
	listing := join("list-a", look("a"))
	another := join("list-c", look("c"))
	join("put-c", write("c"))
	called("put-a get-b list-c")
	l.leave(first)
	called("put-a-again")
	l.leave(second)
	called("") // get-b is still under way
	l.leave(third)
	l.leave(another)
	called("delete-a-b put-c")
	reading := join("get-a", read("a"))
	l.leave(both)
	called("list-a get-a") // two that only look
	join("put-a-last", write("a"))
	l.leave(listing)
	called("") // get-a is still under way
	l.leave(reading)
	called("put-a-last")
}

func TestFewAreAtTheStoreAtOnce(t *testing.T) {
	l := line{open: map[*request]bool{}}
	for i := range 3 * parallelMax {
		l.join(write(fmt.Sprint(i)))
	}
	var serving []*request
	call := func() {
		for r := l.call(); r != nil; r = l.call() {
			serving = append(serving, r)
		}
	}
	call()
	if len(serving) != parallelMax {
		t.Fatalf("%d are served at once", len(serving))
	}
	l.leave(serving[0])
	call()
	if len(serving) != parallelMax+1 {
		t.Errorf("one has left, and %d came", len(serving)-parallelMax)
	}
}
