package process

import (
	"strings"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// request is what a fault may ask of mail to a service.
type request struct {
	req       uint64
	operation string // by the words of the fault vocabulary
	names     []string
	refusal   mailbox.Msg // the answer of a service that does nothing
}

// The operations, as the models of the services name them.
const (
	opPut, opGet, opRemove, opList                = "PUT", "GET", "DELETE", "LIST"
	opAcquire, opRenew, opRead, opWrite, opDelete = "acquire", "renew", "read", "write", "delete"
	unavailable                                   = "unavailable"
)

// read says what a message asks of the service. A lease is acquired by whoever has not written it last, and so is a
// session that is new.
func (s *service) read(process string, m mailbox.Msg) request {
	switch m := m.(type) {
	case wire.BlobPut:
		return request{m.Req, opPut, []string{m.Path}, wire.BlobDone{Req: m.Req, Err: unavailable}}
	case wire.BlobGet:
		return request{m.Req, opGet, []string{m.Path}, wire.BlobData{Req: m.Req, Path: m.Path, Err: unavailable}}
	case wire.BlobDelete:
		return request{m.Req, opRemove, m.Paths, wire.BlobDone{Req: m.Req, Err: unavailable}}
	case wire.BlobList:
		return request{m.Req, opList, []string{m.Prefix}, wire.BlobPaths{Req: m.Req, Err: unavailable}}
	case wire.CoordGet:
		return request{m.Req, opRead, []string{m.Prefix}, wire.CoordEntries{Req: m.Req, Err: unavailable}}
	case wire.CoordWatch:
		return request{m.Req, opRead, []string{m.Prefix}, wire.CoordEntries{Req: m.Req, Err: unavailable}}
	case wire.CoordSession:
		r := request{m.Req, opRenew, nil, wire.CoordSessionAlive{Req: m.Req, Session: m.Session, Err: unavailable}}
		if s.sessions[m.Session] == "" {
			r.operation = opAcquire
		}
		return r
	case wire.CoordTxn:
		r := request{m.Req, opWrite, nil, wire.CoordTxnDone{Req: m.Req, Err: unavailable}}
		for _, w := range m.Writes {
			r.names = append(r.names, w.Key)
			switch {
			case w.Delete:
				r.operation = opDelete
			case !strings.HasSuffix(w.Key, leaseSuffix):
			case s.leases[w.Key].process == process:
				r.operation = opRenew
			default:
				r.operation = opAcquire
			}
		}
		return r
	}
	return request{}
}

// answered is the number of the request that a message answers.
func answered(m mailbox.Msg) uint64 {
	switch m := m.(type) {
	case wire.BlobDone:
		return m.Req
	case wire.BlobData:
		return m.Req
	case wire.BlobPaths:
		return m.Req
	case wire.CoordEntries:
		return m.Req
	case wire.CoordSessionAlive:
		return m.Req
	case wire.CoordTxnDone:
		return m.Req
	}
	return 0
}
