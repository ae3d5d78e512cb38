package chaos

import (
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// A simulated process has as many cores as a small container.
const cores = 2

// outputPartitions is how many partitions the sink's topic has.
const outputPartitions = 8

// compile turns a scenario's pipeline into a job. Its id is fixed, as in application mode.
func compile(s *scenario.Scenario) (plan.Job, error) {
	return plan.Compile(s.Plan(), id.Job("job-"+s.Metadata.Name), s.Deployment.FlinkConfiguration)
}

// deployment says what the world of a run consists of.
func deployment(apps []*application, seed uint64) (cluster.Config, error) {
	s, job := apps[0].scenario, apps[0].job
	input := cluster.Input{Topic: s.Pipeline.Source.Topic, Partitions: s.Pipeline.Source.Partitions,
		Rate: s.Pipeline.Source.RecordsPerSecond, Keys: s.Pipeline.Source.Keys, ValueMax: 100, Seed: seed,
		OutOfOrder: time.Duration(s.Pipeline.Source.OutOfOrderness), Until: time.Duration(s.Duration)}
	if r := s.Pipeline.Source.Records; r != nil {
		rows, err := r.Read(input.Rate)
		if err != nil {
			return cluster.Config{}, err
		}
		input.KeepTimes = true
		for _, row := range rows {
			input.Rows = append(input.Rows, cluster.Row{Key: row.Key, Value: row.Value, Time: record.EventTime(row.Millis)})
		}
	}
	input.Producer = producer(s.Pipeline.Source.Producer)
	if s.Pipeline.Source.Connector == "file" {
		input.Topic, input.Path = "", s.Pipeline.Source.Path
	}
	cfg := cluster.Config{
		World:        sim.Config{Seed: seed, Profile: sim.Profiles[s.Deployment.Profile]},
		JobManagers:  s.Deployment.JobManager.Replicas,
		TaskManagers: s.Deployment.TaskManager.Replicas,
		Cores:        cores,
		Flink:        s.Deployment.FlinkConfiguration,
		Job:          job,
		Kafka:        s.Pipeline.Brokers(),
		Topics:       map[string]int{},
		Input:        input,
	}
	cfg.RestartAfter = restartAfter(s.Deployment.Supervisor)
	for _, a := range apps {
		if sink := sinkOf(&a.job); sink.Kind == plan.KafkaSink {
			cfg.Topics[sink.Topic] = outputPartitions
		}
	}
	for _, a := range apps[1:] {
		of := a.scenario.Deployment
		cfg.Downstream = &cluster.Application{Name: a.name, JobManagers: of.JobManager.Replicas, TaskManagers: of.TaskManager.Replicas,
			RestartAfter: restartAfter(of.Supervisor), Flink: of.FlinkConfiguration, Job: a.job}
	}
	return cfg, nil
}

// producer is the application that writes the input, nil if there is none.
func producer(p *scenario.Producer) *cluster.Producer {
	if p == nil {
		return nil
	}
	return &cluster.Producer{TransactionalID: p.TransactionalID, Naming: cluster.Naming(p.Naming), Records: p.RecordsPerTransaction,
		Interval: time.Duration(p.CommitInterval), Abort: p.AbortPercent / 100, Timeout: time.Duration(p.TransactionTimeout) * time.Millisecond,
		RequestTimeout: time.Duration(p.RequestTimeout) * time.Millisecond, DeliveryTimeout: time.Duration(p.DeliveryTimeout) * time.Millisecond}
}

// restartAfter is how long it takes until a process that died is started again; 0: nobody does it.
func restartAfter(s scenario.Supervisor) time.Duration {
	if s.Restart != nil && !*s.Restart {
		return 0
	}
	return max(time.Duration(s.Delay), time.Millisecond)
}

// effective is the pipeline as it runs: every default filled in.
func effective(name string, job *plan.Job) plan.Pipeline {
	p := plan.Pipeline{Name: name, MaxParallelism: job.MaxParallelism}
	for _, v := range job.Vertices {
		p.Parallelism = max(p.Parallelism, v.Parallelism)
		p.Operators = append(p.Operators, v.Chain...)
	}
	return p
}

// sinkOf returns the sink's operator.
func sinkOf(job *plan.Job) plan.Operator {
	for _, v := range job.Vertices {
		if last := v.Chain[len(v.Chain)-1]; last.Kind.Sink() {
			return last
		}
	}
	panic("chaos: a compiled job has no sink: " + job.Name)
}

// hidden says whether an object is none that readers of a file sink look at.
func hidden(path string) bool { return strings.Contains(path, "/.") }
