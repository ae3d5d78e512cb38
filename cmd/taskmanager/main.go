// Command taskmanager runs one TaskManager: it registers at whichever JobManager leads, offers its slots, and runs
// the tasks that it is given.
package main

import (
	"context"

	"github.com/flinch-dev/flinch/cmd/internal/daemon"
	"github.com/flinch-dev/flinch/runtime/live/entrypoint"
)

func main() {
	daemon.Main(daemon.Command("taskmanager", "Run a TaskManager", `taskmanager runs the tasks of jobs.

  taskmanager --ha etcd://127.0.0.1:2379 --storage file:///tmp/flinch --kafka 127.0.0.1:9092 -D taskmanager.numberOfTaskSlots=4

It listens on taskmanager.bind-host and taskmanager.rpc.port, and serves its metrics on metrics.reporter.prom.port.`,
		func(ctx context.Context, p entrypoint.Process) error { return p.TaskManager(ctx) }))
}
