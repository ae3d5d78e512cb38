package conformance_test

import (
	"fmt"
	"testing"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

func TestModel(t *testing.T) {
	for _, tv := range []protocol.TransactionVersion{protocol.TV0, protocol.TV1, protocol.TV2} {
		name := fmt.Sprint("model TV", tv-protocol.TV0)
		column := report(&conformance.Column{Name: name, Marks: modelDiffers})
		t.Run(name, func(t *testing.T) {
			for _, c := range conformance.Cases() {
				t.Run(c.ID, func(t *testing.T) {
					m := newModel(tv)
					judge(t, column, c, c.Run(m, "-x"))
					for _, b := range m.Wrong() {
						t.Error(b)
					}
				})
			}
		})
	}
}
