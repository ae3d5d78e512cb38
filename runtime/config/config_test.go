package config

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestWithoutAnyKeyEverythingIsFlinksDefault(t *testing.T) {
	c, warnings, err := Parse(nil)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("the empty configuration: %v, %v", warnings, err)
	}
	for _, is := range []struct {
		what      string
		got, want any
	}{
		{"checkpointing", c.Checkpointing.Enabled(), false},
		{"checkpoint timeout", c.Checkpointing.Timeout, 10 * time.Minute},
		{"inline threshold", c.Checkpointing.InlineThreshold, int64(20 << 10)},
		{"retained", c.Checkpointing.NumRetained, 1},
		{"restart strategy", c.RestartStrategy.Type, NoRestart},
		{"restarts", c.RestartStrategy.ExponentialDelay.AttemptsBeforeReset, math.MaxInt32},
		{"heartbeat timeout", c.Heartbeat.Timeout, 50 * time.Second},
		{"lease", c.HighAvailability.Kubernetes.LeaseDuration, 15 * time.Second},
		{"session", c.HighAvailability.ZooKeeper.SessionTimeout, time.Minute},
		{"slot request", c.Slot.RequestTimeout, 5 * time.Minute},
		{"first registration", c.Registration.InitialTimeout, 100 * time.Millisecond},
		{"buffer timeout", c.Pipeline.BufferTimeout, 100 * time.Millisecond},
		{"segment", c.TaskManager.Network.SegmentSize, int64(32 << 10)},
	} {
		if is.got != is.want {
			t.Errorf("%s is %v, want %v", is.what, is.got, is.want)
		}
	}
}

func TestWithCheckpointsARestartStrategyIsThereByDefault(t *testing.T) {
	c := parsed(t, "execution.checkpointing.interval=10 s")
	if c.RestartStrategy.Type != ExponentialDelay {
		t.Errorf("the strategy is %s", c.RestartStrategy.Type)
	}
}

func TestDurationsAreWrittenAsInFlink(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10 s": 10 * time.Second, "500ms": 500 * time.Millisecond, "1 min": time.Minute, "2 h": 2 * time.Hour,
		"1 d": 24 * time.Hour, "3 SECONDS": 3 * time.Second, "250": 250 * time.Millisecond, " 7  ns ": 7,
		"4 µs": 4 * time.Microsecond, "0": 0, "PT10S": 10 * time.Second, "pt1m30.5s": 90*time.Second + 500*time.Millisecond,
		"P1DT1H": 25 * time.Hour,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, complaint := range map[string]string{
		"": "must start with a number", "s": "must start with a number", "-1 s": "must start with a number",
		"1.5 s": "use a smaller unit", "10 parsecs": `"parsecs" is not a unit`, "99999999999999999999 s": "too large",
		"9223372036 s 5": "not a unit", "300000000 d": "too large", "P": "ISO 8601", "PT": "ISO 8601", "PT10": "ISO 8601",
		"PT9223372036854775807H": "too large",
	} {
		if got, err := ParseDuration(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q is %v, and the complaint is %v; want %q in it", text, got, err, complaint)
		}
	}
}

