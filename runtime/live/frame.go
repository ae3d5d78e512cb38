package live

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// A frame is
//
//	length uint32 | CRC-32C uint32 | body of that length
//
// and the body of the first frame of a connection is a greeting; those of all others are mail:
//
//	greeting: "flinch" | version byte | name of the process that dials
//	mail:     from, to (each a uvarint length and text) | message, as package wire has it
const (
	magic     = "flinch"
	version   = 1
	headBytes = 8
	bodyMax   = 64 << 20 // more than the largest object that travels
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is what a frame ends with that is not as it was sent.
var errDamaged = errors.New("the frame is damaged")

// appendFrame appends a frame with a body.
func appendFrame(to, body []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(body)))
	to = binary.BigEndian.AppendUint32(to, crc32.Checksum(body, castagnoli))
	return append(to, body...)
}

// readFrame reads one body. Memory is taken as bytes arrive, not as a length promises them.
func readFrame(r *bufio.Reader) ([]byte, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > bodyMax {
		return nil, fmt.Errorf("read a frame of %d bytes: at most %d are allowed; is the other side a Flinch process?", n, bodyMax)
	}
	body := make([]byte, 0, min(n, 64<<10))
	for len(body) < int(n) {
		at := len(body)
		body = append(body, make([]byte, min(int(n)-at, max(at, 64<<10)))...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			return nil, fmt.Errorf("read a frame of %d bytes: %w", n, noEOF(err))
		}
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, fmt.Errorf("read a frame of %d bytes: its checksum is wrong: %w", n, errDamaged)
	}
	return body, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func greeting(process string) []byte { return append(append([]byte(magic), version), process...) }

// readGreeting returns who dials.
func readGreeting(body []byte) (process string, err error) {
	rest, ok := bytes.CutPrefix(body, []byte(magic))
	switch {
	case !ok || len(rest) == 0:
		return "", fmt.Errorf("read the greeting of a connection: it is no Flinch process that dials here")
	case rest[0] != version:
		return "", fmt.Errorf("read the greeting of a connection: the process that dials speaks version %d and the one that listens %d; run the same release on both", rest[0], version)
	case len(rest) == 1:
		return "", fmt.Errorf("read the greeting of a connection: it does not say which process dials")
	}
	return string(rest[1:]), nil
}

// letter is one piece of mail between two processes.
type letter struct {
	from, to mailbox.Addr
	m        mailbox.Msg
}

func (l letter) encode() ([]byte, error) {
	m, err := wire.Encode(l.m)
	if err != nil {
		return nil, err
	}
	body := make([]byte, 0, len(l.from)+len(l.to)+len(m)+8)
	for _, addr := range []mailbox.Addr{l.from, l.to} {
		body = binary.AppendUvarint(body, uint64(len(addr)))
		body = append(body, addr...)
	}
	return append(body, m...), nil
}

func decodeLetter(body []byte) (l letter, err error) {
	for _, addr := range []*mailbox.Addr{&l.from, &l.to} {
		n, size := binary.Uvarint(body)
		if size <= 0 || n > uint64(len(body)-size) || n == 0 {
			return letter{}, fmt.Errorf("read mail: an address is cut off: %w", errDamaged)
		}
		*addr = mailbox.Addr(body[size : size+int(n)])
		body = body[size+int(n):]
	}
	l.m, err = wire.Decode(body)
	return l, err
}
