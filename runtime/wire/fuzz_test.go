package wire

import (
	"bytes"
	"runtime/metrics"
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Whatever the bytes are, reading them ends in a message or an error, and takes no more memory than they are
// worth: one byte can stand for at most one element of a list, and no element is larger than this.
const bytesPerByte = 512

func FuzzDecode(f *testing.F) {
	for _, prototype := range messages {
		for _, m := range []mailbox.Msg{filled(f, prototype), empty(f, prototype)} {
			data, err := Encode(m)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
			f.Add(data[:2*len(data)/3])
		}
	}
	for _, hostile := range [][]byte{
		frame(mailbox.Started{}, "\x5b\x00\xff\xff\xff\xff\xff\xff\xff"),                    // bytes without end
		frame(SubmitTask{}, operators),                                                      // a list without end
		frame(Fenced{}, "\x82\x61t\x4a\x82\x04\x82\x61t\x44\x82\x04\x82\x60\x40"),           // a call in a call
		frame(TriggerCheckpoint{}, "\xa1\x69Timestamp\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"), // a year of twelve digits
		frame(Buffer{}, "\xa1\x67Records\xa2\x64Data\x41\x80\x61N\x01"),                     // a record that is not whole
		[]byte("\x9f\x00\xa0\xff"),                                                          // an array that does not say how long it is
	} {
		f.Add(hostile)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := allocated()
		m, err := Decode(data)
		if took := allocated() - before; took > bytesPerByte*uint64(len(data))+1<<20 {
			t.Fatalf("%d bytes took %d bytes of memory", len(data), took)
		}
		if err != nil {
			if m != nil || err.Error() == "" {
				t.Fatalf("%v with %q", m, err)
			}
			return
		}
		once, err := Encode(m)
		if err != nil {
			t.Fatalf("%+v was decoded, and does not encode: %v", m, err)
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%+v was decoded, encoded, and does not decode: %v", m, err)
		}
		twice, err := Encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%+v became %+v; %v", m, again, err)
		}
	})
}

// operators begins the body of a SubmitTask whose chain has a million operators, less one.
const operators = "\xa1\x64Task\xa1\x65Chain" + million

const million = "\x9a\x00\x0f\xff\xff"

// A megabyte in which every byte is an element of a list is the worst there is.
func TestAHostileListTakesLittleMemory(t *testing.T) {
	elements := bytes.Repeat([]byte{0xf6}, 1<<20-1)
	for _, head := range [][]byte{
		frame(SubmitTask{}, operators),
		frame(SubmitTask{}, "\xa1\x64Task\xa1\x66Inputs"+million),
		frame(SubmitJob{}, "\xa1\x63Job\xa1\x68Vertices"+million),
		frame(HeartbeatFromJobMaster{}, "\xa1\x68Attempts"+million),
		frame(AcknowledgeCheckpoint{}, "\xa1\x65State\xa1\x69Operators"+million),
	} {
		data := append(head, elements...)
		before := allocated()
		m, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		took := allocated() - before
		t.Logf("%s: %d bytes of memory per byte", m.Word(), took/uint64(len(data)))
		if took > bytesPerByte*uint64(len(data)) {
			t.Errorf("%s: %d bytes took %d bytes of memory", m.Word(), len(data), took)
		}
	}
}

// allocated is how many bytes this process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// What dominates the wire: a full network buffer, and a heartbeat.
func BenchmarkCodec(b *testing.B) {
	full := Buffer{Seq: 7}
	for full.Records.Size() < 32<<10 {
		full.Records.Append(record.Record{Key: []byte("customer-42"), Value: 100, Count: 1, Time: 1_700_000_000_000, Origin: record.Origin{Partition: 3, Offset: 1 << 20}})
	}
	for _, m := range []mailbox.Msg{full, filled(b, HeartbeatFromJobMaster{})} {
		b.Run(m.Word(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := Encode(m)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Decode(data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
