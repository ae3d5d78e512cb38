package recordbatch

import (
	"bytes"
	"testing"

	"github.com/flinch-dev/flinch/runtime/record"
)

// FuzzRecordBatch reads bytes that somebody sent: whatever they are nothing panics. What the
// broker would accept its readers get whole. And what is built is read back.
func FuzzRecordBatch(f *testing.F) {
	some := batchOf(Transactional, 1000, 3, 7, 3)
	f.Add([]byte{}, []byte("key"), int64(1), int64(1700000000000), uint8(1))
	f.Add(some, []byte{}, int64(-1), int64(-5), uint8(200))
	f.Add(some[:len(some)-1], []byte("k"), int64(1)<<62, int64(0), uint8(2))
	f.Add(append(bytes.Clone(some), Marker(1000, 3, false, 9, 0)...), []byte("k"), int64(0), int64(0), uint8(0))
	f.Add(patched(some, 57, []byte{0x7f, 0xff, 0xff, 0xff}), []byte("k"), int64(0), int64(0), uint8(3)) // count
	f.Add(patched(patched(some, 57, []byte{0x7f, 0xff, 0xff, 0xff}), 23, []byte{0x7f, 0xff, 0xff, 0xfe}), []byte{}, int64(0), int64(0), uint8(3))
	f.Add(patched(patched(some, 57, []byte{0xff, 0xff, 0xff, 0xff}), 23, []byte{0xff, 0xff, 0xff, 0xfe}), []byte{}, int64(0), int64(0), uint8(3))
	f.Add(patched(some, 8, []byte{0xff, 0xff, 0xff, 0xff}), []byte("k"), int64(0), int64(0), uint8(3))         // length
	f.Add(patched(some, 23, []byte{0x80, 0, 0, 0}), []byte("k"), int64(0), int64(0), uint8(3))                 // last delta
	f.Add(patched(some, HeaderSize, bytes.Repeat([]byte{0xff}, 9)), []byte("k"), int64(0), int64(0), uint8(3)) // a varint
	f.Add(patched(some, 0, []byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), []byte("k"), int64(0), int64(0), uint8(3))
	f.Fuzz(func(t *testing.T, data, key []byte, value, at int64, n uint8) {
		readHostile(t, data)
		readBack(t, key, value, at, n)
	})
}

func patched(data []byte, at int, with []byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], with)
	return data
}

func readHostile(t *testing.T, data []byte) {
	h, err := ParseHeader(data)
	if err != nil {
		return
	}
	if h.Size > len(data) || h.Count < 0 || h.Codec() == 0 && int(h.Count) > len(data) {
		t.Errorf("of %d bytes %d are a batch of %d records", len(data), h.Size, h.Count)
	}
	MarkerKind(data[:h.Size])
	n := int64(0)
	r := Reader{Data: data[HeaderSize:h.Size]}
	for ; r.Next() && r.Delta == n; n++ {
		r.Long()
		r.From()
	}
	if good := r.Err == nil && len(r.Data) == 0 && n == int64(h.Count); h.WellFormed(data[HeaderSize:h.Size]) != good {
		t.Errorf("%d of %d records can be read (%v), and the batch is well formed: %v", n, h.Count, r.Err, !good)
	}
}

