package checkpoint

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Kept says whether a job that ended like this leaves its checkpoints where they are.
func Kept(r config.Retention, status string) bool {
	switch r {
	case config.DeleteOnCancellation:
		return status == "FAILED"
	case config.RetainOnCancellation:
		return status != "FINISHED"
	}
	return false
}

// Cleanup removes what a globally terminal job has left: first pointers and counter, then the handle files,
// and the checkpoints themselves unless they are kept. In the other order a crash would leave pointers to
// nothing. It can be repeated.
func Cleanup(env mailbox.Env, cfg config.Config, job id.Job, keep bool, store *election.Store, blobs *blob.Client, then func(env mailbox.Env, err error)) {
	store.List(env, election.PointersPrefix(job), func(env mailbox.Env, entries []wire.Entry, err error) {
		if err != nil {
			then(env, err)
			return
		}
		keys := []string{election.CounterKey(job)}
		for _, e := range entries {
			keys = append(keys, e.Key)
		}
		store.Delete(env, keys, func(env mailbox.Env, o election.Outcome) {
			if o != election.Written {
				then(env, fmt.Errorf("delete the checkpoint pointers of job %s: the outcome is %s", job, o))
				return
			}
			folders := []string{HADir(cfg, job) + "/"}
			if !keep {
				folders = append(folders, Dir(cfg, job)+"/")
			}
			empty(env, blobs, folders, then)
		})
	})
}

func empty(env mailbox.Env, blobs *blob.Client, folders []string, then func(mailbox.Env, error)) {
	if len(folders) == 0 {
		then(env, nil)
		return
	}
	blobs.List(env, folders[0], func(env mailbox.Env, paths []string, err error) {
		switch {
		case err != nil:
			then(env, err)
		case len(paths) == 0:
			empty(env, blobs, folders[1:], then)
		default:
			blobs.Delete(env, paths, func(env mailbox.Env, err error) {
				if err != nil {
					then(env, err)
					return
				}
				empty(env, blobs, folders[1:], then)
			})
		}
	})
}
