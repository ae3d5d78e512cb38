package entrypoint

import (
	"net/http"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/live/metrics"
	"github.com/flinch-dev/flinch/runtime/live/rest"
	"github.com/flinch-dev/flinch/runtime/live/status"
)

// front is an HTTP server of a process, for those who watch it.
type front struct {
	port    port
	what    string // it is, in the log
	path    string // where to begin
	handler func(process string, watcher *status.Client) http.Handler
}

// rest is the REST API of a JobManager, and its page.
func (p Process) rest(conf config.Config) front {
	at := port{conf.Rest.BindHost, conf.Rest.Ports(), "rest.bind-port", "cancel jobs; if that is meant, add --allow-remote"}
	return front{at, "rest", "/", func(process string, watcher *status.Client) http.Handler {
		return rest.New(rest.Config{Cluster: watcher, Process: process, Flink: p.Flink})
	}}
}

// prometheus are the metrics of a process, on the interface that it listens on itself.
func prometheus(conf config.Config, own config.Endpoint, of func(metrics.Config) http.Handler) front {
	at := port{own.BindHost, conf.Metrics.PrometheusPorts, "metrics.reporter.prom.port", "read them; if that is meant, add --allow-remote"}
	return front{at, "metrics", "/metrics", func(process string, watcher *status.Client) http.Handler {
		return of(metrics.Config{Cluster: watcher, Process: process})
	}}
}
