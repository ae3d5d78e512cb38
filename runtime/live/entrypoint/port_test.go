package entrypoint

import (
	"net"
	"strings"
	"testing"
)

// taken is a loopback port that somebody else has.
func taken(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// The first port that is free is taken. When none is, the error names them and the key that chooses others.
func TestTheFirstFreePortIsTaken(t *testing.T) {
	busy := taken(t)
	l, err := port{host: "localhost", ports: []int{busy, 0}}.open(false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := l.Addr().(*net.TCPAddr); got.Port == busy || !got.IP.IsLoopback() {
		t.Errorf("%v was taken", got)
	}
	_, err = port{host: "localhost", ports: []int{busy, busy}, key: "rest.bind-port"}.open(false)
	if err == nil || !strings.Contains(err.Error(), "address already in use; if the port is taken, set rest.bind-port to another") {
		t.Errorf("the complaint is %v", err)
	}
}

// What everybody could reach is not opened, and the complaint says what they could do.
func TestOtherThanLoopbackIsNotOpened(t *testing.T) {
	for _, host := range []string{"0.0.0.0", "", "::", "192.0.2.1"} {
		p := port{host: host, ports: []int{0}, key: "rest.bind-port", risk: "cancel jobs; if that is meant, add --allow-remote"}
		if _, err := p.open(false); err == nil || !strings.Contains(err.Error(), "everybody who reaches it may cancel jobs; if that is meant, add --allow-remote") {
			t.Errorf("%q: the complaint is %v", host, err)
		}
	}
	// Meant so, it is tried: here there is no such interface.
	if _, err := (port{host: "192.0.2.1", ports: []int{0}, key: "rest.bind-port"}).open(true); err == nil || strings.Contains(err.Error(), "loopback") {
		t.Errorf("the complaint is %v", err)
	}
}
