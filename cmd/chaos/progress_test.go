package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// Where there is no terminal, a line says that it has begun, and one every ten seconds how far it is. The clock
// of the test is not the wall's.
func TestAHeartbeatEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p := newProgress(&log, "tm-loss", 50, time.Minute)
		p.at(time.Second)
		p.at(2 * time.Second)
		time.Sleep(heartbeat + time.Second)
		p.step(true)
		p.step(false)
		time.Sleep(heartbeat)
		p.end()
		time.Sleep(10 * heartbeat)
		if want := "tm-loss: 50 runs\ntm-loss: 0 of 50 runs\ntm-loss: 2 of 50 runs, 1 failed\n"; log.String() != want {
			t.Errorf("it said\n%s\nand was to say\n%s", log.String(), want)
		}
	})
}

// A single run has no count to show, but its own time passes.
func TestTheHeartbeatOfASingleRunIsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p := newProgress(&log, "month", 1, 720*time.Hour)
		p.at(500 * time.Millisecond)
		p.at(36 * time.Hour)
		time.Sleep(heartbeat + time.Second)
		p.end()
		if want := "month: 1 run\nmonth: +129600 s\n"; log.String() != want {
			t.Errorf("it said\n%s\nand was to say\n%s", log.String(), want)
		}
	})
}

func TestARunThatNeverBeganSaysNothing(t *testing.T) {
	var log bytes.Buffer
	newProgress(&log, "nothing", 1, time.Minute).end()
	if log.Len() > 0 {
		t.Errorf("it said %s", log.String())
	}
}
