package chaos

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// A fault of a link or of a service that nobody meets has tested nothing, and the run says so; its twin, aimed at what is in
// use, strikes.
func TestAFaultThatStruckNothingProvesNothing(t *testing.T) {
	base, err := filepath.Abs("../scenarios/base/orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ vain, strikes string }{
		"partition": {"inject: network.partition, target: {between: [[{role: kafka, pick: all}], [{role: objectstore}]]}",
			"inject: network.partition, target: {between: [[{role: taskmanager, pick: one}], [{role: kafka, pick: all}]]}"},
		"delay": {"inject: network.delay, target: {between: [[{role: kafka, pick: all}], [{role: ha}]]}", "inject: network.delay"},
		"loss": {"inject: network.loss, target: {between: [[{role: kafka, pick: all}], [{role: ha}]]}",
			"inject: network.loss, with: {percent: 50}, target: {between: [[{role: taskmanager, pick: all}], [{role: kafka, pick: all}]]}"},
		"outage":      {"inject: objectstore.outage, with: {prefix: elsewhere/}", "inject: objectstore.outage"},
		"throttle":    {"inject: objectstore.throttle, with: {requests-per-second: 1000000}", "inject: objectstore.throttle"},
		"lease":       {"inject: ha.unavailable, with: {operations: acquire}", "inject: ha.unavailable, with: {operations: renew}"},
		"lost answer": {"inject: kafka.lost-answer, with: {operations: AddOffsetsToTxn}", "inject: kafka.lost-answer, with: {operations: InitProducerId}"},
		"late request": {"inject: kafka.late-request, with: {transactional-id: nobody's, operations: InitProducerId, delay: 1s}",
			"inject: kafka.late-request, with: {transactional-id: store-sol-0, operations: InitProducerId, delay: 1s}"},
		"coordinator": {"inject: kafka.coordinator.unavailable, for: 1us", "inject: kafka.coordinator.unavailable"},
		"markers":     {"inject: kafka.markers.slow, for: 1us", "inject: kafka.markers.slow"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, line := range []string{c.vain, c.strikes} {
				if !strings.Contains(line, " for: ") {
					line += ", for: 11s"
				}
				file := filepath.Join(t.TempDir(), "f.yaml")
				text := "apiVersion: chaos/v1alpha1\nkind: Scenario\nmetadata: {name: f}\nextends: [" + base + "]\nbackends: [sim]\nseed: 7\nduration: 1m\n" +
					"pipeline: {source: {records-per-second: 100}}\nfaults: [{" + line + ", at: 20s}]\n"
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				o, err := Execute(context.Background(), On{Backend: fault.Sim}, cells(t, file)[0], 7, nil)
				if err != nil {
					t.Fatal(err)
				}
				vain := o.Word == "INCONCLUSIVE" && strings.Contains(o.Reason, "struck nothing")
				if passed := o.Passed(); strings.HasPrefix(line, c.vain) != vain || vain == passed {
					t.Errorf("%s: %s: %s", line, o.Word, o.Reason)
				}
			}
		})
	}
}
