package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// A message on the wire is a CBOR array [number of its type, body]. Messages inside messages (Fenced,
// Undeliverable) are byte strings of the same form. Encoding is deterministic: equal messages, equal bytes.

var (
	numbers = map[reflect.Type]uint64{}
	encMode cbor.UserBufferEncMode
	decMode cbor.DecMode
)

func init() {
	for n, m := range messages {
		numbers[reflect.TypeOf(m)] = uint64(n)
	}
	opts := cbor.CoreDetEncOptions()
	opts.Time = cbor.TimeRFC3339NanoUTC // one text for one moment
	var err error
	if encMode, err = opts.UserBufferEncMode(); err != nil {
		panic(err)
	}
	// Text may be any bytes, as in Go: the cause of a failure can quote what it could not read.
	decMode, err = cbor.DecOptions{MaxArrayElements: 1 << 20, MaxNestedLevels: 32, UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		panic(err)
	}
}

// pair begins a CBOR array of two.
const pair = 0x82

// nested is how a message with another one inside looks on the wire.
type nested struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Inner []byte
}

// Encode turns a message into bytes.
func Encode(m mailbox.Msg) ([]byte, error) {
	number, ok := numbers[reflect.TypeOf(m)]
	if !ok {
		return nil, fmt.Errorf("encode message %q: its type %T is not in wire.messages; add it there", m.Word(), m)
	}
	var body any = m
	switch m := m.(type) {
	case Fenced:
		inner, err := Encode(m.M)
		if err != nil {
			return nil, err
		}
		body = nested{Name: string(m.Token), Inner: inner}
	case mailbox.Undeliverable:
		inner, err := Encode(m.M)
		if err != nil {
			return nil, err
		}
		body = nested{Name: string(m.To), Inner: inner}
	}
	var b bytes.Buffer
	if s, ok := m.(mailbox.Sized); ok {
		b.Grow(s.Size() + 64)
	}
	b.WriteByte(pair)
	if err := errors.Join(encMode.MarshalToBuffer(number, &b), encMode.MarshalToBuffer(body, &b)); err != nil {
		return nil, fmt.Errorf("encode message %q: %w", m.Word(), err)
	}
	return b.Bytes(), nil
}

// Decode turns bytes back into a message. It accepts any bytes, and never panics.
func Decode(data []byte) (mailbox.Msg, error) { return decode(data, 0) }

func decode(data []byte, depth int) (mailbox.Msg, error) {
	if depth > 4 {
		return nil, fmt.Errorf("decode a message: more than 4 messages inside each other")
	}
	if len(data) == 0 || data[0] != pair {
		return nil, fmt.Errorf("decode a message of %d bytes: it is not a type and a body", len(data))
	}
	var number uint64
	body, err := decMode.UnmarshalFirst(data[1:], &number)
	if err != nil {
		return nil, fmt.Errorf("decode the type of a message of %d bytes: %w", len(data), err)
	}
	if number >= uint64(len(messages)) {
		return nil, fmt.Errorf("decode a message: type %d is not known here; the sender may be a newer version", number)
	}
	switch prototype := messages[number].(type) {
	case Fenced, mailbox.Undeliverable:
		var n nested
		if err := decMode.Unmarshal(body, &n); err != nil {
			return nil, fmt.Errorf("decode message %q: %w", prototype.Word(), err)
		}
		inner, err := decode(n.Inner, depth+1)
		if err != nil {
			return nil, err
		}
		if _, fenced := prototype.(Fenced); fenced {
			return Fenced{Token: id.Token(n.Name), M: inner}, nil
		}
		return mailbox.Undeliverable{To: mailbox.Addr(n.Name), M: inner}, nil
	default:
		into := reflect.New(reflect.TypeOf(prototype))
		if err := decMode.Unmarshal(body, into.Interface()); err != nil {
			return nil, fmt.Errorf("decode message %q: %w", prototype.Word(), err)
		}
		m := into.Elem().Interface().(mailbox.Msg)
		if c, ok := m.(checked); ok {
			if err := c.check(); err != nil {
				return nil, fmt.Errorf("decode message %q: %w", m.Word(), err)
			}
		}
		return m, nil
	}
}

// checked is a message with a part that CBOR cannot judge: nobody looks at it again before it is used.
type checked interface{ check() error }

func (b Buffer) check() error            { return errors.Join(b.Records.Check(), checkTime(b.Timestamp)) }
func (m KafkaFetched) check() error      { return m.Records.Check() }
func (m KafkaProduce) check() error      { return m.Records.Check() }
func (m TriggerCheckpoint) check() error { return checkTime(m.Timestamp) }

// checkTime refuses a time that could not be encoded again.
func checkTime(t time.Time) error {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("the year %d does not have four digits", year)
	}
	return nil
}

// Known says whether a message's type is on the list of those that may cross processes.
func Known(m mailbox.Msg) bool {
	_, ok := numbers[reflect.TypeOf(m)]
	return ok
}
