package broker

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// frame is a request as a client sends it.
func frame(req kmsg.Request, version int16, corr int32) []byte {
	req.SetVersion(version)
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID("story")).AppendRequest(nil, req, corr)
}

// dial is a client that writes bytes itself.
func (l *lab) dial() *net.TCPConn {
	l.t.Helper()
	nc, err := net.Dial("tcp", l.listeners[0].Addr().String())
	l.must(err)
	l.must(nc.SetDeadline(time.Now().Add(patience)))
	l.t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

// next reads an answer: its correlation id, and what follows.
func next(r io.Reader) (int32, []byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
	_, err := io.ReadFull(r, body)
	return int32(binary.BigEndian.Uint32(head[4:])), body, err
}

func fetch(wait int32) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = wait, 1, 1<<20
	t := kmsg.NewFetchRequestTopic()
	t.Topic = "out"
	p := kmsg.NewFetchRequestTopicPartition()
	p.PartitionMaxBytes = 1 << 20
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

func produce(acks int16, records []byte) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = acks, 1000
	t := kmsg.NewProduceRequestTopic()
	t.Topic = "out"
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = records
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

// batch is a good one.
func batch() []byte {
	var b recordbatch.Builder
	for i := range int64(3) {
		b.Add(&record.Record{Key: []byte("k"), Value: i, Count: 1, Time: record.EventTime(i)}, false)
	}
	return b.Seal(0, -1, -1, -1)
}

// once waits until something is so.
func once(t *testing.T, what string, is func() bool) {
	t.Helper()
	late, again := time.After(patience), time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-late:
			t.Fatalf("it does not come to pass that %s", what)
		case <-again.C:
		}
	}
}

func (l *lab) clients() (n int) {
	l.Do(func(*kafka.Cluster) { n = len(l.conns) })
	return n
}

// A client sends many requests without waiting. They are answered in order, also those behind one that waits.
func TestRequestsOnAConnectionAreAnsweredInOrder(t *testing.T) {
	l := start(t, Config{})
	nc := l.dial()
	var all []byte
	for corr := range int32(200) {
		switch corr % 4 {
		case 0:
			all = append(all, frame(fetch(20), 11, corr)...)
		case 1:
			all = append(all, frame(kmsg.NewPtrMetadataRequest(), 12, corr)...)
		case 2:
			all = append(all, frame(produce(-1, batch()), 9, corr)...)
		default:
			all = append(all, frame(kmsg.NewPtrApiVersionsRequest(), 3, corr)...)
		}
	}
	_, err := nc.Write(all)
	l.must(err)
	for want := range int32(200) {
		corr, _, err := next(nc)
		l.must(err)
		if corr != want {
			t.Fatalf("answer %d comes where %d belongs", corr, want)
		}
	}
}

// A client that is newer than the cluster asks in a version from the future. It is answered in the first version, which
// everybody can read.
func TestVersionsAreToldToClientsOfAnyVersion(t *testing.T) {
	l := start(t, Config{})
	for _, version := range []int16{99, -1} {
		nc := l.dial()
		f := frame(kmsg.NewPtrApiVersionsRequest(), 3, 7)
		binary.BigEndian.PutUint16(f[6:], uint16(version))
		_, err := nc.Write(f)
		l.must(err)
		corr, body, err := next(nc)
		l.must(err)
		var resp kmsg.ApiVersionsResponse
		if err := resp.ReadFrom(body); err != nil || corr != 7 || resp.ErrorCode != 35 {
			t.Errorf("version %d: answer %d is %+v (%v)", version, corr, resp, err)
		}
	}
}

