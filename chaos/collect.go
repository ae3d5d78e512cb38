package chaos

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/connector"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// collect reads what is to be judged, of each application: the history, and the logs themselves.
func (r *runner) collect(drained bool) (runs []*checker.Run, err error) {
	r.events = merged(r.world.History(), r.world.Log.Events())
	for _, a := range r.applications {
		events := r.events
		if len(r.applications) > 1 {
			events = a.events(r.events)
		}
		run := &checker.Run{Pipeline: effective(a.scenario.Metadata.Name, &a.job), Flink: a.scenario.Deployment.FlinkConfiguration,
			Events: events, Drained: drained, End: r.world.Now()}
		if err := a.collect(r.world, run); err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// collect reads the input and the output of an application.
func (a *application) collect(c *cluster.Cluster, run *checker.Run) error {
	topic, job := a.scenario.Pipeline.Source.Topic, &a.job
	files := c.Input.Files()
	if a.name != "" {
		files = nil // they are the first one's
	}
	for p, records := range files {
		in := checker.InputLog{Partition: int32(p)}
		for offset, r := range records {
			in.Records = append(in.Records, checker.Input{Offset: int64(offset), Key: string(r.Key), Value: r.Value, Time: r.Time})
		}
		run.Input = append(run.Input, in)
	}
	for p, n := range c.Log.Rows(topic) {
		run.Input = append(run.Input, checker.InputLog{Partition: int32(p), Records: make([]checker.Input, 0, n)})
	}
	for row := range c.Log.Dump(topic) {
		if row.Fate != kafka.Committed {
			continue // whoever reads that has read what is not there
		}
		in := &run.Input[row.Partition]
		in.Records = append(in.Records, checker.Input{Offset: row.Offset, Key: row.Key, Value: row.Value, Time: row.Time, Appended: row.Appended})
	}
	run.Upstream = a.upstream(c)
	sink := sinkOf(job)
	if sink.Kind == plan.FileSink {
		return collectFiles(c, run, sink.Path)
	}
	total := 0
	for _, n := range c.Log.Rows(sink.Topic) {
		total += n
	}
	run.Output = make([]checker.Output, 0, total)
	for row := range c.Log.Dump(sink.Topic) {
		run.Output = append(run.Output, output(row))
	}
	return nil
}

var fates = [...]checker.Fate{kafka.Committed: checker.Committed, kafka.Aborted: checker.Aborted, kafka.Open: checker.Open}

// output is a row of a log as checkers see it.
func output(row *kafka.Row) checker.Output {
	return checker.Output{Partition: row.Partition, Offset: row.Offset, Key: row.Key, Value: row.Value,
		Count: row.Count, Time: row.Time, Origin: row.Origin, Transaction: row.TransactionalID, ProducerID: row.ProducerID,
		Epoch: row.Epoch, Fate: fates[row.Fate], Appended: row.Appended, Visible: row.Visible, Decided: row.Decided}
}

// upstream is what the application before the job has written; nil if there is none, or if this one is before it.
func (a *application) upstream(c *cluster.Cluster) *checker.Upstream {
	source := a.scenario.Pipeline.Source
	if source.Producer == nil || a.name != "" {
		return nil
	}
	u := &checker.Upstream{Topic: source.Topic, Timeout: time.Duration(source.Producer.TransactionTimeout) * time.Millisecond}
	for row := range c.Log.Dump(source.Topic) {
		u.Rows = append(u.Rows, output(row))
	}
	return u
}

// collectFiles reads the part files of a file sink. A subtask's parts, in the order of their names, are a
// partition; a part is visible from the commit that gave it its name.
func collectFiles(c *cluster.Cluster, run *checker.Run, folder string) error {
	committed := map[string]history.Entry{}
	for _, e := range c.History() {
		if ev, ok := e.Event.(history.SinkCommitted); ok {
			if _, again := committed[ev.Transaction]; !again {
				committed[ev.Transaction] = e
			}
		}
	}
	offsets := map[int32]int64{}
	for _, path := range c.Files.Paths() {
		if !strings.HasPrefix(path, folder+"/") || hidden(path) {
			continue
		}
		at := committed[path].At
		data, _ := c.Files.Object(path)
		var subtask int32
		if _, err := fmt.Sscanf(strings.TrimPrefix(path, folder+"/"), "part-%d-", &subtask); err != nil {
			return fmt.Errorf("read the output file %s: its name is not one that a file sink gives: %w", path, err)
		}
		for n, text := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
			var line connector.Line
			if err := json.Unmarshal(text, &line); err != nil {
				return fmt.Errorf("read the output file %s, line %d: %w", path, n+1, err)
			}
			run.Output = append(run.Output, checker.Output{Partition: subtask, Offset: offsets[subtask], Key: line.Key, Value: line.Value,
				Count: line.Count, Time: record.EventTime(line.Time), Origin: record.Origin{Partition: line.Partition, Offset: line.Offset},
				Fate: checker.Committed, Appended: at, Visible: at, Decided: at})
			offsets[subtask]++
		}
	}
	return nil
}

// merged puts what a log tells by itself between the notes, by time.
func merged(notes, told history.History) history.History {
	if len(told) == 0 {
		return notes
	}
	all := append(slices.Clone(notes), told...)
	slices.SortStableFunc(all, func(a, b history.Entry) int { return cmp.Compare(a.At, b.At) })
	return all
}
