package broker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// A size that is too large is refused before anything is read, and one that may be is not believed until the bytes are
// there.
func TestASizeIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		req  []byte
		size int32
		want string
	}{
		{frame(fetch(0), 11, 1), otherBytesMax + 1, "at most 1048576 are allowed"},
		{frame(produce(-1, nil), 9, 1), produceBytesMax + 1, "at most 104857600 are allowed"},
		{frame(produce(-1, nil), 9, 1), produceBytesMax, "unexpected EOF"},
	} {
		binary.BigEndian.PutUint32(c.req, uint32(c.size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readFrame(bufio.NewReader(bytes.NewReader(c.req)), nil)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d bytes: %v, want %q", c.size, err, c.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4*chunkBytes {
			t.Errorf("for %d bytes that were announced %d are taken", c.size, took)
		}
	}
}

// Little that unpacks to too much is refused, whatever it is packed with, and memory for it is not kept.
func TestBombs(t *testing.T) {
	zeros := make([]byte, unpackedBytesMax+1)
	var framed bytes.Buffer
	w := lz4.NewWriter(&framed)
	w.Write(zeros)
	w.Close()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	half := s2.EncodeSnappy(nil, zeros[:unpackedBytesMax/2+1])
	block := append(binary.BigEndian.AppendUint32(nil, uint32(len(half))), half...)
	twice := append(append([]byte(xerial+"\x00\x00\x00\x01\x00\x00\x00\x01"), block...), block...)
	for name, c := range map[string]struct {
		codec int16
		data  []byte
	}{
		"gzip":   {codecGzip, bomb(len(zeros))},
		"snappy": {codecSnappy, s2.EncodeSnappy(nil, zeros)},
		"xerial": {codecSnappy, twice},
		"lz4":    {codecLZ4, framed.Bytes()},
		"zstd":   {codecZstd, z.EncodeAll(zeros, nil)},
	} {
		u := &unpacker{}
		if _, err := u.unpack(c.codec, c.data); err == nil {
			t.Errorf("%s: %d bytes that unpack to %d were unpacked", name, len(c.data), len(zeros))
		}
		if cap(u.buf) > spareBytes {
			t.Errorf("%s: %d bytes are kept", name, cap(u.buf))
		}
	}
	z.Close()
}

// strange is mail that no broker understands: it would end the server.
type strange struct{}

func (strange) Word() string { return "strange" }

// A broker dies, and is back when a timer rings that it had set before: it is not the one to hear it.
func TestTimersDieWithTheirBroker(t *testing.T) {
	l := start(t, Config{RestartAfter: time.Millisecond})
	var last *actor
	rang := make(chan bool)
	l.Do(func(*kafka.Cluster) {
		last = l.actors[kafka.Addr(0)]
		last.After(20*time.Millisecond, strange{})
		l.host.(*alone).kill(0)
		l.after(30*time.Millisecond, &timer{do: func() { close(rang) }})
	})
	select {
	case <-rang:
	case <-l.Done():
	}
	l.Do(func(*kafka.Cluster) {
		if now := l.actors[kafka.Addr(0)]; now == nil || now == last {
			t.Error("the broker is not back")
		}
	})
	l.must(l.Err())
}

// A fault strikes a broker at a step that it notes: what it would have done after that step never leaves it.
func TestWhatABrokerHadYetToSayDiesWithIt(t *testing.T) {
	f, err := fault.Parse("kafka.broker.kill @txn.preparecommit target=name:kafka-0")
	if err != nil {
		t.Fatal(err)
	}
	l := start(t, Config{Faults: []fault.Fault{f}})
	l.Do(func(*kafka.Cluster) {
		broker := l.actors[kafka.Addr(0)]
		broker.Note(history.Transaction{ID: "sink", State: "PrepareCommit"})
		broker.Send(kafka.Addr(1), strange{})
	})
	l.must(l.Err())
	l.Do(func(*kafka.Cluster) {
		if l.actors[kafka.Addr(0)] != nil {
			t.Error("the broker lives")
		}
	})
}
