package wire

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/record"
)

// RequestPartition opens one channel: the consumer asks the producer's task for it, with its initial credit.
type RequestPartition struct {
	Producer id.Attempt
	Consumer id.Attempt
	Edge     int // the producer's output edge
	Channel  int // the channel of that edge
	Input    int // the consumer's input channel, repeated in each Buffer
	Credit   int
}

// Element says what a Buffer carries.
type Element uint8

// The elements of a channel. A Data buffer has records and, after them, the newest watermark.
const (
	Data           Element = iota
	Barrier                // checkpoint barrier
	CancelMarker           // the checkpoint was cancelled upstream
	EndOfInput             // no record follows
	EndOfPartition         // nothing follows: the producer is about to finish
)

// Buffer is one network buffer. Seq counts the channel's buffers from 0: a gap means a broken connection.
// Only Data buffers use credit.
type Buffer struct {
	Input      int
	Seq        uint64
	Element    Element
	Records    record.Batch
	Watermark  record.EventTime
	Checkpoint id.Checkpoint // of a Barrier or CancelMarker
	Timestamp  time.Time     // of a Barrier: the coordinator's clock at the trigger
	Backlog    int           // buffers that wait for credit behind this one
}

// Size is the number of bytes on the wire.
func (b Buffer) Size() int { return 40 + b.Records.Size() }

// Credit gives the producer leave to send n more Data buffers on a channel.
type Credit struct {
	Edge    int
	Channel int
	N       int
}
