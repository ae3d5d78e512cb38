package protocol

import (
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Request is one request of Kafka's protocol. Requests of one sender with the same Conn are worked on one after
// the other, as a broker does for one connection; Conn 0 is a connection of its own each time.
type Request struct {
	Corr     uint64
	Conn     uint32
	ClientID string // client.id, of which a group makes the ids of its members
	Req      kmsg.Request
}

// Response answers the request with the same Corr.
type Response struct {
	Corr uint64
	Resp kmsg.Response
}

// Word is the name of the request.
func (m Request) Word() string { return kmsg.NameForKey(m.Req.Key()) }

// Word is the name of the request that is answered.
func (m Response) Word() string { return kmsg.NameForKey(m.Resp.Key()) }

// Size is the number of payload bytes, and some for the frame.
func (m Request) Size() int {
	size := 64
	if req, ok := m.Req.(*kmsg.ProduceRequest); ok {
		for _, t := range req.Topics {
			for _, p := range t.Partitions {
				size += len(p.Records)
			}
		}
	}
	return size
}

// Size is the number of payload bytes, and some for the frame.
func (m Response) Size() int {
	size := 64
	if resp, ok := m.Resp.(*kmsg.FetchResponse); ok {
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				size += len(p.RecordBatches)
			}
		}
	}
	return size
}
