package record

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// orders is a handful of records, with every kind of value that the encoding has to get right.
var orders = []Record{
	{Key: []byte("customer-1"), Value: 100, Count: 1, Time: 1_700_000_000_000, Origin: Origin{3, 41}},
	{Key: []byte{}, Value: -1, Count: 0, Time: MinTime, Origin: Origin{0, 0}},
	{Key: []byte("k"), Value: math.MinInt64, Count: math.MaxInt64, Time: MaxTime, Origin: Origin{math.MaxInt32, math.MaxInt64}},
	{Key: bytes.Repeat([]byte("long"), 100), Value: math.MaxInt64, Count: math.MinInt64, Time: -1, Origin: Origin{math.MinInt32, math.MinInt64}},
}

func batchOf(records ...Record) Batch {
	var b Batch
	for _, r := range records {
		b.Append(r)
	}
	return b
}

// text is what a batch holds, in words.
func text(b Batch) string {
	var all []string
	for r := range b.All() {
		all = append(all, fmt.Sprintf("%q=%d*%d at %d from %s", r.Key, r.Value, r.Count, r.Time, r.Origin))
	}
	return strings.Join(all, "\n")
}

func TestRecordsComeOutAsTheyWentIn(t *testing.T) {
	b := batchOf(orders...)
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	if b.Len() != len(orders) || b.Size() != len(b.Data) {
		t.Errorf("a batch of %d records has length %d; of %d bytes, size %d", len(orders), b.Len(), len(b.Data), b.Size())
	}
	i := 0
	for r := range b.All() {
		if want := orders[i]; !bytes.Equal(r.Key, want.Key) || r.Value != want.Value || r.Count != want.Count || r.Time != want.Time || r.Origin != want.Origin {
			t.Errorf("record %d is %+v, want %+v", i, r, want)
		}
		i++
	}
	if i != len(orders) {
		t.Errorf("%d records came out of %d", i, len(orders))
	}
}

// The zero Batch is empty, and whole.
func TestTheZeroBatchIsEmpty(t *testing.T) {
	var b Batch
	if err := b.Check(); err != nil || b.Len() != 0 || b.Size() != 0 || text(b) != "" {
		t.Errorf("it has %d records in %d bytes, %q; %v", b.Len(), b.Size(), text(b), err)
	}
}

// A task stops in the middle of a buffer, for a barrier or for back-pressure, and goes on from there.
func TestAReaderStopsAndGoesOn(t *testing.T) {
	r := batchOf(orders...).Reader()
	var values []int64
	for len(values) < 2 && r.Next() {
		values = append(values, r.Value)
	}
	later := r
	for later.Next() {
		values = append(values, later.Value)
	}
	if want := []int64{100, -1, math.MinInt64, math.MaxInt64}; !slices.Equal(values, want) {
		t.Errorf("read %d, want %d", values, want)
	}
	if later.Next() {
		t.Error("there was a record after the last")
	}
	for range batchOf(orders...).All() {
		break // a loop may stop too
	}
}

// Rows are filled one after the other, the last as far as there is something.
func TestAReaderFillsRows(t *testing.T) {
	r := batchOf(orders...).Reader()
	row := make([]Record, 3)
	for _, want := range [][]int64{{100, -1, math.MinInt64}, {math.MaxInt64}, nil} {
		var values []int64
		for _, rec := range row[:r.Fill(row)] {
			values = append(values, rec.Value)
		}
		if !slices.Equal(values, want) {
			t.Errorf("a row has %d, want %d", values, want)
		}
	}
}

// A batch that was sent is read elsewhere while the next one is being built: they share nothing, and a record
// that is iterated over is a view, not a copy.
func TestAKeyIsAView(t *testing.T) {
	key := []byte("aaaa")
	b := batchOf(Record{Key: key})
	copy(key, "bbbb")
	r := b.Reader()
	r.Next()
	if string(r.Key) != "aaaa" {
		t.Errorf("the batch followed its key's owner: %q", r.Key)
	}
	if n := testing.AllocsPerRun(10, func() {
		for r := b.Reader(); r.Next(); {
			_ = r.Key
		}
	}); n != 0 {
		t.Errorf("reading a batch allocates %.0f times", n)
	}
}

