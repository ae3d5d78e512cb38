package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// line is one entry in events.jsonl. Kind is for readers and grep; Type says how to read Event, which is an
// Event on the way out and raw JSON on the way in.
type line[E any] struct {
	N       int     `json:"n"`
	At      seconds `json:"at"`
	Process string  `json:"process"`
	Actor   string  `json:"actor"`
	Kind    string  `json:"kind"`
	Type    string  `json:"type"`
	Event   E       `json:"event"`
}

// Encode writes entries as JSON lines:
//
//	{"n":1,"at":"1.25s","process":"jobmanager-0","actor":"jobmanager-0","kind":"job.running","type":"JobStatus","event":{...}}
func Encode(w io.Writer, entries History) error {
	out := bufio.NewWriter(w)
	to := json.NewEncoder(out)
	to.SetEscapeHTML(false)
	for _, e := range entries {
		if e.Event == nil {
			return fmt.Errorf("write history entry %d: it has no event", e.N)
		}
		name := reflect.TypeOf(e.Event).Name()
		if byName[name] != reflect.TypeOf(e.Event) {
			return fmt.Errorf("write history entry %d: event type %T is not in registry.go; add it there", e.N, e.Event)
		}
		err := to.Encode(line[Event]{e.N, seconds(e.At), e.Process, e.Actor, e.Event.Kind(), name, e.Event})
		if err != nil {
			return fmt.Errorf("write history entry %d (%s): %w", e.N, e.Event.Kind(), err)
		}
	}
	return out.Flush()
}

// Decode reads what Encode wrote. A last line that has no end was cut by a crash of the writer: it is left
// out, and the rest is returned. Any other line that cannot be read is an error.
func Decode(r io.Reader) (History, error) {
	in := bufio.NewReader(r)
	var all History
	for number := 1; ; number++ {
		text, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return all, fmt.Errorf("read history line %d: %w", number, err)
		}
		cut := err != nil
		if len(bytes.TrimSpace(text)) > 0 {
			entry, bad := DecodeLine(text)
			switch {
			case bad == nil:
				all = append(all, entry)
			case !cut:
				return all, fmt.Errorf("read history line %d: %w", number, bad)
			}
		}
		if cut {
			return all, nil
		}
	}
}

// DecodeLine reads one line that Encode wrote.
func DecodeLine(text []byte) (Entry, error) {
	var l line[json.RawMessage]
	if err := json.Unmarshal(text, &l); err != nil {
		return Entry{}, err
	}
	t, known := byName[l.Type]
	if !known {
		return Entry{}, fmt.Errorf("event type %q is not known here; the file may be from another version", l.Type)
	}
	into := reflect.New(t)
	if len(l.Event) == 0 {
		return Entry{}, fmt.Errorf("the entry of type %s has no event", l.Type)
	}
	if err := json.Unmarshal(l.Event, into.Interface()); err != nil {
		return Entry{}, fmt.Errorf("event %s: %w", l.Type, err)
	}
	return Entry{N: l.N, At: time.Duration(l.At), Process: l.Process, Actor: l.Actor, Event: into.Elem().Interface().(Event)}, nil
}

// seconds is a duration as text, always in seconds, without loss: "92.4s". So lines sort and plot easily.
type seconds time.Duration

func (s seconds) MarshalText() ([]byte, error) {
	sign, ns := "", uint64(s)
	if s < 0 {
		sign, ns = "-", -uint64(s)
	}
	text := sign + strconv.FormatUint(ns/1e9, 10)
	if frac := ns % 1e9; frac > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", frac), "0")
	}
	return []byte(text + "s"), nil
}

func (s *seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = seconds(d)
	return err
}
