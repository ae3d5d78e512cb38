package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// Lab is where a story is told: a target, and names on it that nobody else uses. The topic "out" has four partitions and is
// there when it is first used. Answers are written as a person would: the name of the error, or NONE and what was granted;
// "p2/1" is epoch 1 of the second producer id that the lab has seen.
type Lab struct {
	Target
	Differences []string          // so far
	Conn        int               // to send on
	Hasty       bool              // an error that goes away is an answer, and not a reason to ask again
	Timeout     time.Duration     // of transactions
	Passing     *regexp.Regexp    // what goes away by itself
	PIDs        []int64           // those that were seen
	Fatal       func(args ...any) // ends a story that cannot go on, nil: Case.Run does
	suffix      string
	topics      []string
	clients     []*kgo.Client
	dead        []int32 // brokers that the story has killed
}

// NewLab returns a lab whose names on the target end with the suffix, and where some topics are there already.
func NewLab(t Target, suffix string, topics ...string) *Lab {
	return &Lab{Target: t, Timeout: lasting, Passing: passing, suffix: suffix, topics: topics}
}

// hopeless ends a story that cannot go on, and unfit one that is not for this target.
type (
	hopeless struct{}
	unfit    string
)

// Stop ends the story with a difference.
func (l *Lab) Stop(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	if l.Fatal != nil {
		l.Fatal(said)
	}
	l.Differences = append(l.Differences, said)
	panic(hopeless{})
}

// needsNewStyle is called before what a cluster of transaction version 0 cannot write down.
func (l *Lab) needsNewStyle() {
	if l.Traits().TransactionVersion == 0 {
		panic(unfit("it cannot write transactions of the new style down"))
	}
}

// either is what is said in a cluster of TV2, or of one before.
func (l *Lab) either(tv2, before string) string {
	if l.Traits().TransactionVersion < 2 {
		return before
	}
	return tv2
}

// Is states what was said, and what should have been.
func (l *Lab) Is(got, want string) {
	if got != want {
		l.Differences = append(l.Differences, fmt.Sprintf("%q, not %q", got, want))
	}
}

// Comes is Is for what takes its time: it asks until it hears what it wants, or as long as it has.
func (l *Lab) Comes(within time.Duration, want string, ask func() string) {
	l.Is(l.wait(within, ask, func(said string) bool { return said == want }), want)
}

// pollEvery is how often something is asked that will change.
const pollEvery = 20 * time.Millisecond

// wait asks until an answer will do, for so long, and returns the last one.
func (l *Lab) wait(most time.Duration, ask func() string, will func(said string) bool) string {
	for deadline := l.Now().Add(most); ; l.Pass(pollEvery) {
		if said := ask(); will(said) || l.Now().After(deadline) {
			return said
		}
	}
}

// passing are the errors that go away by themselves, if the coordinator is looked up again each time.
var passing = regexp.MustCompile("CONCURRENT_TRANSACTIONS|COORDINATOR_LOAD_IN_PROGRESS|COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR")

// UntilSettled tries again while the transaction before is being ended, or the coordinator away, as clients do.
func (l *Lab) UntilSettled(try func() string) string {
	return l.wait(Patience, try, func(said string) bool { return l.Hasty || !l.Passing.MatchString(said) })
}

// SendTo puts a request on its way, through the bytes of the protocol: what a version does not carry is lost.
func (l *Lab) SendTo(node int32, version int16, req kmsg.Request) (await func() kmsg.Response) {
	req.SetVersion(version)
	carried := preview.RequestFor(req.Key(), version)
	carried.SetVersion(version)
	if err := carried.ReadFrom(req.AppendTo(nil)); err != nil {
		l.Stop("request %s v%d cannot be read: %v", kmsg.NameForKey(req.Key()), version, err)
	}
	return l.Send(node, l.Conn, carried)
}

// Ask sends a request and waits for the response.
func (l *Lab) Ask(node int32, version int16, req kmsg.Request) kmsg.Response {
	return l.SendTo(node, version, req)()
}

// Silence is said of a request that was not answered.
const Silence = "no answer"

// Name is a code as Kafka writes it.
func Name(code int16) string {
	switch code {
	case 0:
		return "NONE"
	case 6:
		return "NOT_LEADER_OR_FOLLOWER" // kerr has the name from before Kafka 2.6
	}
	if e := kerr.TypedErrorForCode(code); e != nil {
		return e.Message
	}
	return fmt.Sprintf("ERROR_%d", code)
}

// Pair writes a producer id and epoch.
func (l *Lab) Pair(pid int64, epoch int16) string {
	n := slices.Index(l.PIDs, pid)
	if n < 0 {
		n = len(l.PIDs)
		l.PIDs = append(l.PIDs, pid)
	}
	return fmt.Sprintf("p%d/%d", n+1, epoch)
}

// There are no such producer id and epoch, so they are whoever asks for new ones.
const (
	NoPID   int64 = -1
	NoEpoch int16 = -1
)

// unknownPID is one that no cluster has given out.
const unknownPID int64 = 1 << 40

// global is a name as the target knows it, and local as the story does. The empty name is the same to both.
func (l *Lab) global(name string) string {
	if name == "" {
		return ""
	}
	return name + l.suffix
}

func (l *Lab) local(name string) string { return strings.TrimSuffix(name, l.suffix) }