// Bytes that came from outside are looked at before they are believed: a reader would only stop early.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	whole := batchOf(orders[:2]...)
	far := batchOf(orders[0])
	far.Data = append(far.Data[:len(far.Data)-2], "\x80\x80\x80\x80\x20\x52"...) // the partition does not fit 32 bits
	for _, c := range []struct {
		why  string
		b    Batch
		want string
	}{
		{"cut short", Batch{whole.Data[:len(whole.Data)-1], 2}, "decode a batch of 2 records: at 22 of 35 bytes there is no whole record"},
		{"fewer than announced", Batch{whole.Data, 3}, "decode a batch of 3 records: there are 2"},
		{"more than announced", Batch{whole.Data, 1}, "decode a batch of 1 records: there are 2"},
		{"less than none", Batch{nil, -1}, "decode a batch of -1 records: there are 0"},
		{"a key without end", Batch{[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x7fkey"), 1}, "decode a batch of 1 records: at 0 of 12 bytes there is no whole record"},
		{"a length without end", Batch{bytes.Repeat([]byte{0xff}, 30), 1}, "decode a batch of 1 records: at 0 of 30 bytes there is no whole record"},
		{"a partition that is none", far, "decode a batch of 1 records: at 0 of 26 bytes there is no whole record"},
	} {
		if err := c.b.Check(); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.why, err, c.want)
		}
	}
}

// Whatever the bytes are, reading them ends; and what passes the check is as many records as announced, which
// are written and read again without change.
func FuzzBatch(f *testing.F) {
	f.Add([]byte{}, 0)
	for i := range orders {
		b := batchOf(orders[:i+1]...)
		f.Add(b.Data, b.N)
		f.Add(b.Data[:len(b.Data)-1], b.N)
	}
	f.Add([]byte("\x80\x00\x80\x00\x80\x00\x80\x00\x80\x00\x80\x00"), 1) // zeros, each a byte too long
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		b := Batch{data, n}
		var again Batch
		for r := range b.All() {
			again.Append(r)
		}
		if b.Check() != nil {
			return
		}
		if again.N != n || text(again) != text(b) {
			t.Fatalf("%d records became %d:\n%s\n%s", n, again.N, text(b), text(again))
		}
		if err := again.Check(); err != nil || len(again.Data) > len(data) {
			t.Fatalf("%d bytes became %d; %v", len(data), len(again.Data), err)
		}
	})
}

const bufferBytes = 32 << 10 // taskmanager.memory.segment-size

// BenchmarkAppend fills network buffers.
func BenchmarkAppend(b *testing.B) {
	records := workload()
	b.ReportAllocs()
	var buffer Batch
	n := 0
	for b.Loop() {
		buffer.Append(records[n%len(records)])
		if n++; buffer.Size() >= bufferBytes {
			buffer = Batch{}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkIterate reads one network buffer again and again.
func BenchmarkIterate(b *testing.B) {
	var buffer Batch
	records := workload()
	for i := 0; buffer.Size() < bufferBytes; i++ {
		buffer.Append(records[i%len(records)])
	}
	b.SetBytes(int64(buffer.Size()))
	b.ReportAllocs()
	var sum int64
	for b.Loop() {
		for r := buffer.Reader(); r.Next(); {
			sum += r.Value
		}
	}
	b.ReportMetric(float64(b.N)*float64(buffer.N)/b.Elapsed().Seconds(), "records/s")
	_ = sum
}

// workload is a thousand orders as a source reads them.
func workload() []Record {
	all := make([]Record, 1000)
	for i := range all {
		all[i] = Record{Key: fmt.Append(nil, "customer-", i), Value: int64(i), Count: 1, Time: EventTime(1_700_000_000_000 + i), Origin: Origin{int32(i % 8), int64(1_000_000 + i)}}
	}
	return all
}
