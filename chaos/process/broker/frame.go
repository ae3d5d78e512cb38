package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Every request and response is behind its size, an int32.
const (
	produceBytesMax = 100 << 20 // socket.request.max.bytes
	otherBytesMax   = 1 << 20   // of requests without records: as long as the longest record (message.max.bytes)
	chunkBytes      = 256 << 10
	headerBytesMin  = 2 + 2 + 4 // key, version, correlation id
)

// advice is for those whose first bytes are no size.
const advice = "does the client speak Kafka, without TLS?"

// readFrame reads one request without its size, into buf if it has room. Memory is taken as bytes arrive, not as the
// size promises them.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, error) {
	head, err := r.Peek(4 + headerBytesMin)
	if err != nil && len(head) > 0 && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && len(head) < 4 {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(head))
	if size < headerBytesMin {
		return nil, fmt.Errorf("read a request: it announces %d bytes, and none is so short; %s", size, advice)
	}
	if err != nil {
		return nil, err
	}
	most := otherBytesMax
	if kmsg.Key(binary.BigEndian.Uint16(head[4:])) == kmsg.Produce {
		most = produceBytesMax
	}
	if int(size) > most {
		return nil, fmt.Errorf("read a request: it announces %d bytes, at most %d are allowed; %s", size, most, advice)
	}
	r.Discard(4) // they have been peeked at
	buf = buf[:0]
	for len(buf) < int(size) {
		at := len(buf)
		more := min(int(size)-at, max(at, cap(buf)-at, chunkBytes))
		buf = slices.Grow(buf, more)[:at+more]
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return nil, fmt.Errorf("read a request of %d bytes: %w", size, err)
		}
	}
	return buf, nil
}

// appendResponse appends a response with its size.
func appendResponse(to []byte, corr int32, resp kmsg.Response) []byte {
	at := len(to)
	to = append(to, 0, 0, 0, 0)
	to = binary.BigEndian.AppendUint32(to, uint32(corr))
	if resp.IsFlexible() && kmsg.Key(resp.Key()) != kmsg.ApiVersions { // which a client must be able to read in any version
		to = append(to, 0) // no tags
	}
	to = resp.AppendTo(to)
	binary.BigEndian.PutUint32(to[at:], uint32(len(to)-at-4))
	return to
}
