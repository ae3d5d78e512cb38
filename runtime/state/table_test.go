package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// put adds a key to a table whose value says when.
func put(t *testing.T, table *table, key string, n int) {
	t.Helper()
	hash := hashKey([]byte(key))
	at, found := table.find([]byte(key), hash)
	if found {
		t.Fatalf("key %q is there before it is put there", key)
	}
	table.insert(at, []byte(key), hash, 0, Value{int64(n)})
}

// inOrder says whether whoever reads a table through finds n entries, sorted; and whoever looks for one finds it.
func inOrder(t *testing.T, table *table, n int) {
	t.Helper()
	seen := 0
	var before entry
	for e := range entries(table.pages) {
		if seen > 0 && (e.hash < before.hash || e.hash == before.hash && bytes.Compare(e.keyOf(table.long), before.keyOf(table.long)) <= 0) {
			t.Fatalf("entry %d, %q, is not behind %q", seen, e.keyOf(table.long), before.keyOf(table.long))
		}
		at, found := table.find(e.keyOf(table.long), e.hash)
		if !found || table.at(at).value != e.value {
			t.Fatalf("key %q is in the table and is not found", e.keyOf(table.long))
		}
		before = *e
		seen++
	}
	if seen != n || table.n != n {
		t.Fatalf("the table has %d entries and says %d; want %d", seen, table.n, n)
	}
}

// However keys come, short ones and long ones, a table is in order, also after it has grown.
func TestATableIsInOrder(t *testing.T) {
	table := newTable(0)
	for n, i := range rand.New(rand.NewPCG(1, 2)).Perm(5000) {
		put(t, table, strings.Repeat("x", i%60)+fmt.Sprint("-", i), n)
		if n%500 == 0 {
			inOrder(t, table, n+1)
		}
	}
	inOrder(t, table, 5000)
}

// Keys whose hashes are all at the end push each other over it: there is room behind.
func TestAnEndThatIsCrowded(t *testing.T) {
	var crowd []string
	for i := 0; len(crowd) < 300; i++ {
		if key := fmt.Sprint("customer-", i); hashKey([]byte(key)) > 0xffc00000 {
			crowd = append(crowd, key)
		}
	}
	table := newTable(0)
	for n, key := range crowd {
		put(t, table, key, n)
		inOrder(t, table, n+1)
	}
}

// Two keys can have one hash. Then the key decides, and neither is taken for the other.
func TestKeysOfOneHash(t *testing.T) {
	table := newTable(0)
	for n, key := range []string{"m", "z", "a", strings.Repeat("long", 20)} {
		at, found := table.find([]byte(key), 7)
		if found {
			t.Fatalf("%q is taken for another key", key)
		}
		table.insert(at, []byte(key), 7, 0, Value{int64(n)})
	}
	inOrder(t, table, 4)
}