func TestMemorySizesArePowersOf1024(t *testing.T) {
	for text, want := range map[string]int64{"20 kb": 20 << 10, "32mb": 32 << 20, "1 G": 1 << 30, "4096": 4096, "8 bytes": 8} {
		if got, err := ParseMemory(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "kb", "1.5 mb", "10 lb", "9999999 tb"} {
		if got, err := ParseMemory(text); err == nil {
			t.Errorf("%q was taken for %d", text, got)
		}
	}
}

func TestPortsAreOneOrARangeOrSeveral(t *testing.T) {
	for text, want := range map[string][]int{"8081": {8081}, "0": {0}, "9250-9252": {9250, 9251, 9252}, " 7 - 8 ,80": {7, 8, 80}} {
		if got, err := ParsePorts(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, complaint := range map[string]string{"": "must be a port", "http": "must be a port", "1-": "must be a port", "-1": "must be a port",
		"65536": "65536 is not between", "2-1": "ends before it begins", "1,": "must be a port"} {
		if got, err := ParsePorts(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q is %v, and the complaint is %v; want %q in it", text, got, err, complaint)
		}
	}
	if c := parsed(t, "rest.port=9000"); !reflect.DeepEqual(c.Rest.Ports(), []int{9000}) {
		t.Errorf("rest.port alone: %v", c.Rest.Ports())
	}
	if c := parsed(t, "rest.port=9000", "rest.bind-port=9001-9002"); !reflect.DeepEqual(c.Rest.Ports(), []int{9001, 9002}) {
		t.Errorf("rest.bind-port goes first: %v", c.Rest.Ports())
	}
}

func TestAllComplaintsComeAtOnceAndNameKeyAndValue(t *testing.T) {
	_, _, err := Parse(conf("heartbeat.interval=soon", "restart-strategy.type=fixed-dely", "taskmanager.numberOfTaskSlots=0",
		"restart-strategy.exponential-delay.jitter-factor=2", "commit.offsets.on.checkpoint=yes"))
	if err == nil {
		t.Fatal("five bad values were taken")
	}
	for _, want := range []string{
		`heartbeat.interval: "soon" cannot be used: it must start with a number`,
		`restart-strategy.type: "fixed-dely" cannot be used: did you mean "fixed-delay"?`,
		`taskmanager.numberOfTaskSlots: "0" cannot be used: it must be at least 1`,
		`jitter-factor: "2" cannot be used: it must be between 0 and 1`,
		`commit.offsets.on.checkpoint: "yes" cannot be used: it must be true or false`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestValuesThatDoNotGoTogether(t *testing.T) {
	for _, c := range []struct{ key, complaint string }{
		{"heartbeat.timeout=5 s", "shorter than heartbeat.interval"},
		{"high-availability.type=kubernetes", "high-availability.storageDir: it is missing"},
		{"high-availability.kubernetes.leader-election.renew-deadline=20 s", "longer than the lease-duration"},
		{"high-availability.kubernetes.leader-election.retry-period=15 s", "not between 0 and the renew-deadline"},
		{"execution.checkpointing.interval=5 ms", "too short"},
		{"execution.checkpointing.data-inline-threshold=2 mb", "at most 1 mb"},
		{"restart-strategy.exponential-delay.max-backoff=1 ms", "shorter than the initial-backoff"},
		{"pipeline.max-parallelism=0", "0 key groups"},
	} {
		if _, _, err := Parse(conf(c.key)); err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: the complaint is %v; want %q in it", c.key, err, c.complaint)
		}
	}
}

func TestFormerNamesWorkAndAreWarnedAbout(t *testing.T) {
	c, warnings, err := Parse(conf("state.checkpoints.dir=s3://old", "restart-strategy=off", "high-availability=NONE"))
	if err != nil || c.Checkpointing.Dir != "s3://old" || c.RestartStrategy.Type != NoRestart {
		t.Errorf("dir %q, strategy %q, %v", c.Checkpointing.Dir, c.RestartStrategy.Type, err)
	}
	if len(warnings) != 3 || warnings[2].Text != "state.checkpoints.dir is a former name; write execution.checkpointing.dir" {
		t.Errorf("warnings: %v", warnings)
	}
	// Both names: the present one counts, whatever the former one says.
	c, warnings, err = Parse(conf("state.checkpoints.num-retained=three", "execution.checkpointing.num-retained=2"))
	if err != nil || c.Checkpointing.NumRetained != 2 || len(warnings) != 1 || !strings.Contains(warnings[0].Text, "its value counts") {
		t.Errorf("retained %d, %v, %v", c.Checkpointing.NumRetained, warnings, err)
	}
}

func TestUnknownKeysAreKeptAndWarnedAbout(t *testing.T) {
	c, warnings, err := Parse(conf("hearbeat.timout=30 s", "my.own=1", "execution.checkpointing.incremental=true", "state.changelog.enabled=false"))
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, w := range warnings {
		text = append(text, w.String())
	}
	want := []string{
		"execution.checkpointing.incremental: true is kept, but this runtime does nothing with it",
		"hearbeat.timout is not a key that this runtime knows; it is kept, without effect; did you mean heartbeat.timeout?",
		"my.own is not a key that this runtime knows; it is kept, without effect",
	}
	if !reflect.DeepEqual(text, want) {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(text, "\n"), strings.Join(want, "\n"))
	}
	if !reflect.DeepEqual(c.Unknown, map[string]string{"hearbeat.timout": "30 s", "my.own": "1"}) {
		t.Errorf("kept: %v", c.Unknown)
	}
}

// Each key must fill a field of its own: a copied line of the table that still fills its neighbour's field
// would otherwise go unseen.
func TestEveryKeyFillsItsOwnField(t *testing.T) {
	sample := map[string]string{"duration": "11 s", "memory size": "3 kb", "integer": "7", "double": "0.7", "string": "x", "milliseconds": "-5", "port range": "7-8"}
	filled := map[string]string{}
	for _, e := range table {
		value := sample[e.kind.name]
		switch e.kind.name {
		case "boolean":
			value = map[string]string{"true": "false", "false": "true"}[e.def]
		case "enum":
			value = e.kind.values[len(e.kind.values)-1]
		}
		if e.key == "restart-strategy.exponential-delay.backoff-multiplier" {
			value = "3"
		}
		before, _, _ := Parse(nil)
		after := before
		if err := e.kind.read(&after, value); err != nil {
			t.Errorf("%s: %q: %v", e.key, value, err)
		}
		changed := differences("", reflect.ValueOf(before), reflect.ValueOf(after))
		if e.idle {
			if len(changed) != 0 {
				t.Errorf("%s is listed as without effect, but fills %v", e.key, changed)
			}
			continue
		}
		if len(changed) != 1 {
			t.Errorf("%s: %q fills %v", e.key, value, changed)
			continue
		}
		if other := filled[changed[0]]; other != "" {
			t.Errorf("%s and %s both fill %s", e.key, other, changed[0])
		}
		filled[changed[0]] = e.key
	}
}

func differences(path string, a, b reflect.Value) []string {
	if a.Kind() == reflect.Struct {
		var all []string
		for i := range a.NumField() {
			all = append(all, differences(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))...)
		}
		return all
	}
	if reflect.DeepEqual(a.Interface(), b.Interface()) {
		return nil
	}
	return []string{path}
}

func TestEveryKeyIsThereOnceAndDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		for _, name := range append([]string{k.Name}, k.Synonyms...) {
			if seen[name] {
				t.Errorf("%s is in the table twice", name)
			}
			seen[name] = true
		}
		if !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: its documentation is not a sentence: %q", k.Name, k.Doc)
		}
	}
}

