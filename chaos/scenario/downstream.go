package scenario

import (
	"cmp"
	"maps"
	"slices"
)

// Downstream is a second application, with a Flink cluster of its own beside the same Kafka, that reads what the first
// one writes. Of its deployment, what is left out is as in the first.
type Downstream struct {
	Name       string     `json:"name" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$" jsonschema_description:"its processes are called by it: taskmanager-<name>-0"`
	Deployment Deployment `json:"deployment,omitzero" jsonschema_description:"its cluster; what is left out is as in the first one's"`
	Pipeline   Pipeline   `json:"pipeline" jsonschema_description:"its job; the source reads the topic that the first one writes"`
}

const haClusterID = "high-availability.cluster-id"

// setDefaults takes over from the first application what is left out.
func (d *Downstream) setDefaults(first *Scenario) {
	of := first.Deployment
	mine := &d.Deployment
	if mine.Standbys != nil && mine.JobManager.Replicas == 0 {
		mine.JobManager.Replicas = *mine.Standbys + 1
	}
	orDefault(&mine.FlinkVersion, of.FlinkVersion)
	orDefault(&mine.Profile, of.Profile)
	orDefault(&mine.JobManager, of.JobManager)
	orDefault(&mine.TaskManager, of.TaskManager)
	orDefault(&mine.Supervisor, of.Supervisor)
	orDefault(&mine.Job.Parallelism, of.Job.Parallelism)
	orDefault(&mine.Job.UpgradeMode, of.Job.UpgradeMode)
	flink := map[string]string{}
	maps.Copy(flink, of.FlinkConfiguration)
	flink[haClusterID] = of.ClusterID() + "-" + d.Name // two clusters are told apart by it
	maps.Copy(flink, mine.FlinkConfiguration)
	mine.FlinkConfiguration = flink
	orDefault(&d.Pipeline.Source.Topic, first.Pipeline.Sink[sinkTopic])
	d.Pipeline.setDefaults()
}

// ClusterID keeps clusters apart that share a coordination service (high-availability.cluster-id).
func (d Deployment) ClusterID() string { return cmp.Or(d.FlinkConfiguration[haClusterID], "/default") }

// topics are those that the applications read and write.
func (s *Scenario) topics() []string {
	all := []string{s.Pipeline.Source.Topic, s.Pipeline.Sink[sinkTopic]}
	if s.Downstream != nil {
		all = append(all, s.Downstream.Pipeline.Sink[sinkTopic])
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(topic string) bool { return topic == "" })
}

// Next is the downstream application as a scenario of its own, without faults and limits; nil if there is none.
func (s *Scenario) Next() *Scenario {
	if s.Downstream == nil {
		return nil
	}
	next := *s
	next.Metadata.Name = s.Metadata.Name + "-" + s.Downstream.Name
	next.Deployment, next.Pipeline, next.Downstream = s.Downstream.Deployment, s.Downstream.Pipeline, nil
	next.Pipeline.Broker = s.Pipeline.Broker
	next.Faults, next.SLO, next.MustHappen, next.StopWhen, next.Verdicts, next.Compare = nil, nil, nil, nil, nil, nil
	return &next
}

// Next is the downstream application's part of a cell, as Scenario.Next is; call it if there is one.
func (c Cell) Next() Cell {
	c.Scenario = *c.Scenario.Next()
	if tree := c.tree.get("downstream"); tree != nil {
		c.tree = tree
	}
	return c
}

// of is an application by its name. One that is not there has been complained about.
func (r *rules) of(application string) *Scenario {
	if r.s.Downstream != nil && application == r.s.Downstream.Name {
		return r.s.Next()
	}
	return r.s
}

// hasApplication says whether an application is called so. The first one is if nothing is said.
func (r *rules) hasApplication(name string) bool {
	return name == "" || r.s.Downstream != nil && name == r.s.Downstream.Name
}

// application complains about a name that no application has.
func (r *rules) application(path []string, name string) {
	switch {
	case r.hasApplication(name):
	case r.s.Downstream != nil && r.s.Downstream.Name == "": // what its name is has been complained about
	case r.s.Downstream == nil:
		r.fail(path, "the scenario has one application, which needs no name here: take application away, or describe a second one under downstream")
	default:
		r.fail(path, "no application is called %q: the downstream one is %s, and the first one is meant if nothing is said", name, r.s.Downstream.Name)
	}
}

// downstream holds the second application to the rules of a first one, and to those of a second.
func (r *rules) downstream() {
	next := r.s.Next()
	tree, cell := r.tree.get("downstream"), r.cell.tree.get("downstream")
	if next == nil || tree == nil || cell == nil {
		return
	}
	own := rules{l: r.l, s: next, tree: tree, cell: &Cell{tree: cell}, pruned: r.pruned}
	source := []string{"pipeline", "source"}
	for _, key := range []string{"records-per-second", "records", "keys", "partitions", "out-of-orderness", "producer"} {
		if own.written(source, key) {
			own.fail(append(source, key), "the source reads what the first application writes: take %s away", key)
		}
	}
	if own.written([]string{"pipeline"}, "broker") {
		own.fail([]string{"pipeline", "broker"}, "the brokers are those of the first application's pipeline: set them up there")
	}
	written, read := r.s.Pipeline.Sink[sinkTopic], next.Pipeline.Source.Topic
	if r.s.Pipeline.Sink[sinkConnector] != "kafka" || next.Pipeline.Source.Connector != "kafka" || read != written {
		own.fail(append(source, "topic"), "a downstream application reads the topic that the first one writes; the first one's sink writes %s",
			orNone(slices.DeleteFunc([]string{written}, func(topic string) bool { return topic == "" })))
	}
	if topic := next.Pipeline.Sink[sinkTopic]; topic != "" && topic == r.s.Pipeline.Source.Topic && topic != read {
		own.fail([]string{"pipeline", "sink", sinkTopic}, "the sink writes to %q, the topic that the first application reads: the two would feed each other", topic)
	}
	if prefix := next.Pipeline.Sink[sinkPrefix]; prefix != "" && prefix == r.s.Pipeline.Sink[sinkPrefix] {
		own.fail([]string{"pipeline", "sink", sinkPrefix}, "the sink of the first application has the prefix %q, too: the two would fence each other, and abort what the other has open", prefix)
	}
	if id := next.Deployment.ClusterID(); id == r.s.Deployment.ClusterID() {
		own.fail(append(flink, haClusterID), "the first application's cluster is %s, too: the two would take each other's leaders and checkpoints for their own; take it away, or give another", id)
	}
	if next.Deployment.Profile != r.s.Deployment.Profile {
		own.fail([]string{"deployment", "profile"}, "both applications cost the same in one world: take profile away, it is %s", r.s.Deployment.Profile)
	}
	own.deployment()
	own.pipeline()
	own.lint()
}
