package reports

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/flinch-dev/flinch/runtime/history"
)

// writeEvents writes the history, an event a line.
func writeEvents(w io.Writer, h history.History) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(buffered)
	for _, entry := range h {
		line := struct {
			N       int           `json:"n"`
			At      int64         `json:"at"` // nanoseconds of true time
			Process string        `json:"process,omitempty"`
			Actor   string        `json:"actor,omitempty"`
			Kind    string        `json:"kind"`
			Event   history.Event `json:"event"`
		}{entry.N, int64(entry.At), entry.Process, entry.Actor, entry.Event.Kind(), entry.Event}
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
