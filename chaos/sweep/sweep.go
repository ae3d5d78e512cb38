// Package sweep runs many runs on all cores.
//
//	jobs (cell × seed) ──▶ workers, one a core ──▶ results, in the order of the jobs
//	                          ▲ ctx: Ctrl-C        └─▶ done: progress, as they come
//
// A run is a world of its own, so workers share nothing.
package sweep

import (
	"context"
	"sync"
)

// Run does every job with so many workers, and returns the results in the order of the jobs. After a cancelled
// context no job is started; the results of those are the zero value. done is called from one goroutine, as
// results come; a false answer starts no more jobs (fail fast).
func Run[J, R any](ctx context.Context, jobs []J, workers int, do func(context.Context, J) R, done func(n int, r R) (goOn bool)) []R {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	results := make([]R, len(jobs))
	next, finished := make(chan int), make(chan int)
	var pool sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		pool.Go(func() {
			for n := range next {
				results[n] = do(ctx, jobs[n])
				finished <- n
			}
		})
	}
	go func() {
		defer close(next)
		for n := range jobs {
			select {
			case next <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		pool.Wait()
		close(finished)
	}()
	for n := range finished {
		if !done(n, results[n]) {
			stop()
		}
	}
	return results
}
