package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/status"
	"github.com/flinch-dev/flinch/runtime/live/web"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Cluster is what the API asks; *status.Client is one.
type Cluster interface {
	Leader(ctx context.Context) (process string, err error)
	TaskManagers(ctx context.Context) ([]wire.TaskManagerReport, error)
	Jobs(ctx context.Context) ([]wire.JobSummary, error)
	Job(ctx context.Context, job id.Job) (wire.JobReport, error)
	IO(ctx context.Context, tasks []mailbox.Addr) []*wire.TaskIOIs
	Cancel(ctx context.Context, job id.Job) error
}

// Config describes the API of one JobManager process. All but Cluster may be left at zero.
type Config struct {
	Cluster    Cluster
	Process    string            // its name, for people
	Flink      map[string]string // its configuration
	Version    string            // what "flink-version" says, 2.0-flinch
	Revision   string            // what "flink-commit" says
	Timeout    time.Duration     // of one request, 10 s
	Concurrent int               // requests at once, 64; more are refused
}

// baseline is the Flink whose API this is.
const baseline = "2.0-flinch"

type api struct{ Config }

// New returns the API.
func New(cfg Config) http.Handler {
	cfg.Version = cmp.Or(cfg.Version, baseline)
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	a := &api{cfg}
	mux := http.NewServeMux()
	for pattern, e := range map[string]endpoint{
		"GET /overview":                       a.overview,
		"GET /config":                         a.dashboard,
		"GET /jobmanager/config":              a.configuration,
		"GET /taskmanagers":                   a.taskManagers,
		"GET /taskmanagers/{taskmanager}":     a.taskManager,
		"GET /jobs":                           a.jobs,
		"GET /jobs/overview":                  a.jobsOverview,
		"GET /jobs/{job}":                     a.job,
		"PATCH /jobs/{job}":                   a.cancel,
		"GET /jobs/{job}/config":              a.jobConfig,
		"GET /jobs/{job}/plan":                a.jobPlan,
		"GET /jobs/{job}/status":              a.jobStatus,
		"GET /jobs/{job}/checkpoints":         a.checkpoints,
		"GET /jobs/{job}/checkpoints/config":  a.checkpointConfig,
		"GET /jobs/{job}/exceptions":          a.exceptions,
		"GET /jobs/{job}/vertices/{vertexid}": a.vertex,
	} {
		mux.Handle(pattern, a.json(e))
	}
	mux.HandleFunc("GET /{$}", a.page)
	busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tell(w, http.StatusServiceUnavailable, errors.New("too many requests are under way; ask again in a while"))
	})
	return web.Bounded(cmp.Or(cfg.Concurrent, 64), timed(cfg.Timeout, versioned(found(mux))), busy)
}

// versioned answers the same with and without the version before the path.
func versioned(h http.Handler) http.Handler {
	v1 := http.StripPrefix("/v1", h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			v1.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// timed gives every request a deadline.
func timed(timeout time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// found answers in Flink's form what no endpoint answers.
func found(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" || r.RequestURI == "*" {
			tell(w, http.StatusNotFound, fmt.Errorf("not found: %s %s", r.Method, r.URL.Path))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// endpoint answers with what is told as JSON.
type endpoint func(r *http.Request) (any, error)

// accepted is an answer that says no more than that something has begun.
type accepted struct{}

func (a *api) json(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := e(r)
		if err != nil {
			tell(w, statusOf(err), err)
			return
		}
		code := http.StatusOK
		if _, ok := answer.(accepted); ok {
			code = http.StatusAccepted
		}
		write(w, code, answer)
	})
}

// fault is an error of the request's own.
type fault struct {
	status int
	text   string
}

func (f fault) Error() string { return f.text }

func missing(format string, args ...any) error {
	return fault{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func statusOf(err error) int {
	var f fault
	switch {
	case errors.As(err, &f):
		return f.status
	case errors.Is(err, status.ErrUnknownJob):
		return http.StatusNotFound
	case errors.Is(err, status.ErrEnded):
		return http.StatusConflict
	case errors.Is(err, status.ErrNoLeader), errors.Is(err, status.ErrUnanswered):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// tell answers with an error.
func tell(w http.ResponseWriter, status int, err error) {
	write(w, status, struct {
		Errors []string `json:"errors"`
	}{[]string{err.Error()}})
}

func write(w http.ResponseWriter, status int, answer any) {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false) // it is no HTML, and "->" is to be found in it
	if err := to.Encode(answer); err != nil {
		panic(fmt.Sprintf("rest: encode %T: %v", answer, err)) // plain fields: cannot happen
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that has gone misses nothing
}