// hostile is what no client sends. Each of them ends its connection.
func hostile() map[string][]byte {
	good := frame(produce(-1, batch()), 9, 1)
	size := func(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	with := func(f []byte, at int, b ...byte) []byte {
		f = bytes.Clone(f)
		copy(f[at:], b)
		return f
	}
	many := produce(-1, nil)
	many.Topics = make([]kmsg.ProduceRequestTopic, partsMax+1)
	arrays := frame(kmsg.NewPtrMetadataRequest(), 8, 1)
	tags := frame(kmsg.NewPtrMetadataRequest(), 9, 1)
	tags = append(tags[4:len(tags)-1], 0xff, 0xff, 0xff, 0xff, 0x0f)
	return map[string][]byte{
		"a web page is asked for": []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"TLS":                     []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaa"),
		"a negative size":         append(size(-1), good[4:]...),
		"the size 0":              append(size(0), good[4:]...),
		"a giant size":            append(size(1<<31-1), good[4:]...),
		"a large fetch":           append(size(64<<20), frame(fetch(0), 11, 1)[4:]...),
		"an unknown key":          with(good, 4, 0x7f, 0xff),
		"a negative key":          with(good, 4, 0xff, 0xff),
		"an unknown version":      with(good, 6, 0x00, 0x63),
		"an old version":          frame(fetch(0), 0, 1),
		"a giant client name":     with(good, 12, 0x7f, 0xff),
		"a giant array":           with(arrays, len(arrays)-7, 0x7f, 0xff, 0xff, 0xff),
		"too many topics":         frame(many, 9, 1),
		"a negative length":       with(good, len(good)-len(batch())-9, 0xff, 0xff, 0xff, 0xff),
		"only a header":           append(size(10), good[4:14]...),
		"giant tags":              append(size(int32(len(tags))), tags...),
		"nothing but tags":        append(size(20), append(bytes.Clone(good[4:19]), 0xff, 0xff, 0xff, 0xff, 0x0f)...),
	}
}

func TestWhatCannotBeReadEndsItsConnection(t *testing.T) {
	l := start(t, Config{})
	for name, data := range hostile() {
		t.Run(name, func(t *testing.T) {
			nc := l.dial()
			nc.Write(data)
			nc.CloseWrite() // a half-closed connection could still be answered, and one that has ended cannot be half-closed
			if corr, body, err := next(nc); err == nil {
				t.Errorf("answer %d: %x", corr, body)
			}
		})
	}
	l.produce(l.client(), 0, 100)
	l.reads(l.client(both()), 0, 100)
}

// What can be read and is wrong is answered with Kafka's own error, and the connection goes on.
func TestABadBatchIsRefusedByName(t *testing.T) {
	l := start(t, Config{})
	nc := l.dial()
	seal := func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[17:], recordbatch.Checksum(b))
		return b
	}
	packed := func(codec byte, records []byte) []byte {
		b := append(batch()[:recordbatch.HeaderSize], records...)
		b[22] = codec
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		return seal(b)
	}
	const corrupt, invalid = 2, 87
	for corr, c := range []struct {
		name    string
		records []byte
		code    int16
	}{
		{"a good one", batch(), 0},
		{"a wrong CRC", func() []byte { b := batch(); b[len(b)-1] ^= 1; return b }(), corrupt},
		{"cut off", batch()[:70], corrupt},
		{"nothing", nil, corrupt},
		{"a giant count", func() []byte {
			b := batch()
			binary.BigEndian.PutUint32(b[57:], 1<<31-1)
			binary.BigEndian.PutUint32(b[23:], 1<<31-2)
			return seal(b)
		}(), corrupt},
		{"a giant record", func() []byte { b := batch(); copy(b[61:], "\xff\xff\xff\xff\x0f"); return seal(b) }(), invalid},
		{"an offset twice", func() []byte { b := batch(); b[64] = 1 << 1; return seal(b) }(), invalid},
		{"gzip that is none", packed(codecGzip, []byte("no gzip")), corrupt},
		{"snappy of 4 GiB", packed(codecSnappy, []byte("\xff\xff\xff\xff\x0f\x00")), corrupt},
		{"xerial with a giant block", packed(codecSnappy, []byte(xerial+"\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff")), corrupt},
		{"lz4 that is none", packed(codecLZ4, []byte("no lz4")), corrupt},
		{"zstd that is none", packed(codecZstd, []byte("no zstd")), corrupt},
		{"an unknown codec", packed(5, []byte("what")), corrupt},
		{"a bomb", packed(codecGzip, bomb(unpackedBytesMax+1)), corrupt},
		{"another good one", batch(), 0},
	} {
		_, err := nc.Write(frame(produce(-1, c.records), 9, int32(corr)))
		l.must(err)
		_, body, err := next(nc)
		l.must(err)
		resp := kmsg.ProduceResponse{Version: 9}
		l.must(resp.ReadFrom(body[1:]))
		if code := resp.Topics[0].Partitions[0].ErrorCode; code != c.code {
			t.Errorf("%s: error %d, want %d", c.name, code, c.code)
		}
	}
}

// bomb is little that unpacks to much.
func bomb(unpackedBytes int) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(make([]byte, unpackedBytes))
	w.Close()
	return out.Bytes()
}

// A client asks for more and more, and reads nothing. It is not read from any more, and nobody else waits for it.
func TestASlowReaderHoldsUpNobodyElse(t *testing.T) {
	l := start(t, Config{})
	l.produce(l.client(kgo.ProducerBatchCompression(kgo.NoCompression())), 0, 20_000)
	slow := l.dial()
	l.must(slow.SetDeadline(time.Now().Add(time.Second)))
	ask := frame(fetch(0), 11, 1)
	for {
		if _, err := slow.Write(bytes.Repeat(ask, 1000)); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	l.reads(l.client(both()), 0, 20_000)
	l.Do(func(*kafka.Cluster) {
		if n := l.timers.Len(); n > 100 {
			t.Errorf("%d timers are set", n)
		}
	})
}

// A client goes while its fetch waits: nothing of it is left. When the server ends, nothing of the server is.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	l := start(t, Config{})
	for range 20 {
		nc := l.dial()
		_, err := nc.Write(frame(fetch(1<<31-1), 11, 1))
		l.must(err)
	}
	once(t, "20 clients are there", func() bool { return l.clients() == 20 })
	gone := l.dial()
	_, err := gone.Write(frame(fetch(1<<31-1), 11, 1))
	l.must(err)
	once(t, "one more is", func() bool { return l.clients() == 21 })
	gone.Close()
	once(t, "it is gone", func() bool { return l.clients() == 20 })
	l.must(l.Close())
	once(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

// Brokers have ports that follow each other. One that is taken, or that others could reach, is refused in a sentence.
func TestPorts(t *testing.T) {
	l := start(t, Config{Kafka: kafka.Config{Brokers: 1}})
	for at, want := range map[string]string{
		l.Addrs()[0]:      "another program has that port",
		"192.0.2.1:9092":  "add --allow-remote",
		":9092":           "name one of this machine",
		"127.0.0.1":       "write host:port",
		"127.0.0.1:65535": "begin at a lower one",
	} {
		if _, err := Start(Config{Listen: at}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", at, err, want)
		}
	}
	three := start(t, Config{})
	if all := three.Addrs(); len(all) != 3 || all[0] == all[1] {
		t.Errorf("three brokers are at %v", all)
	}
}
