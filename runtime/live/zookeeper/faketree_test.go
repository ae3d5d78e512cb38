package zookeeper

import (
	"maps"
	"path"
	"slices"

	"github.com/go-zookeeper/zk"
)

// fakeTree is ZooKeeper's tree, as far as a gateway needs it: without sequential nodes, containers and rights.
type fakeTree struct {
	zxid  int64 // counts changes
	nodes map[string]fakeNode
	fired []zk.Event // by changes, since they were last told
}

type fakeNode struct {
	data                string
	czxid, mzxid, pzxid int64 // when it was created, its data changed, its children changed
	version, cversion   int32 // how often the data changed, and the children
	owner               int64 // the session of an ephemeral node
}

// The codes of errors in ZooKeeper's protocol.
const (
	codeOK            = 0
	codeInconsistent  = -2
	codeUnimplemented = -6
	codeNoNode        = -101
	codeBadVersion    = -103
	codeNodeExists    = -110
)

// The codes of the requests that contact does not know.
const (
	opDelete       = 2
	opExists       = 3
	opGetData      = 4
	opSetData      = 5
	opSync         = 9
	opPing         = 11
	opGetChildren2 = 12
	opCheck        = 13
	opMulti        = 14
	opSetWatches   = 101
	opError        = -1
)

// change does one request that changes something, and returns its answer. A multi is several of them.
func (t *fakeTree) change(op int32, session int64, r *jute) (answer []byte, code int32) {
	at := r.text()
	n, there := t.nodes[at]
	switch op {
	case opCreate:
		data := r.text()
		for range r.int() { // who may do what
			r.int()
			r.text()
			r.text()
		}
		flags := r.int()
		if !t.has(path.Dir(at)) {
			return nil, codeNoNode
		}
		if there {
			return nil, codeNodeExists
		}
		n = fakeNode{data: data, czxid: t.zxid, mzxid: t.zxid, pzxid: t.zxid}
		if flags == zk.FlagEphemeral {
			n.owner = session
		}
		t.nodes[at] = n
		t.fire(zk.EventNodeCreated, at)
		t.childrenChanged(path.Dir(at))
		return appendString(nil, at), codeOK
	case opSetData:
		data, version := r.text(), r.int()
		switch {
		case !there:
			return nil, codeNoNode
		case version != anyVersion && version != n.version:
			return nil, codeBadVersion
		}
		n.data, n.mzxid, n.version = data, t.zxid, n.version+1
		t.nodes[at] = n
		t.fire(zk.EventNodeDataChanged, at)
		return t.stat(at), codeOK
	case opDelete, opCheck:
		version := r.int()
		switch {
		case !there:
			return nil, codeNoNode
		case version != anyVersion && version != n.version:
			return nil, codeBadVersion
		}
		if op == opDelete {
			t.delete(at)
		}
	}
	return nil, codeOK
}

// multi does all or nothing. If nothing, its answer says which request could not be done.
func (t *fakeTree) multi(session int64, r *jute) (answer []byte) {
	before, fired := maps.Clone(t.nodes), len(t.fired)
	var codes []int32
	failed := -1
	for {
		op, done := r.int(), r.flag()
		r.int() // a code, which requests do not have
		if done {
			break
		}
		result, code := t.change(op, session, r)
		answer = append(appendPart(answer, op, false, codeOK), result...)
		if code != codeOK && failed < 0 {
			failed = len(codes)
		}
		codes = append(codes, code)
	}
	if failed >= 0 {
		t.nodes, t.fired, answer = before, t.fired[:fired], nil
		for i, code := range codes {
			switch {
			case i < failed:
				code = codeOK
			case i > failed:
				code = codeInconsistent
			}
			answer = appendInt(appendPart(answer, opError, false, code), code)
		}
	}
	return appendPart(answer, opError, true, opError)
}

// appendPart begins the answer to one request of a multi.
func appendPart(p []byte, op int32, last bool, code int32) []byte {
	return appendInt(appendFlag(appendInt(p, op), last), code)
}

func (t *fakeTree) delete(at string) {
	delete(t.nodes, at)
	t.fire(zk.EventNodeDeleted, at)
	t.childrenChanged(path.Dir(at))
}

func (t *fakeTree) has(at string) bool {
	_, there := t.nodes[at]
	return there
}

func (t *fakeTree) fire(what zk.EventType, at string) {
	t.fired = append(t.fired, zk.Event{Type: what, Path: at})
}

func (t *fakeTree) childrenChanged(at string) {
	n := t.nodes[at]
	n.pzxid, n.cversion = t.zxid, n.cversion+1
	t.nodes[at] = n
	t.fire(zk.EventNodeChildrenChanged, at)
}

func (t *fakeTree) children(of string) (names []string) {
	for at := range t.nodes {
		if at != "/" && path.Dir(at) == of {
			names = append(names, path.Base(at))
		}
	}
	slices.Sort(names)
	return names
}

func (t *fakeTree) stat(at string) []byte {
	n := t.nodes[at]
	p := appendLong(appendLong(appendLong(appendLong(nil, n.czxid), n.mzxid), 0), 0) // it has no clock
	p = appendLong(appendInt(appendInt(appendInt(p, n.version), n.cversion), 0), n.owner)
	return appendLong(appendInt(appendInt(p, int32(len(n.data))), int32(len(t.children(at)))), n.pzxid)
}
