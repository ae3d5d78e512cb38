package recordbatch

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Any bytes can be a key and a value, and none is not the same as an empty one.
func TestRawRecordsAreReadBack(t *testing.T) {
	var b Builder
	b.AddRaw([]byte("k"), []byte("v"), 2000)
	b.AddRaw([]byte("gone"), nil, 1000)
	b.AddRaw(nil, []byte{}, 3000)
	var batch kmsg.RecordBatch
	if err := batch.ReadFrom(b.Seal(0, -1, -1, -1)); err != nil {
		t.Fatal(err)
	}
	if batch.NumRecords != 3 || batch.FirstTimestamp != 2000 || batch.MaxTimestamp != 3000 {
		t.Errorf("Kafka reads %+v", batch)
	}
	rest := batch.Records
	for i, want := range []kmsg.Record{
		{Key: []byte("k"), Value: []byte("v")},
		{Key: []byte("gone"), TimestampDelta64: -1000, OffsetDelta: 1},
		{Key: []byte{}, Value: []byte{}, TimestampDelta64: 1000, OffsetDelta: 2},
	} {
		var r kmsg.Record
		if err := r.ReadFrom(rest); err != nil {
			t.Fatal(err)
		}
		if string(r.Key) != string(want.Key) || string(r.Value) != string(want.Value) || (r.Value == nil) != (want.Value == nil) ||
			r.TimestampDelta64 != want.TimestampDelta64 || r.OffsetDelta != want.OffsetDelta {
			t.Errorf("record %d: Kafka reads %+v, want %+v", i, r, want)
		}
		rest = rest[1+int(r.Length):] // the length of each is one byte
	}
}
