package id

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// An attempt's name says which subtask, which try and whose execution graph; only of the graph is the
// beginning enough.
func TestAnAttemptIsReadable(t *testing.T) {
	for _, c := range []struct {
		attempt Attempt
		want    string
	}{
		{Attempt{Graph: "3fa0c5", Vertex: "sum", Subtask: 2, Number: 1}, "sum-2#1@3fa0"},
		{Attempt{Graph: "3f", Vertex: "sum"}, "sum-0#0@3f"},
		{Attempt{Vertex: "sum"}, "sum-0#0@"},
	} {
		if got := c.attempt.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got := (Attempt{Graph: "g", Vertex: "sum", Subtask: 2, Number: 7}).Of(); got != (Subtask{"sum", 2}) || got.String() != "sum-2" {
		t.Errorf("it is a deployment of %s", got)
	}
}

// A fencing token protects only if nobody has had it before.
func TestAFreshIdentityIsNew(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	hex, seen := regexp.MustCompile("^[0-9a-f]{32}$"), map[Token]bool{}
	for range 1000 {
		token := Fresh[Token](r)
		if !hex.MatchString(string(token)) {
			t.Fatalf("%q is not 128 bits in hexadecimal", token)
		}
		if seen[token] {
			t.Fatalf("%s was drawn twice", token)
		}
		seen[token] = true
	}
}
