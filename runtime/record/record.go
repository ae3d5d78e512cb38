package record

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// EventTime is in milliseconds since 1970, read from records, never from a clock.
type EventTime int64

// The ends of event time: before every record, and after every record (the final watermark).
const (
	MinTime EventTime = -1 << 62
	MaxTime EventTime = 1<<62 - 1
)

// Origin is the identity of a source record: where it was read.
type Origin struct {
	Partition int32
	Offset    int64
}

func (o Origin) String() string { return fmt.Sprintf("%d@%d", o.Partition, o.Offset) }

// Record is one element of a stream. Key is a view: copy it to keep it.
type Record struct {
	Key    []byte
	Value  int64
	Count  int64 // how many source records it stands for: 1, or a window's count
	Time   EventTime
	Origin Origin
}

// Batch is a sequence of encoded records. The zero Batch is empty. Once sent it may not be appended to.
type Batch struct {
	Data []byte
	N    int
}

// firstBytes spares a batch its first few moves: most have tens of records.
const firstBytes = 512

// Grow makes room for n bytes in an empty batch.
func (b *Batch) Grow(n int) {
	if n > firstBytes {
		b.Data = make([]byte, 0, n)
	}
}

// Append encodes r at the end of b.
func (b *Batch) Append(r Record) {
	d := b.Data
	if d == nil {
		d = make([]byte, 0, firstBytes)
	}
	d = binary.AppendUvarint(d, uint64(len(r.Key)))
	d = append(d, r.Key...)
	d = binary.AppendVarint(d, r.Value)
	d = binary.AppendVarint(d, r.Count)
	d = binary.AppendVarint(d, int64(r.Time))
	d = binary.AppendVarint(d, int64(r.Origin.Partition))
	d = binary.AppendVarint(d, r.Origin.Offset)
	b.Data, b.N = d, b.N+1
}

// Len is the number of records, Size their encoded bytes.
func (b Batch) Len() int  { return b.N }
func (b Batch) Size() int { return len(b.Data) }

// All yields the records of a batch that this program encoded. Malformed bytes end it early; use Check
// first on bytes that came from outside.
func (b Batch) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for r := b.Reader(); r.Next(); {
			if !yield(r.Record) {
				return
			}
		}
	}
}

// Check says whether the bytes hold exactly the announced number of whole records.
func (b Batch) Check() error {
	r, n := b.Reader(), 0
	for r.Next() {
		n++
	}
	if r.pos != len(b.Data) {
		return fmt.Errorf("decode a batch of %d records: at %d of %d bytes there is no whole record", b.N, r.pos, len(b.Data))
	}
	if n != b.N {
		return fmt.Errorf("decode a batch of %d records: there are %d", b.N, n)
	}
	return nil
}

// Reader reads a batch record by record, so that a task can stop in the middle and go on later.
type Reader struct {
	Record
	data []byte
	pos  int
}

// Reader returns a reader before the first record of b.
func (b Batch) Reader() Reader { return Reader{data: b.Data} }

// Next moves to the next record and says whether there was one.
func (r *Reader) Next() bool { return r.read(&r.Record) }

// Fill reads as many records as a row has room for, or as there are, and returns how many.
func (r *Reader) Fill(row []Record) int {
	for i := range row {
		if !r.read(&row[i]) {
			return i
		}
	}
	return len(row)
}

func (r *Reader) read(into *Record) bool {
	d := r.data[r.pos:]
	if len(d) == 0 {
		return false
	}
	n, w := binary.Uvarint(d)
	if w <= 0 || n > uint64(len(d)-w) {
		return false
	}
	key := d[w : w+int(n)]
	at := w + int(n)
	var field [5]int64
	for i := range field {
		v, w := binary.Varint(d[at:])
		if w <= 0 {
			return false
		}
		field[i], at = v, at+w
	}
	if field[3] != int64(int32(field[3])) {
		return false
	}
	*into = Record{Key: key, Value: field[0], Count: field[1], Time: EventTime(field[2]),
		Origin: Origin{int32(field[3]), field[4]}}
	r.pos += at
	return true
}
