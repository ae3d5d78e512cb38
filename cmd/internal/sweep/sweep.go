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

// Run does every job with so many workers, and returns the results in the order of the jobs. done is called as
// results come, one at a time; once it has answered false (fail fast) or the context is cancelled, no job is
// started, and the results of those that were not are the zero value. Jobs under way are seen to their end.
func Run[J, R any](ctx context.Context, jobs []J, workers int, do func(context.Context, J) R, done func(n int, r R) (goOn bool)) []R {
	results := make([]R, len(jobs))
	var (
		mu     sync.Mutex // for next, halted, and the calls of done
		next   int
		halted bool
	)
	take := func() (n int, more bool) {
		mu.Lock()
		defer mu.Unlock()
		if halted || ctx.Err() != nil || next == len(jobs) {
			return 0, false
		}
		next++
		return next - 1, true
	}
	give := func(n int, r R) {
		mu.Lock()
		defer mu.Unlock()
		results[n] = r
		halted = !done(n, r) || halted
	}
	var pool sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		pool.Go(func() {
			for n, more := take(); more; n, more = take() {
				give(n, do(ctx, jobs[n]))
			}
		})
	}
	pool.Wait()
	return results
}
