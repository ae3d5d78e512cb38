package broker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// unreachable is a cluster that listens nowhere, and a client of it.
func unreachable(t *testing.T) (*Server, *conn) {
	s, err := newServer(Config{Kafka: kafka.Config{Brokers: 1}, Topics: []Topic{{"out", 2}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(func(*kafka.Cluster) { s.Boot(0) })
	return s, s.join(0, nobody())
}

// leaves ends the client and the cluster, which must not have failed.
func leaves(t *testing.T, s *Server, c *conn) {
	s.part(c)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// hears is the answer to a request, nil if it is not there at once.
func (c *conn) hears(req kmsg.Request) kmsg.Response {
	c.s.ask(c, request{Request: req})
	select {
	case resp := <-c.answers:
		return resp
	default:
		return nil
	}
}

// Whatever comes over a connection is answered, or refused. What is answered can be read by a client.
func FuzzRequest(f *testing.F) {
	for _, data := range hostile() {
		f.Add(data)
	}
	f.Add(frame(produce(-1, batch()), 9, 1))
	for key := range int16(kmsg.MaxKey + 1) {
		if req := kmsg.RequestForKey(key); req != nil {
			for version := range req.MaxVersion() + 1 {
				f.Add(frame(kmsg.RequestForKey(key), version, 1))
			}
		}
	}
	f.Add(frame(fetch(1000), 11, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, c := unreachable(t)
		defer leaves(t, s, c)
		for r := bufio.NewReader(bytes.NewReader(data)); ; {
			frame, err := readFrame(r, nil)
			if err != nil {
				return
			}
			if cap(frame) > len(data)+2*chunkBytes {
				t.Errorf("for a frame of %d bytes there are %d", len(frame), cap(frame))
			}
			req, err := decode(frame)
			if err != nil {
				return
			}
			resp := c.hears(req.Request)
			if resp == nil {
				return
			}
			bytes := appendResponse(nil, req.corr, resp)
			if int(binary.BigEndian.Uint32(bytes))+4 != len(bytes) {
				t.Errorf("an answer of %d bytes announces %x", len(bytes), bytes[:4])
			}
			again := kmsg.ResponseForKey(resp.Key())
			again.SetVersion(resp.GetVersion())
			body := bytes[8:]
			if again.IsFlexible() && kmsg.Key(again.Key()) != kmsg.ApiVersions {
				body = body[1:]
			}
			if err := again.ReadFrom(body); err != nil {
				t.Errorf("%s version %d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err)
			}
		}
	})
}

// Whatever is sent as records is stored as it came, or refused. What is stored can be looked into and read.
func FuzzBatches(f *testing.F) {
	f.Add(batch(), true)
	f.Add(append(batch(), batch()...), false)
	begins := [][]byte{nil, bomb(1 << 20), []byte(xerial), {0x04, 0x22, 0x4d, 0x18}, {0x28, 0xb5, 0x2f, 0xfd, 0, 0}, {3, 8, 1, 2, 3}}
	for codec, records := range begins { // each begins as its codec does
		b := append(batch(), records...)
		b[22] = byte(codec)
		f.Add(b, true)
	}
	for _, packed := range packed(f) {
		f.Add(packed, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, mend bool) {
		if mend && len(data) > recordbatch.HeaderSize { // else few get further than the checksum
			binary.BigEndian.PutUint32(data[8:], uint32(len(data)-12))
			binary.BigEndian.PutUint32(data[17:], recordbatch.Checksum(data))
		}
		s, c := unreachable(t)
		defer leaves(t, s, c)
		req := produce(-1, bytes.Clone(data))
		req.Version = 9
		resp, _ := c.hears(req).(*kmsg.ProduceResponse)
		if resp == nil {
			t.Fatal("a produce request is not answered at once")
		}
		list := kmsg.NewPtrListOffsetsRequest()
		list.Version = 6
		topic := kmsg.NewListOffsetsRequestTopic()
		topic.Topic = "out"
		part := kmsg.NewListOffsetsRequestTopicPartition()
		part.Timestamp = 2
		topic.Partitions = append(topic.Partitions, part)
		list.Topics = append(list.Topics, topic)
		c.hears(list)
		get := fetch(0)
		get.Version = 11
		got, _ := c.hears(get).(*kmsg.FetchResponse)
		if got == nil {
			t.Fatal("a fetch is not answered at once")
		}
		stored := got.Topics[0].Partitions[0].RecordBatches
		if resp.Topics[0].Partitions[0].ErrorCode != 0 {
			if len(stored) > 0 {
				t.Errorf("%d bytes of a batch that was refused are there", len(stored))
			}
			return
		}
		if len(stored) != len(data) || !bytes.Equal(stored[16:], data[16:]) {
			t.Errorf("%x was stored as %x", data, stored)
		}
		s.Do(func(c *kafka.Cluster) {
			for range c.Dump("out") {
			}
		})
	})
}

// packed are good batches of each codec, as a client makes them.
func packed(f *testing.F) (all [][]byte) {
	l := start(f, Config{Kafka: kafka.Config{Brokers: 1}})
	codecs := []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	for _, codec := range codecs {
		opts := []kgo.Opt{kgo.ProducerBatchCompression(codec), kgo.DisableIdempotentWrite(), kgo.RecordPartitioner(kgo.ManualPartitioner())}
		l.produce(l.client(opts...), 0, 50)
	}
	s, c := l.Server, l.join(0, nobody())
	defer s.part(c)
	req := fetch(0)
	req.Version = 11
	data := c.hears(req).(*kmsg.FetchResponse).Topics[0].Partitions[0].RecordBatches
	for len(data) > 0 {
		size := 12 + binary.BigEndian.Uint32(data[8:])
		all = append(all, bytes.Clone(data[:size]))
		data = data[size:]
	}
	return all
}

// nobody is a connection whose other end has gone.
func nobody() net.Conn {
	mine, theirs := net.Pipe()
	mine.Close()
	return theirs
}
