package metrics

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/web"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Cluster is what is asked; *status.Client is one.
type Cluster interface {
	Leader(ctx context.Context) (process string, err error)
	TaskManagers(ctx context.Context) ([]wire.TaskManagerReport, error)
	Jobs(ctx context.Context) ([]wire.JobSummary, error)
	Job(ctx context.Context, job id.Job) (wire.JobReport, error)
	Tasks(ctx context.Context, taskManager mailbox.Addr) ([]wire.TaskOfJob, error)
	IO(ctx context.Context, tasks []mailbox.Addr) []*wire.TaskIOIs
}

// Config describes the metrics of one process.
type Config struct {
	Cluster Cluster
	Process string        // its name, host:port
	Timeout time.Duration // of one scrape, 5 s; 0 is that
}

// host is the label that every metric of a process has.
func (c Config) host() string {
	host, _, err := net.SplitHostPort(c.Process)
	if err != nil {
		return c.Process
	}
	return host
}

// scrapesMax is how many scrapes are answered at once; others are refused.
const scrapesMax = 8

// handler answers GET /metrics, and / as Flink's reporter does.
func (c Config) handler(collect func(ctx context.Context, flink scope)) http.Handler {
	mux := http.NewServeMux()
	scrape := func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(c.Timeout, 5*time.Second))
		defer cancel()
		e := exposition{}
		collect(ctx, scope{to: e, name: "flink"})
		e.write(w, r)
	}
	mux.HandleFunc("GET /metrics", scrape)
	mux.HandleFunc("GET /{$}", scrape)
	return web.Bounded(scrapesMax, mux, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too many scrapes are under way; ask again in a while", http.StatusServiceUnavailable)
	}))
}
