package metrics

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// exposition is what one scrape tells: samples by the name of their metric.
type exposition map[string]*dto.MetricFamily

// scope is where a metric belongs: its name begins with the scope's, and it has the scope's labels.
type scope struct {
	to     exposition
	name   string
	labels []*dto.LabelPair
}

// in is a scope within a scope. Labels are names and values in turn.
func (s scope) in(name string, labels ...string) scope {
	inner := scope{s.to, s.name + "_" + name, slices.Clone(s.labels)}
	for i := 0; i < len(labels); i += 2 {
		inner.labels = append(inner.labels, &dto.LabelPair{Name: new(labels[i]), Value: new(plain(labels[i+1]))})
	}
	return inner
}

// gauge tells a value.
func (s scope) gauge(name, help string, value int64) {
	name = s.name + "_" + name
	family := s.to[name]
	if family == nil {
		family = &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		s.to[name] = family
	}
	family.Metric = append(family.Metric, &dto.Metric{Label: s.labels, Gauge: &dto.Gauge{Value: new(float64(value))}})
}

var special = regexp.MustCompile(`[^a-zA-Z0-9:_]`)

// plain is a label's value as Flink's reporter writes it: "Source: in -> sum" is "Source:_in____sum".
func plain(value string) string { return special.ReplaceAllString(value, "_") }

// write answers a scrape, in the format that it asks for.
func (e exposition) write(w http.ResponseWriter, r *http.Request) {
	format := expfmt.Negotiate(r.Header)
	var b bytes.Buffer
	to := expfmt.NewEncoder(&b, format)
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if err := to.Encode(e[name]); err != nil {
			http.Error(w, "write "+name+": "+err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", string(format))
	_, _ = w.Write(b.Bytes()) // a scraper that has gone misses nothing
}
