package live

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

func read(data []byte) ([]byte, error) { return readFrame(bufio.NewReader(bytes.NewReader(data))) }

func TestMailTravelsInFrames(t *testing.T) {
	sent := letter{"jobmanager-0/dispatcher-1", "taskmanager-2", wire.CancelTask{}}
	body, err := sent.encode()
	if err != nil {
		t.Fatal(err)
	}
	body, err = read(appendFrame(nil, body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeLetter(body); err != nil || got != sent {
		t.Errorf("%v arrived as %v (%v)", sent, got, err)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	whole := appendFrame(nil, []byte("a body"))
	for at := range whole {
		broken := bytes.Clone(whole)
		broken[at] ^= 0x40
		if body, err := read(broken); err == nil {
			t.Errorf("with byte %d damaged it read %q", at, body)
		}
	}
	for n := 1; n < len(whole); n++ {
		if _, err := read(whole[:n]); err == nil {
			t.Errorf("cut off after %d bytes it was read", n)
		}
	}
}

func TestAGreetingSaysWhoDials(t *testing.T) {
	if who, err := readGreeting(greeting("jobmanager-0")); who != "jobmanager-0" || err != nil {
		t.Errorf("%q (%v)", who, err)
	}
	other := greeting("jobmanager-0")
	other[len(magic)] = version + 1
	for body, want := range map[string]string{
		"GET / HTTP/1.1\r\n": "it is no Flinch process",
		"flinch":             "it is no Flinch process",
		string(other):        "run the same release on both",
		string(greeting("")): "does not say which process",
	} {
		if _, err := readGreeting([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
}

// Whatever comes over a connection is read, or refused: never a panic, never memory that no bytes were sent for.
func FuzzFrame(f *testing.F) {
	body, err := letter{"a", "b/c", mailbox.Disconnected{Process: "p"}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(appendFrame(nil, body))
	f.Add(appendFrame(nil, greeting("taskmanager-0")))
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00garbage"))
	f.Add(appendFrame(nil, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}))
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := read(data)
		if err != nil {
			return
		}
		if _, err := readGreeting(body); err != nil && errors.Is(err, errDamaged) {
			t.Errorf("a greeting is never damaged: the frame was checked")
		}
		l, err := decodeLetter(body)
		if err != nil {
			return
		}
		again, err := l.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeLetter(again); err != nil || back.from != l.from || back.to != l.to || back.m.Word() != l.m.Word() {
			t.Errorf("%v became %v (%v)", l, back, err)
		}
	})
}
