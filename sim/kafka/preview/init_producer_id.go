package preview

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// initProducerID is the version that KIP-939 adds.
const initProducerID int16 = 6

// InitProducerIDRequest is InitProducerId up to version 6. Fields are those of Kafka 4.4.
type InitProducerIDRequest struct {
	kmsg.InitProducerIDRequest
	Enable2PC       bool // v6+: the transactions have no timeout, since somebody else decides them
	KeepPreparedTxn bool // v6+: what is open stays open
}

// InitProducerIDResponse answers it.
type InitProducerIDResponse struct {
	kmsg.InitProducerIDResponse
	OngoingTxnProducerID    int64 // v6+: of the transaction that was kept, -1 without one
	OngoingTxnProducerEpoch int16 // v6+: -1 without one
}

// NewInitProducerIDRequest returns a request with Kafka's defaults.
func NewInitProducerIDRequest() *InitProducerIDRequest {
	return &InitProducerIDRequest{InitProducerIDRequest: kmsg.NewInitProducerIDRequest()}
}

// NewInitProducerIDResponse returns a response with Kafka's defaults.
func NewInitProducerIDResponse() *InitProducerIDResponse {
	return &InitProducerIDResponse{InitProducerIDResponse: kmsg.NewInitProducerIDResponse(),
		OngoingTxnProducerID: -1, OngoingTxnProducerEpoch: -1}
}

// RequestFor is an empty request of an API key, in a version that may be a preview; nil if there is no such key.
func RequestFor(key, version int16) kmsg.Request {
	if kmsg.Key(key) == kmsg.InitProducerID && version == initProducerID {
		return NewInitProducerIDRequest()
	}
	return kmsg.RequestForKey(key)
}

// ResponseFor is the same for a response.
func ResponseFor(key, version int16) kmsg.Response {
	if kmsg.Key(key) == kmsg.InitProducerID && version == initProducerID {
		return NewInitProducerIDResponse()
	}
	return kmsg.ResponseForKey(key)
}

// MaxVersion is 6.
func (*InitProducerIDRequest) MaxVersion() int16 { return initProducerID }

// MaxVersion is 6.
func (*InitProducerIDResponse) MaxVersion() int16 { return initProducerID }

// ResponseKind is an empty response of the same version.
func (r *InitProducerIDRequest) ResponseKind() kmsg.Response {
	resp := NewInitProducerIDResponse()
	resp.Version = r.Version
	return resp
}

// RequestKind is an empty request of the same version.
func (r *InitProducerIDResponse) RequestKind() kmsg.Request {
	req := NewInitProducerIDRequest()
	req.Version = r.Version
	return req
}

// AppendTo appends the request as it goes over the wire.
func (r *InitProducerIDRequest) AppendTo(dst []byte) []byte {
	if r.Version < initProducerID {
		return r.InitProducerIDRequest.AppendTo(dst)
	}
	dst = kbin.AppendCompactNullableString(dst, r.TransactionalID)
	dst = kbin.AppendInt32(dst, r.TransactionTimeoutMillis)
	dst = kbin.AppendInt64(dst, r.ProducerID)
	dst = kbin.AppendInt16(dst, r.ProducerEpoch)
	dst = kbin.AppendBool(dst, r.Enable2PC)
	dst = kbin.AppendBool(dst, r.KeepPreparedTxn)
	return kbin.AppendUvarint(dst, 0) // no tags
}

// ReadFrom reads what AppendTo has written.
func (r *InitProducerIDRequest) ReadFrom(src []byte) error {
	if r.Version < initProducerID {
		return r.InitProducerIDRequest.ReadFrom(src)
	}
	b := kbin.Reader{Src: src}
	r.TransactionalID = b.CompactNullableString()
	r.TransactionTimeoutMillis = b.Int32()
	r.ProducerID = b.Int64()
	r.ProducerEpoch = b.Int16()
	r.Enable2PC = b.Bool()
	r.KeepPreparedTxn = b.Bool()
	skipTags(&b)
	return b.Complete()
}

// AppendTo appends the response as it goes over the wire.
func (r *InitProducerIDResponse) AppendTo(dst []byte) []byte {
	if r.Version < initProducerID {
		return r.InitProducerIDResponse.AppendTo(dst)
	}
	dst = kbin.AppendInt32(dst, r.ThrottleMillis)
	dst = kbin.AppendInt16(dst, r.ErrorCode)
	dst = kbin.AppendInt64(dst, r.ProducerID)
	dst = kbin.AppendInt16(dst, r.ProducerEpoch)
	dst = kbin.AppendInt64(dst, r.OngoingTxnProducerID)
	dst = kbin.AppendInt16(dst, r.OngoingTxnProducerEpoch)
	return kbin.AppendUvarint(dst, 0) // no tags
}

// ReadFrom reads what AppendTo has written.
func (r *InitProducerIDResponse) ReadFrom(src []byte) error {
	if r.Version < initProducerID {
		return r.InitProducerIDResponse.ReadFrom(src)
	}
	b := kbin.Reader{Src: src}
	r.ThrottleMillis = b.Int32()
	r.ErrorCode = b.Int16()
	r.ProducerID = b.Int64()
	r.ProducerEpoch = b.Int16()
	r.OngoingTxnProducerID = b.Int64()
	r.OngoingTxnProducerEpoch = b.Int16()
	skipTags(&b)
	return b.Complete()
}

// skipTags goes over what a still later version adds.
func skipTags(b *kbin.Reader) {
	for n := b.Uvarint(); n > 0 && b.Ok(); n-- {
		b.Uvarint()
		b.Span(int(b.Uvarint()))
	}
}
