package conformance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// Nothing of the sheet that the cases began with is missing, and no case hides another.
func TestTheSheetIsWhole(t *testing.T) {
	had := map[string]bool{}
	for _, c := range conformance.Cases() {
		if had[c.ID] {
			t.Errorf("there are two cases %s", c.ID)
		}
		had[c.ID] = true
	}
	for letter, last := range map[string]int{"A": 14, "B": 8, "C": 18, "D": 13, "E": 28, "F": 8, "G": 14, "H": 9, "I": 6, "J": 10} {
		for n := range last {
			if id := fmt.Sprint(letter, n+1); !had[id] {
				t.Errorf("there is no case %s", id)
			}
		}
	}
	if len(had) < 150 {
		t.Errorf("there are %d cases", len(had))
	}
}

// Marks are of cases that there are, each once.
func TestMarksAreOfCases(t *testing.T) {
	for name, marks := range map[string][]conformance.Mark{"kfake": kfakeDeviates, "model": modelDiffers, "Apache": apacheDiffers} {
		had := map[string]bool{}
		for _, m := range marks {
			if had[m.Case] || m.Reason == "" {
				t.Errorf("%s: the mark of %s is there twice, or has no reason", name, m.Case)
			}
			had[m.Case] = true
		}
		for _, c := range conformance.Cases() {
			delete(had, c.ID)
		}
		for id := range had {
			t.Errorf("%s: there is a mark and no case %s", name, id)
		}
	}
}

// silent is a cluster that never answers.
type silent struct{ traits conformance.Traits }

func (silent) Send(int32, int, kmsg.Request) func() kmsg.Response {
	return func() kmsg.Response { return nil }
}
func (silent) Now() time.Time               { return time.Time{} }
func (silent) Pass(time.Duration)           {}
func (s silent) Traits() conformance.Traits { return s.traits }

func TestWhatAColumnSays(t *testing.T) {
	says := func(tell func(l *conformance.Lab), needs conformance.Need, marks ...conformance.Mark) string {
		c := conformance.Case{ID: "X1", Title: "a case", Needs: needs, Tell: tell}
		column := &conformance.Column{Name: "target", Marks: marks}
		outcome := column.Note("X1", c.Run(silent{}, "-x"))
		return fmt.Sprint(outcome, "; ", strings.ReplaceAll(conformance.Table([]conformance.Case{c}, []*conformance.Column{column}), "\n", " "))
	}
	mark := conformance.Mark{Case: "X1", Reason: "it is like that"}
	holds, differs := func(l *conformance.Lab) { l.Is("a", "a") }, func(l *conformance.Lab) { l.Is("a", "b") }
	for _, c := range []struct{ got, want string }{
		{says(holds, 0), "ok; | case | target | | |---|---|---| | X1 | ok | a case |  target: 1 conform "},
		{says(differs, 0), `DIFFERS; | case | target | | |---|---|---| | X1 | DIFFERS | a case |  target: 1 DIFFER - X1 DIFFERS: "a", not "b" `},
		{says(differs, 0, mark), `known; | case | target | | |---|---|---| | X1 | known | a case |  target: 1 differ as is known - X1 known: it is like that ("a", not "b") `},
		{says(holds, 0, mark), "gone; | case | target | | |---|---|---| | X1 | gone | a case |  target: 1 do not differ any more - X1 does not differ any more, take its mark away: it is like that "},
		{says(holds, conformance.Brokers), "-; | case | target | | |---|---|---| | X1 | - | a case |  target: 1 skipped - skipped, as there is one broker only: X1 "},
		{says(func(l *conformance.Lab) { l.Stop("it is broken"); l.Is("a", "b") }, 0)[:9], "DIFFERS; "},
	} {
		if c.got != c.want {
			t.Errorf("got  %q\nwant %q", c.got, c.want)
		}
	}
}
