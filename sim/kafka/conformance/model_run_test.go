package conformance_test

import (
	"fmt"
	"testing"

	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

func TestModel(t *testing.T) {
	for _, tv := range []kafka.TransactionVersion{kafka.TV0, kafka.TV1, kafka.TV2} {
		name := fmt.Sprint("model TV", tv-kafka.TV0)
		column := report(&conformance.Column{Name: name, Marks: modelDiffers})
		t.Run(name, func(t *testing.T) {
			for _, c := range conformance.Cases() {
				t.Run(c.ID, func(t *testing.T) {
					m := newModel(tv)
					judge(t, column, c, c.Run(m, "-x"))
					for _, b := range m.broken() {
						t.Error(b)
					}
				})
			}
		})
	}
}
