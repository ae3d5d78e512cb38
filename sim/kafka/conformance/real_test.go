package conformance_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/apache/apachetest"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// bootstrap is a cluster that runs already.
var bootstrap = strings.FieldsFunc(os.Getenv("BOOTSTRAP"), func(r rune) bool { return r == ',' })

// A cluster that runs already is asked for what it can, and for its times.
func TestBootstrap(t *testing.T) {
	if len(bootstrap) == 0 {
		t.Skip("set BOOTSTRAP=host:port to tell the cases to a cluster that runs already")
	}
	traits := ask(t, bootstrap)
	column := report(&conformance.Column{Name: bootstrap[0], Marks: apacheDiffers})
	tellAll(t, column, func() target { return newWire(bootstrap, overTCP, traits) })
}

// small are times that can be waited for. Ids expire after longer than any case leaves one alone.
var small = map[string]string{
	"transactional.id.expiration.ms":                             "30000",
	"transaction.remove.expired.transaction.cleanup.interval.ms": "1000",
}

func TestApache(t *testing.T) {
	for tv, nodes := range []int{1, 1, 3} {
		t.Run(fmt.Sprint("TV", tv), func(t *testing.T) {
			apachetest.Need(t)
			server, err := apache.Kafka(t.TempDir(), apache.KafkaConfig{Nodes: nodes, Features: map[string]int{"transaction.version": tv},
				TransactionAbortInterval: 500 * time.Millisecond, Properties: small})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			seeds := strings.Split(server.Addr, ",")
			traits := ask(t, seeds)
			column := report(&conformance.Column{Name: fmt.Sprintf("Kafka %s TV%d", server.Version, tv), Marks: apacheDiffers})
			tellAll(t, column, func() target { return &real{newWire(seeds, overTCP, traits), server} })
		})
	}
}

type target interface {
	conformance.Target
	Close()
}

// tellAll tells all cases to one cluster: at the same time, but for those that move its leaders and, last, kill its brokers.
func tellAll(t *testing.T, column *conformance.Column, open func() target) {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	tell := func(t *testing.T, c conformance.Case) {
		to := open()
		defer to.Close()
		judge(t, column, c, c.Run(to, fmt.Sprintf("-%s-%s", run, c.ID)))
	}
	of := func(needs ...conformance.Need) (some []conformance.Case) {
		for _, c := range conformance.Cases() {
			if slices.Contains(needs, c.Needs&(conformance.Moves|conformance.Kills)) {
				some = append(some, c)
			}
		}
		return some
	}
	t.Run("at once", func(t *testing.T) {
		for _, c := range of(0) {
			t.Run(c.ID, func(t *testing.T) {
				t.Parallel()
				tell(t, c)
			})
		}
	})
	for _, c := range append(of(conformance.Moves), of(conformance.Kills)...) {
		t.Run(c.ID, func(t *testing.T) { tell(t, c) })
	}
}

// ask finds out what a cluster is like, and waits until it coordinates.
func ask(t *testing.T, seeds []string) (traits conformance.Traits) {
	t.Helper()
	w := newWire(seeds, overTCP, traits)
	defer w.Close()
	l := conformance.NewLab(w, "-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	l.Fatal = func(said ...any) {
		t.Helper()
		t.Fatalf("tell the cases to %s: %s; is a Kafka there, and does it speak without TLS?", strings.Join(seeds, ","), fmt.Sprint(said...))
	}
	brokers := l.Metadata(conformance.AnyNode).Brokers
	traits.Brokers = len(brokers)
	traits.TransactionVersion = l.TransactionVersion()
	configs := configsOf(t, l, brokers[0].NodeID)
	traits.MaxTimeout = configs["transaction.max.timeout.ms"]
	if scan := configs["transaction.abort.timed.out.transaction.cleanup.interval.ms"]; scan > 0 && scan <= time.Second {
		traits.AbortScan, traits.Timeout = scan, 6*time.Second
	}
	expiration := configs["transactional.id.expiration.ms"] + configs["transaction.remove.expired.transaction.cleanup.interval.ms"]
	if expiration > 0 && expiration < time.Minute {
		traits.Expiration = expiration
	}
	// Every partition of both logs has a leader that has loaded it once all these ids have been taken over.
	for i := range 20 {
		l.Comes(time.Minute, "NONE", func() string {
			said, _, _ := strings.Cut(l.Init(fmt.Sprint("warm-", i), conformance.NoPID, conformance.NoEpoch), " ")
			return said
		})
	}
	l.Comes(time.Minute, "Dead", l.Group)
	if len(l.Differences) > 0 {
		t.Fatalf("%s does not serve: %v", seeds, l.Differences)
	}
	return traits
}

// configsOf are a broker's settings that are times.
func configsOf(t *testing.T, l *conformance.Lab, node int32) map[string]time.Duration {
	t.Helper()
	req := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeBroker, fmt.Sprint(node)
	req.Resources = append(req.Resources, r)
	resp, ok := l.Ask(node, 4, req).(*kmsg.DescribeConfigsResponse)
	if !ok {
		t.Fatalf("broker %d does not tell its configuration", node)
	}
	configs := map[string]time.Duration{}
	for _, c := range resp.Resources[0].Configs {
		if c.Value == nil {
			continue
		}
		if ms, err := strconv.ParseInt(*c.Value, 10, 64); err == nil {
			configs[c.Name] = time.Duration(ms) * time.Millisecond
		}
	}
	return configs
}
