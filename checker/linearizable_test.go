package checker

import (
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// call is one operation on an object, from one second to another; to < 0 is a call without an answer.
func (b *build) call(object, client, call, input, output string, from, to float64) *build {
	op := history.Operation{Object: object, Key: "k", Client: client, Call: call, Input: input, Output: output, OK: true,
		Invoke: int64(seconds(from)), Return: int64(seconds(to))}
	if to < 0 {
		op.OK, op.Return = false, -1
	}
	return b.note(max(from, to), client, op)
}

// twice notes a call as the runtime does: when it is sent, and when it is answered. Its own clock is an hour
// off, which must not matter.
func (b *build) twice(object, client, call, input string, ok bool, from, to float64) *build {
	const off = 3600
	op := history.Operation{Object: object, Key: "k", Client: client, Call: call, Input: input, Invoke: int64(seconds(from + off)), Return: -1}
	b.note(from, client, op)
	op.OK, op.Return = ok, int64(seconds(to+off))
	return b.note(to, client, op)
}

func TestLeaseLinearizable(t *testing.T) {
	lease := func(b *build, client, call, lasts string, from, to float64) *build {
		return b.call("lease", client, call, lasts, "", from, to)
	}
	held := func() *build {
		return lease(lease(job(), "jm-0", "acquire", "15s", 1, 2), "jm-0", "renew", "15s", 6, 7)
	}
	watched := func() *build { return lease(job(), "jm-0", "acquire", "", 1, 2) }
	tell(t, "leaseLinearizable",
		story{"taken over when it has run out", lease(held(), "jm-1", "acquire", "15s", 20, 22), Holds, "", 0, "3 operations"},
		story{"taken over after it was given back", lease(lease(held(), "jm-0", "release", "", 8, 9), "jm-1", "acquire", "15s", 10, 11), Holds, "", 0, ""},
		story{"taken over when the service ended it", lease(lease(watched(), "jm-0", "expire", "", 5, 5), "jm-1", "acquire", "", 6, 7), Holds, "", 0, ""},
		story{"a release without an answer may have worked", lease(lease(held(), "jm-0", "release", "", 8, -1), "jm-1", "acquire", "15s", 9, 10), Holds, "", 0, ""},
		story{"a renewal without an answer may have failed", lease(lease(held(), "jm-0", "renew", "15s", 19, -1), "jm-1", "acquire", "15s", 22, 23), Holds, "", 0, ""},
		story{"the clocks fail: it may have been long ago", lease(held().note(8, "world", history.FaultStarted{Inject: "clock.freeze"}), "jm-1", "acquire", "15s", 16, 17), Holds, "", 0, ""},
		story{"two holders at once", lease(held(), "jm-1", "acquire", "15s", 10, 12), Broken, "not-linearizable", 12, "acquire by jm-1"},
		story{"two holders, and the service ended the first only later",
			lease(lease(watched(), "jm-1", "acquire", "", 3, 4), "jm-0", "expire", "", 5, 5), Broken, "not-linearizable", 4, ""},
		story{"renewed after it was taken over", lease(lease(held(), "jm-1", "acquire", "15s", 30, 31), "jm-0", "renew", "15s", 32, 33), Broken, "not-linearizable", 33, "renew by jm-0"},
		story{"a call that leases do not have", job().call("lease", "jm-0", "steal", "", "", 1, 2), NotDecided, "", 0, `no call "steal"`},
		story{"no lease", job(), NotDecided, "", 0, "no operations"},
	)
}

func TestPointersLinearizable(t *testing.T) {
	put := func(b *build, n string, from, to float64) *build {
		return b.call("pointers", "jm-0", "put", n, "", from, to)
	}
	list := func(b *build, answer string, from, to float64) *build {
		return b.call("pointers", "jm-1", "list", "", answer, from, to)
	}
	tell(t, "pointersLinearizable",
		story{"what was put is listed", list(put(put(job(), "9", 1, 2), "10", 3, 4), "9,10", 5, 6), Holds, "", 0, ""},
		story{"a put without an answer may be listed", list(put(put(job(), "9", 1, 2), "10", 3, -1), "9,10", 5, 6), Holds, "", 0, ""},
		story{"or not", list(put(put(job(), "9", 1, 2), "10", 3, -1), "9", 5, 6), Holds, "", 0, ""},
		story{"the latest of numbers, not of strings", put(put(job(), "9", 1, 2), "10", 3, 4).call("pointers", "jm-1", "latest", "", "10", 5, 6), Holds, "", 0, ""},
		story{"the latest is not the highest", put(put(job(), "9", 1, 2), "10", 3, 4).call("pointers", "jm-1", "latest", "", "9", 5, 6), Broken, "not-linearizable", 6, "latest → 9"},
		story{"sent and answered is one call: it does not come back", list(job().twice("pointers", "jm-0", "put", "9", true, 1, 2).call("pointers", "jm-0", "remove", "9", "", 3, 4), "9", 5, 6), Broken, "not-linearizable", 6, "list → 9"},
		story{"refused after it was sent: it had no effect", list(job().twice("pointers", "jm-0", "put", "9", false, 1, 2), "9", 5, 6), Broken, "not-linearizable", 6, "list → 9"},
		story{"read while it was being written", list(job().twice("pointers", "jm-0", "put", "9", true, 1, 9), "9", 5, 6), Holds, "", 0, "2 operations"},
		story{"what was answered is gone", list(put(put(job(), "9", 1, 2), "10", 3, 4), "9", 5, 6), Broken, "not-linearizable", 6, "list → 9"},
		story{"a removed one comes back", list(put(job(), "9", 1, 2).call("pointers", "jm-0", "remove", "9", "", 3, 4), "9", 5, 6), Broken, "not-linearizable", 6, ""},
		story{"an ambiguous put is seen and then gone", list(list(put(job(), "9", 1, -1), "9", 3, 4), "", 5, 6), Broken, "not-linearizable", 6, "list → "},
		story{"no store", job(), NotDecided, "", 0, ""},
	)
}

func TestCounterLinearizable(t *testing.T) {
	counter := func() *build { return job(plan.KeyedSum).in(0, "a+1 a+2").in(1, "a+4") }
	late := counter().commit(5, "t1", "0@0=1 0@1=7 1@0=5")
	late.Input[1].Records[0].Appended = seconds(50) // sent long after the answers were read
	tell(t, "counterLinearizable",
		story{"every answer has its place", counter().commit(5, "t1", "0@0=1 1@0=5 0@1=7"), Holds, "", 0, "3 operations"},
		story{"concurrent calls, whatever order the log has", counter().commit(5, "t1", "0@1=7 1@0=5 0@0=1"), Holds, "", 0, ""},
		story{"a call without an answer may have counted", counter().commit(5, "t1", "0@0=1 0@1=7"), Holds, "", 0, ""},
		story{"two calls got the same number", counter().commit(5, "t1", "0@0=1 0@1=3 1@0=5"), Broken, "not-linearizable", 5, ""},
		story{"one call was answered twice", counter().commit(5, "t1", "0@0=1 1@0=5 0@1=7").commit(8, "t2", "0@1=9"), Broken, "not-linearizable", 8, "add 2 (record 0@1) → 9"},
		story{"an answer knows of a call that was not sent yet", late, Broken, "not-linearizable", 5, ""},
		story{"not a counter", job(plan.Map).in(0, "a+1"), NotDecided, "", 0, "no counter"},
		story{"may answer twice", counter().guarantee(plan.AtLeastOnce), NotDecided, "", 0, "may answer twice"},
		story{"no calls", job(plan.KeyedSum), NotDecided, "", 0, "no calls"},
	)
}

// The page has the operations and the key, and stays small however many there are.
func TestVisualizeHasASizeCap(t *testing.T) {
	b := job(plan.KeyedSum)
	log := InputLog{}
	var sum int64
	for i := range int64(5000) {
		sum += 1
		log.Records = append(log.Records, Input{Offset: i, Key: "a", Value: 1, Appended: time.Duration(i) * time.Millisecond})
		b.Output = append(b.Output, Output{Offset: i, Key: "a", Value: sum, Visible: time.Duration(i)*time.Millisecond + 500*time.Microsecond, Transaction: "t"})
		b.Output[i].Origin.Offset = i
	}
	b.Input = []InputLog{log}
	var page strings.Builder
	note, err := Visualize(&b.Run, "counter", &page)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(note, "first 2000 are drawn") || page.Len() > 2<<20 || !strings.Contains(page.String(), "add 1 (record 0@0)") {
		t.Errorf("note %q, %d bytes", note, page.Len())
	}
	if _, err := Visualize(&b.Run, "lease", &page); err == nil {
		t.Error("a run without a lease was drawn")
	}
	if _, err := Visualize(&b.Run, "moon", &page); err == nil {
		t.Error("an unknown object was drawn")
	}
}
