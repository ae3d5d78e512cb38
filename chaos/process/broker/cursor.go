package broker

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// cursor goes over the bytes of a request and takes no memory. Once something does not fit it is bad, and stays so.
type cursor struct {
	data []byte
	bad  bool
}

// skip goes on by some bytes, and returns them.
func (c *cursor) skip(n int) []byte {
	if n < 0 || n > len(c.data) {
		c.data, c.bad = nil, true
		return nil
	}
	skipped := c.data[:n]
	c.data = c.data[n:]
	return skipped
}

func (c *cursor) uvarint() int {
	v, n := binary.Uvarint(c.data)
	if n <= 0 || v > 1<<31-1 {
		c.data, c.bad = nil, true
		return 0
	}
	c.data = c.data[n:]
	return int(v)
}

// length is that of a text, of bytes or of an array, of which size says how wide the number is; -1 is null.
func (c *cursor) length(size int, compact bool) int {
	if compact {
		return c.uvarint() - 1
	}
	d := c.skip(size)
	if c.bad {
		return 0
	}
	if size == 2 {
		return int(int16(binary.BigEndian.Uint16(d)))
	}
	return int(int32(binary.BigEndian.Uint32(d)))
}

func (c *cursor) text(compact bool) []byte  { return c.skip(max(c.length(2, compact), 0)) }
func (c *cursor) bytes(compact bool) []byte { return c.skip(max(c.length(4, compact), 0)) }

// tags are what later versions add to a flexible structure.
func (c *cursor) tags() {
	for n := c.uvarint(); n > 0 && !c.bad; n-- {
		c.uvarint()
		c.skip(c.uvarint())
	}
}

// partsMax is how many topics and partitions a produce request may have.
const partsMax = 1 << 16

// produce goes over a produce request, the only one that may be long, before memory is taken for what it announces.
func (c *cursor) produce(version int16) {
	req := kmsg.ProduceRequest{Version: version}
	compact := req.IsFlexible()
	if version >= 3 {
		c.text(compact) // the transactional id
	}
	c.skip(2 + 4) // acks and timeout
	parts := 0
	for topics := c.length(4, compact); topics > 0 && !c.bad; topics-- {
		if version >= 13 {
			c.skip(16) // the topic's id
		} else {
			c.text(compact)
		}
		partitions := c.length(4, compact)
		if parts += 1 + max(partitions, 0); parts > partsMax {
			c.bad = true
		}
		for ; partitions > 0 && !c.bad; partitions-- {
			c.skip(4)
			c.bytes(compact)
			if compact {
				c.tags()
			}
		}
		if compact {
			c.tags()
		}
	}
}
