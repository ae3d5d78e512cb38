package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far the runs of a scenario are: a bar on a terminal; elsewhere a line when the first run
// has begun, and one every ten seconds.
type progress struct {
	name    string
	total   int64
	load    time.Duration
	done    atomic.Int64
	bad     atomic.Int64
	virtual atomic.Int64 // the time in the newest run
	w       io.Writer
	began   sync.Once
	stop    chan struct{}
	stopped sync.WaitGroup
	bars    *mpb.Progress // on a terminal
	bar     *mpb.Bar
}

const heartbeat = 10 * time.Second

// newProgress shows the progress of so many runs; that of a single one is its time, of which the load lasts so
// long.
func newProgress(w io.Writer, name string, total int, load time.Duration) *progress {
	p := &progress{name: name, total: int64(total), load: load, w: w, stop: make(chan struct{})}
	if f, ok := w.(*os.File); ok && terminal(f) {
		length := p.total
		if p.single() {
			length = int64(load)
		}
		p.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
		p.bar = p.bars.AddBar(length,
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.String() + "  " })),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
	}
	return p
}

func (p *progress) single() bool { return p.total == 1 }

// String is how far it is: "tm-loss: 3 of 50 runs, 1 failed", and in a single run what time it is there.
func (p *progress) String() string {
	text := fmt.Sprintf("%s: %d of %d runs", p.name, p.done.Load(), p.total)
	if p.single() {
		text = fmt.Sprintf("%s: +%.0f s", p.name, time.Duration(p.virtual.Load()).Seconds())
	}
	if n := p.bad.Load(); n > 0 {
		text += fmt.Sprintf(", %d failed", n)
	}
	return text
}

// at takes the time that it is in a run. Runs call it from their own goroutines.
func (p *progress) at(virtual time.Duration) {
	p.virtual.Store(int64(virtual))
	if p.bar != nil && p.single() {
		p.bar.SetCurrent(int64(min(virtual, p.load-1))) // the drain is still to come
	}
	p.began.Do(func() {
		if p.bar == nil {
			fmt.Fprintf(p.w, "%s: %s\n", p.name, count(int(p.total), "run"))
			p.stopped.Go(p.beat)
		}
	})
}

// beat writes a line now and then, so that who reads a log knows that it goes on.
func (p *progress) beat() {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintln(p.w, p)
		case <-p.stop:
			return
		}
	}
}

// step counts a run that is over.
func (p *progress) step(passed bool) {
	p.done.Add(1)
	if !passed {
		p.bad.Add(1)
	}
	if p.bar != nil && !p.single() {
		p.bar.Increment()
	}
}

// end takes the bar away, or ends the lines.
func (p *progress) end() {
	close(p.stop)
	p.stopped.Wait()
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
