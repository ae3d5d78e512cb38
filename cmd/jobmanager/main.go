// Command jobmanager runs one JobManager: it contends for leadership, and runs a job while it leads.
package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/cmd/internal/daemon"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/entrypoint"
	"github.com/flinch-dev/flinch/runtime/plan"
)

func main() {
	var file string
	c := daemon.Command("jobmanager", "Run a JobManager", `jobmanager runs a job in application mode: whichever JobManager leads runs it.

  jobmanager --job scenarios/utopia.yaml --ha etcd://127.0.0.1:2379 --storage file:///tmp/flinch --kafka 127.0.0.1:9092

The job is the pipeline of a scenario file, with its Flink configuration; faults in the file mean nothing here. It
listens on jobmanager.bind-host and jobmanager.rpc.port, serves its REST API and a page on rest.bind-address and
rest.port (or the first of rest.bind-port that is free), and its metrics on metrics.reporter.prom.port.`,
		func(ctx context.Context, p entrypoint.Process) error {
			job, err := read(file, p.Flink)
			if err != nil {
				return err
			}
			return p.JobManager(ctx, job)
		})
	c.Flags().StringVar(&file, "job", "", "a scenario file whose pipeline is run")
	daemon.Main(c)
}

// read compiles the pipeline of a scenario file. Its Flink configuration is completed, or overruled, by that of the
// process, which knows the place where it runs.
func read(file string, flink map[string]string) (*plan.Job, error) {
	if file == "" {
		return nil, fmt.Errorf("start a JobManager: which job? Name a scenario file with --job")
	}
	suite := scenario.Load([]string{file}, scenario.Options{})
	if suite.Problems.Errors() > 0 {
		return nil, fmt.Errorf("read the job:\n%v", suite.Problems)
	}
	if len(suite.Entries) != 1 || len(suite.Entries[0].Cells) != 1 {
		return nil, fmt.Errorf("read the job from %s: it has several cells, or none: name a file with one scenario and without a matrix", file)
	}
	s := &suite.Entries[0].Cells[0].Scenario
	merged := maps.Clone(s.Deployment.FlinkConfiguration)
	maps.Copy(merged, flink)
	maps.Copy(flink, merged)
	job, err := plan.Compile(s.Plan(), id.Job("job-"+s.Metadata.Name), merged)
	if err != nil {
		return nil, fmt.Errorf("read the job from %s: %w", file, err)
	}
	return &job, nil
}
