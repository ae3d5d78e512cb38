package broker

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs, as Kafka numbers them.
const (
	codecGzip   = 1
	codecSnappy = 2
	codecLZ4    = 3
	codecZstd   = 4
)

// unpackedBytesMax is how long the records of a batch may be: many times what a batch may have before it is packed.
const unpackedBytesMax = 64 << 20

var (
	errBomb  = fmt.Errorf("unpack records: they are longer than %d bytes", unpackedBytesMax)
	errCodec = errors.New("unpack records: they are damaged, or of another codec than the batch says")
)

// unpacker unpacks the records of compressed batches. What it returns is valid until it is asked again.
type unpacker struct {
	buf  []byte
	gzip gzip.Reader
	lz4  *lz4.Reader
	zstd *zstd.Decoder
}

func (u *unpacker) unpack(codec int16, records []byte) ([]byte, error) {
	var err error
	switch codec {
	case codecGzip:
		if err = u.gzip.Reset(bytes.NewReader(records)); err == nil {
			err = u.stream(&u.gzip)
		}
	case codecSnappy:
		err = u.snappy(records)
	case codecLZ4:
		if u.lz4 == nil {
			u.lz4 = lz4.NewReader(nil)
		}
		u.lz4.Reset(bytes.NewReader(records))
		err = u.stream(u.lz4)
	case codecZstd:
		if u.zstd == nil {
			if u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(unpackedBytesMax)); err != nil {
				return nil, err
			}
		}
		u.buf, err = u.zstd.DecodeAll(records, u.buf[:0])
	default:
		err = errCodec
	}
	unpacked := u.buf
	if cap(u.buf) > spareBytes {
		u.buf = nil
	}
	return unpacked, err
}

// stream reads all that a reader has, up to the bound.
func (u *unpacker) stream(r io.Reader) error {
	out := bytes.NewBuffer(u.buf[:0])
	n, err := out.ReadFrom(io.LimitReader(r, unpackedBytesMax+1))
	u.buf = out.Bytes()
	if n > unpackedBytesMax {
		return errBomb
	}
	return err
}

// xerial is what the Java client puts before snappy: its name, a version, and the oldest version that can read it. Blocks
// follow, each behind its length.
const (
	xerial          = "\x82SNAPPY\x00"
	xerialHeadBytes = len(xerial) + 4 + 4
)

func (u *unpacker) snappy(records []byte) error {
	u.buf = u.buf[:0]
	if !bytes.HasPrefix(records, []byte(xerial)) {
		return u.block(records)
	}
	if len(records) < xerialHeadBytes {
		return errCodec
	}
	for rest := records[xerialHeadBytes:]; len(rest) > 0; {
		if len(rest) < 4 {
			return errCodec
		}
		size := binary.BigEndian.Uint32(rest)
		if rest = rest[4:]; uint64(size) > uint64(len(rest)) {
			return errCodec
		}
		if err := u.block(rest[:size]); err != nil {
			return err
		}
		rest = rest[size:]
	}
	return nil
}

// block appends what a block of snappy unpacks to.
func (u *unpacker) block(packed []byte) error {
	n, err := s2.DecodedLen(packed)
	if err != nil {
		return err
	}
	at := len(u.buf)
	if n > unpackedBytesMax-at {
		return errBomb
	}
	if cap(u.buf) < at+n {
		u.buf = append(make([]byte, 0, max(at+n, 2*at)), u.buf...)
	}
	u.buf = u.buf[:at+n]
	_, err = s2.Decode(u.buf[at:], packed)
	return err
}
