package wire

import (
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// A message on the wire is a CBOR array [number of its type, body]. Messages inside messages (Fenced,
// Undeliverable) are byte strings of the same form. Encoding is deterministic: equal messages, equal bytes.

var (
	numbers = map[reflect.Type]uint64{}
	encMode cbor.EncMode
	decMode cbor.DecMode
)

func init() {
	for n, m := range messages {
		numbers[reflect.TypeOf(m)] = uint64(n)
	}
	opts := cbor.CoreDetEncOptions()
	opts.Time = cbor.TimeRFC3339Nano
	var err error
	if encMode, err = opts.EncMode(); err != nil {
		panic(err)
	}
	decMode, err = cbor.DecOptions{MaxArrayElements: 1 << 20, MaxNestedLevels: 32}.DecMode()
	if err != nil {
		panic(err)
	}
}

type envelope struct {
	_    struct{} `cbor:",toarray"`
	Type uint64
	Body cbor.RawMessage
}

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
	raw, err := encMode.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode message %q: %w", m.Word(), err)
	}
	return encMode.Marshal(envelope{Type: number, Body: raw})
}

// Decode turns bytes back into a message. It accepts any bytes, and never panics.
func Decode(data []byte) (mailbox.Msg, error) { return decode(data, 0) }

func decode(data []byte, depth int) (mailbox.Msg, error) {
	if depth > 4 {
		return nil, fmt.Errorf("decode a message: more than 4 messages inside each other")
	}
	var e envelope
	if err := decMode.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("decode a message of %d bytes: %w", len(data), err)
	}
	if e.Type >= uint64(len(messages)) {
		return nil, fmt.Errorf("decode a message: type %d is not known here; the sender may be a newer version", e.Type)
	}
	switch prototype := messages[e.Type].(type) {
	case Fenced, mailbox.Undeliverable:
		var n nested
		if err := decMode.Unmarshal(e.Body, &n); err != nil {
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
		if err := decMode.Unmarshal(e.Body, into.Interface()); err != nil {
			return nil, fmt.Errorf("decode message %q: %w", prototype.Word(), err)
		}
		return into.Elem().Interface().(mailbox.Msg), nil
	}
}

// Known says whether a message's type is on the list of those that may cross processes.
func Known(m mailbox.Msg) bool {
	_, ok := numbers[reflect.TypeOf(m)]
	return ok
}
