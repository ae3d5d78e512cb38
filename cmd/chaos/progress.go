package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far the runs are: a bar on a terminal, a line every ten seconds elsewhere.
type progress struct {
	done  atomic.Int64
	bad   atomic.Int64
	total int64
	bar   *mpb.Bar
	bars  *mpb.Progress
	stop  chan struct{}
}

const heartbeat = 10 * time.Second

func newProgress(w io.Writer, name string, total int) *progress {
	p := &progress{total: int64(total), stop: make(chan struct{})}
	if f, ok := w.(*os.File); ok && terminal(f) {
		p.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
		p.bar = p.bars.AddBar(p.total, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(name+"  sim  "), decor.CountersNoUnit("%d/%d runs  ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Any(func(decor.Statistics) string {
				if n := p.bad.Load(); n > 0 {
					return fmt.Sprintf("  %d failed", n)
				}
				return ""
			})))
		return p
	}
	go func() {
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(w, "%s: %d of %d runs, %d failed\n", name, p.done.Load(), p.total, p.bad.Load())
			case <-p.stop:
				return
			}
		}
	}()
	return p
}

func (p *progress) step(passed bool) {
	p.done.Add(1)
	if !passed {
		p.bad.Add(1)
	}
	if p.bar != nil {
		p.bar.Increment()
	}
}

func (p *progress) end() {
	close(p.stop)
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

// terminal says whether a file is one, and may be written to in colour.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// colour says whether to paint (https://no-color.org).
func colour(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && terminal(f) && os.Getenv("NO_COLOR") == ""
}
