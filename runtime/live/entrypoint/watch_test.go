//go:build unix

package entrypoint

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// ask is what a script does with a process of the cluster.
func (c *cluster) ask(method, url string) (code int, body string) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), method, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

// get reads what the REST API of a JobManager answers.
func (c *cluster) get(d *daemon, path string, into any) {
	c.t.Helper()
	code, body := c.ask(http.MethodGet, c.front(d)+path)
	if code != http.StatusOK {
		c.t.Fatalf("GET %s is answered %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		c.t.Fatalf("GET %s is answered %s: %v", path, body, err)
	}
}

// front is where the REST API of a JobManager is, without the last slash.
func (c *cluster) front(d *daemon) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSuffix(d.rest, "/")
}

// scraped are the metrics of a process.
func (c *cluster) scraped(d *daemon) string {
	c.t.Helper()
	c.mu.Lock()
	at := d.metrics
	c.mu.Unlock()
	code, body := c.ask(http.MethodGet, at)
	if code != http.StatusOK || !strings.Contains(body, "_Status_JVM_Memory_Heap_Used{") {
		c.t.Fatalf("a scrape of %s is answered %d %s", at, code, body)
	}
	return body
}

const job = "/v1/jobs/job-sums"

// knows waits until a JobManager has started and knows who leads: a standby may be later than the first checkpoints are.
func (c *cluster) knows(d *daemon) {
	c.t.Helper()
	c.waits("a JobManager knows who leads", func() bool {
		if c.front(d) == "" {
			return false
		}
		code, _ := c.ask(http.MethodGet, c.front(d)+"/overview")
		return code != http.StatusServiceUnavailable
	})
}

// isWatched asks everybody about a cluster that runs well. The leader and the standby say the same; the metrics of the
// cluster are the leader's alone.
func (c *cluster) isWatched(jobManagers, workers []*daemon) {
	c.t.Helper()
	for _, d := range jobManagers {
		c.knows(d)
	}
	type overview struct {
		TaskManagers   int `json:"taskmanagers"`
		SlotsTotal     int `json:"slots-total"`
		SlotsAvailable int `json:"slots-available"`
		JobsRunning    int `json:"jobs-running"`
	}
	for _, d := range jobManagers {
		var o overview
		c.get(d, "/overview", &o)
		if o != (overview{TaskManagers: 2, SlotsTotal: 2, JobsRunning: 1}) {
			c.t.Errorf("the cluster is %+v", o)
		}
		var checkpoints struct{ Counts struct{ Completed int } }
		c.get(d, job+"/checkpoints", &checkpoints)
		if checkpoints.Counts.Completed < 2 {
			c.t.Errorf("the checkpoints are %+v", checkpoints)
		}
		if code, page := c.ask(http.MethodGet, c.front(d)); code != http.StatusOK || !strings.Contains(page, "<h1>sums</h1>") {
			c.t.Errorf("people see %d %s", code, page)
		}
		metrics := c.scraped(d)
		for _, line := range []string{`flink_jobmanager_numRegisteredTaskManagers{host="localhost"} 2`, `flink_jobmanager_taskSlotsTotal{host="localhost"} 2`,
			`flink_jobmanager_job_numRestarts{host="localhost",job_id="job_sums",job_name="sums"} 0`} {
			if leads := d == c.leads(); strings.Contains(metrics, line+"\n") != leads {
				c.t.Errorf("%q is not in the metrics of the leader, or in those of a standby (this one leads: %t):\n%s", line, leads, metrics)
			}
		}
	}
	for _, d := range workers {
		metrics := c.scraped(d)
		if !strings.Contains(metrics, "\nflink_taskmanager_job_task_numRecordsIn{") || !strings.Contains(metrics, `task_name="Source:_source"`) {
			c.t.Errorf("a TaskManager says %s", metrics)
		}
	}
}

// tells wants words in what the leader says of the job's last failure.
func (c *cluster) tells(words ...string) {
	c.t.Helper()
	c.knows(c.leads())
	code, body := c.ask(http.MethodGet, c.front(c.leads())+job+"/exceptions")
	for _, w := range words {
		if code != http.StatusOK || !strings.Contains(body, w) {
			c.t.Errorf("%q is not in the exceptions, %d %s", w, code, body)
		}
	}
}

// cancels ends the job.
func (c *cluster) cancels() {
	c.t.Helper()
	c.knows(c.leads())
	if code, body := c.ask(http.MethodPatch, c.front(c.leads())+job+"?mode=cancel"); code != http.StatusAccepted || body != "{}\n" {
		c.t.Errorf("cancelling is answered %d %s", code, body)
	}
	c.waits("the job is cancelled", func() bool { return c.noted("job.canceled") > 0 })
}
