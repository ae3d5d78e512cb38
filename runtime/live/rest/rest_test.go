package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/status"
)

var rewrite = flag.Bool("rewrite", false, "write the golden file anew")

// Scripts and dashboards read these fields: a change of one is a change of what they see.
func TestFlinksPathsAndFields(t *testing.T) {
	api := New(Config{Cluster: standing(t), Process: "jm-0:6123", Flink: map[string]string{"rest.port": "9000", "s3.access.secret": "hunter2"}})
	var got bytes.Buffer
	for _, path := range []string{"/overview", "/config", "/taskmanagers", "/taskmanagers/tm-1:6122", "/jobs", "/jobs/overview", "/jobs/sums", "/jobs/sums/config",
		"/jobs/sums/plan", "/jobs/sums/status", "/jobs/sums/checkpoints", "/jobs/sums/checkpoints/config", "/jobs/sums/exceptions", "/jobs/sums/vertices/sum", "/jobs/old"} {
		code, body := ask(api, http.MethodGet, path)
		if again, same := ask(api, http.MethodGet, "/v1"+path); again != code || same != body {
			t.Errorf("/v1%s is answered %d %s", path, again, same)
		}
		fmt.Fprintf(&got, "GET %s: %d\n", path, code)
		if err := json.Indent(&got, []byte(body), "", "  "); err != nil {
			t.Errorf("GET %s: %s: %v", path, body, err)
		}
		fmt.Fprintln(&got)
	}
	const golden = "testdata/answers.txt"
	if *rewrite {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Fatalf("line %d of %s is now %q; if that is meant, run with -rewrite", i+1, golden, line)
		}
	}
}

// What cannot be answered is answered in Flink's form, with a status that says whose fault it is.
func TestErrorsHaveFlinksForm(t *testing.T) {
	well := standing(t)
	failing := func(err error) *cluster { return &cluster{err: err, job: well.job} }
	for _, c := range []struct {
		cluster      *cluster
		method, path string
		code         int
		text         string
	}{
		{well, "GET", "/nothing", 404, "not found: GET /nothing"},
		{well, "GET", "/v1/nothing", 404, "not found"},
		{well, "POST", "/jobs", 404, "not found: POST /jobs"},
		{well, "GET", "/jobs/other", 404, "does not know the job"},
		{well, "GET", "/jobs/old/checkpoints", 404, "makes no checkpoints"},
		{well, "GET", "/jobs/sums/vertices/none", 404, "vertex none was not found in job sums"},
		{well, "GET", "/taskmanagers/tm-9", 404, "TaskManager tm-9 was not found"},
		{well, "GET", "/jobs/sums/exceptions?maxExceptions=many", 400, "a number from 1 on"},
		{well, "GET", "/jobs/sums/exceptions?maxExceptions=0", 400, "a number from 1 on"},
		{well, "PATCH", "/jobs/sums?mode=stop", 400, "only the mode cancel"},
		{well, "PATCH", "/jobs/other", 404, "does not know the job"},
		{well, "PATCH", "/jobs/gone", 409, "has ended"},
		{failing(status.ErrNoLeader), "GET", "/overview", 503, "no JobManager leads"},
		{failing(status.ErrUnanswered), "GET", "/jobs/sums", 503, "ask again"},
		{failing(context.DeadlineExceeded), "GET", "/jobs", 504, "deadline"},
		{failing(errors.New("odd")), "GET", "/jobs", 500, "odd"},
	} {
		code, body := ask(New(Config{Cluster: c.cluster}), c.method, c.path)
		var form struct{ Errors []string }
		if err := json.Unmarshal([]byte(body), &form); err != nil || code != c.code || len(form.Errors) != 1 || !strings.Contains(form.Errors[0], c.text) {
			t.Errorf("%s %s is answered %d %s, want %d and %q", c.method, c.path, code, body, c.code, c.text)
		}
	}
	if code, body := ask(New(Config{Cluster: well}), http.MethodPatch, "/v1/jobs/sums"); code != http.StatusAccepted || body != "{}\n" {
		t.Errorf("cancelling is answered %d %s", code, body)
	}
}

// What is secret stays so, wherever it stands.
func TestSecretsAreNotShown(t *testing.T) {
	api := New(Config{Cluster: standing(t), Flink: map[string]string{"s3.secret-key": "hunter2", "s3.password": "hunter2"}})
	for _, path := range []string{"/jobmanager/config", "/jobs/sums/config"} {
		if code, body := ask(api, http.MethodGet, path); code != http.StatusOK || strings.Contains(body, "hunter2") || !strings.Contains(body, "******") {
			t.Errorf("%s is answered %d %s", path, code, body)
		}
	}
}

// People see the whole cluster on one page, what went wrong in it, and what is wrong when there is nothing else to see.
func TestThePage(t *testing.T) {
	c := standing(t)
	code, page := ask(New(Config{Cluster: c, Process: "jm-1:6123"}), http.MethodGet, "/")
	for _, want := range []string{"<h1>sums</h1>", "stands by; jm-0:6123 leads", "Source: in", "hash from Source: in", "tm-0:6122 is &lt;gone&gt;", "task failure", "2.0 KiB",
		"1 waiting for those downstream", "as far as known", "tm-1:6122", "1 of 2 free", `http-equiv="refresh"`, "No more is known of old"} {
		if code != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%q is not on the page, %d:\n%s", want, code, page)
		}
	}
	if _, page := ask(New(Config{Cluster: c}), http.MethodGet, "/?paused"); strings.Contains(page, `http-equiv="refresh"`) {
		t.Error("a paused page does not stand still")
	}
	c.err = status.ErrNoLeader
	if code, page := ask(New(Config{Cluster: c}), http.MethodGet, "/"); code != http.StatusServiceUnavailable || !strings.Contains(page, "no JobManager leads") {
		t.Errorf("nobody leads: %d %s", code, page)
	}
}

// A leader that says nothing costs a place for as long as the timeout, and whoever comes meanwhile is told at once.
func TestQuestionsAreFewAndHaveADeadline(t *testing.T) {
	c := standing(t)
	c.waiting = make(chan struct{})
	api := New(Config{Cluster: c, Concurrent: 1, Timeout: time.Minute})
	first := make(chan int, 1)
	go func() {
		code, _ := ask(api, http.MethodGet, "/jobs")
		first <- code
	}()
	<-c.waiting
	if code, body := ask(api, http.MethodGet, "/config"); code != http.StatusServiceUnavailable || !strings.Contains(body, "too many requests") {
		t.Errorf("the second is answered %d %s", code, body)
	}
	c.waiting <- struct{}{}
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first is answered %d", code)
	}
	if code, _ := ask(New(Config{Cluster: c, Timeout: time.Nanosecond}), http.MethodGet, "/jobs"); code != http.StatusGatewayTimeout {
		t.Errorf("a question without an answer is answered %d", code)
	}
}
