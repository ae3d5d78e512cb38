package recordbatch

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
)

// sealed is a batch of two records of a transaction.
func sealed() []byte {
	var b Builder
	for n := range int64(2) {
		b.Add(&record.Record{Key: []byte("k"), Value: 7 + n, Count: 3, Time: 1000 - record.EventTime(n), Origin: record.Origin{Partition: 5, Offset: 9 + n}}, true)
	}
	return b.Seal(Transactional, 1000, 3, 7)
}

// Where the fields are is Kafka's business: another program must be able to read a batch.
func TestABatchIsInFormatTwo(t *testing.T) {
	var b kmsg.RecordBatch
	data := sealed()
	if err := b.ReadFrom(data); err != nil {
		t.Fatal(err)
	}
	if b.Magic != 2 || int(b.Length)+12 != len(data) || b.Attributes != Transactional || b.LastOffsetDelta != 1 ||
		b.ProducerID != 1000 || b.ProducerEpoch != 3 || b.FirstSequence != 7 || b.NumRecords != 2 {
		t.Errorf("Kafka reads %+v", b)
	}
	if sum := crc32.Checksum(data[21:], crc32.MakeTable(crc32.Castagnoli)); uint32(b.CRC) != sum {
		t.Errorf("its checksum is %x, want %x", b.CRC, sum)
	}
	var first kmsg.Record
	size, n := binary.Varint(b.Records)
	if err := first.ReadFrom(b.Records[:n+int(size)]); err != nil {
		t.Fatal(err)
	}
	if string(first.Key) != "k" || len(first.Headers) != 1 || first.Headers[0].Key != OriginKey {
		t.Errorf("Kafka reads the record %+v", first)
	}
	if b.FirstTimestamp != 1000 || b.MaxTimestamp != 1000 {
		t.Errorf("it is from %d to %d, and its second record is the earlier one", b.FirstTimestamp, b.MaxTimestamp)
	}
	origin, count := Origin(first.Headers[0].Value)
	if Value(first.Value) != 7 || origin != (record.Origin{Partition: 5, Offset: 9}) || count != 3 {
		t.Errorf("the record is %d for %d from %s", Value(first.Value), count, origin)
	}
	var marker kmsg.RecordBatch
	data = Marker(1000, 3, true, 9, 0)
	if err := marker.ReadFrom(data); err != nil {
		t.Fatal(err)
	}
	size, n = binary.Varint(marker.Records)
	if n+int(size) != len(marker.Records) {
		t.Errorf("a marker says that its record has %d bytes, and it has %d", size, len(marker.Records)-n)
	}
	var end kmsg.Record
	if err := end.ReadFrom(marker.Records); err != nil {
		t.Fatal(err)
	}
	if want := []byte{0, 0, 0, 1}; !bytes.Equal(end.Key, want) || binary.BigEndian.Uint32(end.Value[2:]) != 9 {
		t.Errorf("Kafka reads the marker %x = %x", end.Key, end.Value)
	}
}

// Other programs write to topics too.
func TestWhatIsNotOursStandsForItself(t *testing.T) {
	for _, bytes := range []string{"", "1234567", "123456789"} {
		if v := Value([]byte(bytes)); v != 0 {
			t.Errorf("value %q is %d", bytes, v)
		}
		if origin, count := Origin([]byte(bytes)); origin != (record.Origin{}) || count != 1 {
			t.Errorf("header %q is %s for %d", bytes, origin, count)
		}
	}
}
