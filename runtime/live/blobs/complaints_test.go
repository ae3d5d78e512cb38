package blobs

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A store that is down for hours is in the log every minute, with how often it was asked in vain.
func TestATroubleIsLoggedOnceAMinute(t *testing.T) {
	var log bytes.Buffer
	c := complaints{log: slog.New(slog.NewTextHandler(&log, nil)), known: map[string]*complaint{}}
	start := time.Unix(0, 0)
	says := func(after time.Duration, trouble *trouble, words ...string) {
		t.Helper()
		log.Reset()
		c.hear(start.Add(after), trouble)
		if len(words) == 0 && log.Len() > 0 {
			t.Errorf("after %v the log says %s", after, &log)
		}
		for _, w := range words {
			if !strings.Contains(log.String(), w) {
				t.Errorf("after %v the log does not say %q: %s", after, w, &log)
			}
		}
	}
	full := &trouble{errors.New("write a: it is full; make room"), "make room"}
	down := &trouble{errors.New("write a: it is down; start it"), "start it"}
	says(0, nil)
	says(0, full, "it is full; make room")
	says(time.Second, full)
	says(time.Second, down, "it is down; start it")
	says(59*time.Second, full)
	says(60*time.Second, full, "it is full", "unsaid=2")
	says(119*time.Second, full)
	says(3*time.Hour, down, "it is down")
	if strings.Contains(log.String(), "unsaid") {
		t.Errorf("nothing was unsaid: %s", &log)
	}
}
