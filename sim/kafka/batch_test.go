package kafka

import (
	"bytes"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// FuzzRecordBatch reads bytes that somebody sent: whatever they are nothing panics, and what comes out is not much
// more than what went in. What the broker would accept its readers get whole. And what is built is read back.
func FuzzRecordBatch(f *testing.F) {
	some := sealed(recordbatch.Transactional, 1000, 3, 7, 3)
	f.Add([]byte{}, []byte("key"), int64(1), int64(1700000000000), uint8(1))
	f.Add(some, []byte{}, int64(-1), int64(-5), uint8(200))
	f.Add(some[:len(some)-1], []byte("k"), int64(1)<<62, int64(0), uint8(2))
	f.Add(append(bytes.Clone(some), recordbatch.Marker(1000, 3, false, 9, 0)...), []byte("k"), int64(0), int64(0), uint8(0))
	f.Add(patched(some, 57, []byte{0x7f, 0xff, 0xff, 0xff}), []byte("k"), int64(0), int64(0), uint8(3)) // count
	f.Add(patched(patched(some, 57, []byte{0x7f, 0xff, 0xff, 0xff}), 23, []byte{0x7f, 0xff, 0xff, 0xfe}), []byte{}, int64(0), int64(0), uint8(3))
	f.Add(patched(patched(some, 57, []byte{0xff, 0xff, 0xff, 0xff}), 23, []byte{0xff, 0xff, 0xff, 0xfe}), []byte{}, int64(0), int64(0), uint8(3))
	f.Add(patched(some, 8, []byte{0xff, 0xff, 0xff, 0xff}), []byte("k"), int64(0), int64(0), uint8(3))         // length
	f.Add(patched(some, 23, []byte{0x80, 0, 0, 0}), []byte("k"), int64(0), int64(0), uint8(3))                 // last delta
	f.Add(patched(some, headerSize, bytes.Repeat([]byte{0xff}, 9)), []byte("k"), int64(0), int64(0), uint8(3)) // a varint
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
	for _, committed := range []bool{false, true} {
		p := kmsg.NewFetchResponseTopicPartition()
		p.RecordBatches = data
		p.AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1000}}
		records, _, err := unpack(&p, 0, committed)
		if err != nil && records.N > 0 {
			t.Errorf("%d records in spite of %v", records.N, err)
		}
		// A record has 7 bytes at least, and becomes 38 with the longest numbers.
		if len(records.Data) > 6*len(data) {
			t.Errorf("%d bytes became %d", len(data), len(records.Data))
		}
	}
	h, err := parseHeader(data)
	if err != nil {
		return
	}
	if h.size > len(data) || h.count < 0 || h.codec() == 0 && int(h.count) > len(data) {
		t.Errorf("of %d bytes %d are a batch of %d records", len(data), h.size, h.count)
	}
	markerKind(data[:h.size])
	n := int64(0)
	r := recordReader{data: data[headerSize:h.size]}
	for ; r.next() && r.delta == n; n++ {
		r.long()
		r.from()
	}
	if good := r.err == nil && len(r.data) == 0 && n == int64(h.count); h.wellFormed(data[headerSize:h.size]) != good {
		t.Errorf("%d of %d records can be read (%v), and the batch is well formed: %v", n, h.count, r.err, !good)
	}
}

func readBack(t *testing.T, key []byte, value, at int64, n uint8) {
	var b recordbatch.Builder
	var want []record.Record
	for i := range int64(n) {
		r := record.Record{Key: key, Value: value + i, Count: i, Time: record.EventTime(at + 1000*i*i), Origin: record.Origin{Partition: int32(i), Offset: value}}
		want = append(want, r)
		b.Add(&r, i%2 == 0)
	}
	if n == 0 {
		return
	}
	data := b.Seal(recordbatch.Transactional, 1000, 3, 7)
	h, err := parseHeader(data)
	if err != nil || !h.checksum(data) || !h.wellFormed(data[headerSize:h.size]) {
		t.Fatalf("a batch of %d records that was built is not accepted: %v", n, err)
	}
	if h.pid != 1000 || h.epoch != 3 || h.sequence != 7 || h.count != int32(n) || h.size != len(data) || !h.transactional() || h.control() {
		t.Errorf("the header came back as %+v", h)
	}
	r := recordReader{data: data[headerSize:]}
	for i, w := range want {
		if !r.next() {
			t.Fatalf("record %d of %d is not there: %v", i, n, r.err)
		}
		if !bytes.Equal(r.key, w.Key) || r.long() != w.Value || r.delta != int64(i) || h.baseTime+r.timeDelta != int64(w.Time) {
			t.Errorf("record %d came back as %q %d at %d", i, r.key, r.long(), h.baseTime+r.timeDelta)
		}
		origin, count := r.from()
		if i%2 == 1 {
			w.Origin, w.Count = record.Origin{}, 1
		}
		if origin != w.Origin || count != w.Count {
			t.Errorf("record %d stands for %v, %d times; want %v, %d times", i, origin, count, w.Origin, w.Count)
		}
	}
	if r.next() || r.err != nil {
		t.Errorf("there is more than was written: %v", r.err)
	}
}

// Kafka's readers check the sum before all else; so one bit is enough to see it.
func TestADamagedBatchDoesNotHaveItsChecksum(t *testing.T) {
	data := sealed(0, 1000, 0, 0, 3)
	h, err := parseHeader(data)
	if err != nil || !h.checksum(data) {
		t.Fatalf("a whole batch is refused: %v", err)
	}
	for i := 21; i < len(data); i++ {
		data[i] ^= 0x10
		if h, err := parseHeader(data); err == nil && h.checksum(data) {
			t.Errorf("byte %d was changed, and nobody noticed", i)
		}
		data[i] ^= 0x10
	}
}

func TestAnotherHeaderIsNotTheOrigin(t *testing.T) {
	for name, found := range map[string]bool{recordbatch.OriginKey: true, "orifin": false} {
		data := bytes.Replace(sealed(0, 1000, 0, 7, 1), []byte(recordbatch.OriginKey), []byte(name), 1)
		r := recordReader{data: data[headerSize:]}
		if !r.next() || (r.origin != nil) != found {
			t.Errorf("header %q: found %v, want %v", name, r.origin != nil, found)
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
		r := recordReader{data: bytes}
		if r.next() && !r.next() && r.err == nil {
			t.Errorf("%s: is taken for a record", name)
		}
	}
	whole := recordReader{data: []byte{6 << 1, 0, 0, 0, 1, 1, 0}}
	if !whole.next() || whole.key != nil || whole.value != nil || whole.next() || whole.err != nil {
		t.Errorf("a record of nulls came back as %+v", whole)
	}
}

// sealed is a batch of n records.
func sealed(attributes int16, pid int64, epoch int16, sequence, n int32) []byte {
	var b recordbatch.Builder
	for i := range n {
		b.Add(&record.Record{Key: []byte("k"), Value: int64(sequence + i), Count: 1}, true)
	}
	return b.Seal(attributes, pid, epoch, sequence)
}
