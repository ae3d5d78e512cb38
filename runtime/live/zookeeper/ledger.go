package zookeeper

import (
	"encoding/json"
	"fmt"
)

// ledger is the data of the node that every transaction writes. Two transactions cannot follow the same ledger, for
// each asks for the node's version that it has read: so there is one order of all, and a version counts them.
type ledger struct {
	Version uint64     `json:"version"`
	Gone    []deletion `json:"gone,omitempty"` // the last goneMax of them, the oldest first
}

// deletion says when a key went, to those who were not watching then.
type deletion struct {
	Node    string `json:"node"` // of the key: its name may be no text, and JSON holds nothing else
	Version uint64 `json:"version"`
}

const goneMax = 64

// next is the ledger after one more transaction, in which some keys go.
func (l ledger) next(gone []string) ledger {
	next := ledger{Version: l.Version + 1, Gone: append([]deletion(nil), l.Gone...)}
	for _, key := range gone {
		next.Gone = append(next.Gone, deletion{escape(key), next.Version})
	}
	next.Gone = next.Gone[max(0, len(next.Gone)-goneMax):]
	return next
}

// encode makes the data of a node.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("zookeeper: encode %T: %v", v, err)) // plain fields: cannot happen
	}
	return data
}

// decode reads the data of a node that a gateway has written.
func decode[T any](path string, data []byte) (v T, err error) {
	if err = json.Unmarshal(data, &v); err != nil {
		err = fmt.Errorf("read the node %s: it holds %q, which no gateway has written: %w", path, data, err)
	}
	return v, err
}