func TestEffectiveSaysWhatWasInForce(t *testing.T) {
	rows := map[string]string{}
	for _, r := range Effective(conf("heartbeat.timeout=30 s", "state.backend=rocksdb", "my.own=1", "execution.checkpointing.incremental=true")) {
		rows[r.Key] = fmt.Sprintf("%s %v", r.Value, r.Default)
	}
	for key, want := range map[string]string{
		"heartbeat.timeout": "30 s false", "heartbeat.interval": "10 s true", "state.backend.type": "rocksdb false",
		"my.own": "1 false", "execution.checkpointing.incremental": "true false", "state.changelog.enabled": "", "state.backend": "",
	} {
		if rows[key] != want {
			t.Errorf("%s is %q, want %q", key, rows[key], want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("heartbeat.timeout", "50 s")
	f.Add("state.backend", "PT1M")
	f.Add("pipeline.max-parallelism", "-1")
	f.Fuzz(func(t *testing.T, key, value string) {
		_, _, err := Parse(map[string]string{key: value})
		if err != nil && !strings.Contains(err.Error(), ": ") {
			t.Errorf("the complaint names no key: %v", err)
		}
		Effective(map[string]string{key: value})
	})
}

func conf(lines ...string) map[string]string {
	m := map[string]string{}
	for _, l := range lines {
		key, value, _ := strings.Cut(l, "=")
		m[key] = value
	}
	return m
}

func parsed(t *testing.T, lines ...string) Config {
	t.Helper()
	c, _, err := Parse(conf(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
