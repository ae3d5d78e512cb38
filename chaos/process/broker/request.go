package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// request is one that could be read.
type request struct {
	kmsg.Request
	corr   int32
	client string // how the client calls itself
}

var errCutOff = errors.New("it is cut off, or a length in it is wrong")

// bulky is held while a large request is decoded. An array of it announces its length, for which memory is taken before
// its elements are read: up to a hundred times the request, and so for one of them at a time.
var bulky sync.Mutex

// decode reads a frame. Which requests and versions are answered is the model's business; here a request has to be one
// of Kafka's. One that asks for the versions is read in any version, since it is how a client finds out.
func decode(frame []byte) (request, error) {
	key, version := int16(binary.BigEndian.Uint16(frame)), int16(binary.BigEndian.Uint16(frame[2:]))
	r := request{Request: preview.RequestFor(key, version), corr: int32(binary.BigEndian.Uint32(frame[4:]))}
	if r.Request == nil {
		return r, fmt.Errorf("read a request: Kafka has no API key %d", key)
	}
	r.SetVersion(version)
	if version < 0 || version > r.MaxVersion() {
		if kmsg.Key(key) == kmsg.ApiVersions {
			return r, nil
		}
		return r, fmt.Errorf("read a request: %s has no version %d", kmsg.NameForKey(key), version)
	}
	rest := cursor{data: frame[headerBytesMin:]}
	r.client = string(rest.text(false)) // which is never compact
	if r.IsFlexible() {
		rest.tags()
	}
	if kmsg.Key(key) == kmsg.Produce {
		body := rest
		if body.produce(version); body.bad {
			rest.bad = true
		}
	}
	if rest.bad {
		return r, fmt.Errorf("read %s version %d: %w", kmsg.NameForKey(key), version, errCutOff)
	}
	if kmsg.Key(key) != kmsg.Produce && len(rest.data) > chunkBytes {
		bulky.Lock()
		defer bulky.Unlock()
	}
	if err := r.ReadFrom(rest.data); err != nil {
		return r, fmt.Errorf("read %s version %d: %w", kmsg.NameForKey(key), version, errCutOff)
	}
	return r, nil
}