func readBack(t *testing.T, key []byte, value, at int64, n uint8) {
	var b Builder
	var want []record.Record
	for i := range int64(n) {
		r := record.Record{Key: key, Value: value + i, Count: i, Time: record.EventTime(at + 1000*i*i), Origin: record.Origin{Partition: int32(i), Offset: value}}
		want = append(want, r)
		b.Add(&r, i%2 == 0)
	}
	if n == 0 {
		return
	}
	data := b.Seal(Transactional, 1000, 3, 7)
	h, err := ParseHeader(data)
	if err != nil || !h.Intact(data) || !h.WellFormed(data[HeaderSize:h.Size]) {
		t.Fatalf("a batch of %d records that was built is not accepted: %v", n, err)
	}
	if h.ProducerID != 1000 || h.Epoch != 3 || h.Sequence != 7 || h.Count != int32(n) || h.Size != len(data) || !h.Transactional() || h.Control() {
		t.Errorf("the header came back as %+v", h)
	}
	r := Reader{Data: data[HeaderSize:]}
	for i, w := range want {
		if !r.Next() {
			t.Fatalf("record %d of %d is not there: %v", i, n, r.Err)
		}
		if !bytes.Equal(r.Key, w.Key) || r.Long() != w.Value || r.Delta != int64(i) || h.BaseTime+r.TimeDelta != int64(w.Time) {
			t.Errorf("record %d came back as %q %d at %d", i, r.Key, r.Long(), h.BaseTime+r.TimeDelta)
		}
		origin, count := r.From()
		if i%2 == 1 {
			w.Origin, w.Count = record.Origin{}, 1
		}
		if origin != w.Origin || count != w.Count {
			t.Errorf("record %d stands for %v, %d times; want %v, %d times", i, origin, count, w.Origin, w.Count)
		}
	}
	if r.Next() || r.Err != nil {
		t.Errorf("there is more than was written: %v", r.Err)
	}
}

// Kafka's readers check the sum before all else; so one bit is enough to see it.
func TestADamagedBatchDoesNotHaveItsChecksum(t *testing.T) {
	data := batchOf(0, 1000, 0, 0, 3)
	h, err := ParseHeader(data)
	if err != nil || !h.Intact(data) {
		t.Fatalf("a whole batch is refused: %v", err)
	}
	for i := 21; i < len(data); i++ {
		data[i] ^= 0x10
		if h, err := ParseHeader(data); err == nil && h.Intact(data) {
			t.Errorf("byte %d was changed, and nobody noticed", i)
		}
		data[i] ^= 0x10
	}
}

func TestAnotherHeaderIsNotTheOrigin(t *testing.T) {
	for name, found := range map[string]bool{OriginKey: true, "orifin": false} {
		data := bytes.Replace(batchOf(0, 1000, 0, 7, 1), []byte(OriginKey), []byte(name), 1)
		r := Reader{Data: data[HeaderSize:]}
		if !r.Next() || (r.Origin != nil) != found {
			t.Errorf("header %q: found %v, want %v", name, r.Origin != nil, found)
		}
	}
}

func TestARecordWhoseFieldsDoNotFitIsRefused(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"nothing":                        {0},
		"longer than there is":           {99 << 1, 0, 0, 0, 1, 1, 0},
		"shorter than it says":           {5 << 1, 0, 0, 0, 1, 1, 0},
		"a negative length":              {1, 0, 0, 0, 1, 1, 0},
		"a key longer than the record":   {6 << 1, 0, 0, 0, 20 << 1, 1, 0},
		"a key of length -2":             {6 << 1, 0, 0, 0, 3, 1, 0},
		"no value":                       {4 << 1, 0, 0, 0, 1},
		"-1 headers":                     {6 << 1, 0, 0, 0, 1, 1, 1},
		"a header that is not there":     {6 << 1, 0, 0, 0, 1, 1, 1 << 1},
		"something after its last field": {7 << 1, 0, 0, 0, 1, 1, 0, 0},
		"a number without an end":        {6 << 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80},
	} {
		r := Reader{Data: bytes}
		if r.Next() && !r.Next() && r.Err == nil {
			t.Errorf("%s: is taken for a record", name)
		}
	}
	whole := Reader{Data: []byte{6 << 1, 0, 0, 0, 1, 1, 0}}
	if !whole.Next() || whole.Key != nil || whole.Value != nil || whole.Next() || whole.Err != nil {
		t.Errorf("a record of nulls came back as %+v", whole)
	}
}

// batchOf is n records.
func batchOf(attributes int16, pid int64, epoch int16, sequence, n int32) []byte {
	var b Builder
	for i := range n {
		b.Add(&record.Record{Key: []byte("k"), Value: int64(sequence + i), Count: 1}, true)
	}
	return b.Seal(attributes, pid, epoch, sequence)
}
