package apache

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// javaMin is what Kafka's brokers ask for since 4.0.
const javaMin = 17

// java are the arguments that every program has: what starts fast is worth more here than what is fast for long.
func java(a *artefact, heap string, args ...string) []string {
	return append([]string{"-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", a.classPath}, args...)
}

// command runs Java in a folder, where also goes what it would leave in the system's when it is killed: the native
// libraries that it unpacks.
func command(dir string, args []string) (*exec.Cmd, error) {
	tmp := filepath.Join(dir, "tmp")
	if err := os.RemoveAll(tmp); err != nil {
		return nil, err
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return nil, err
	}
	cmd := exec.Command("java", append([]string{"-Djava.io.tmpdir=" + tmp}, args...)...)
	cmd.Dir = dir
	dieWithParent(cmd)
	return cmd, nil
}

// javaVersion finds the 17 of 17.0.15, and the 1 of 1.8.0.
var javaVersion = regexp.MustCompile(`version "(\d+)`)

func checkJava() error {
	said, err := exec.Command("java", "-version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ask java for its version: %w; ZooKeeper and Kafka need Java %d or newer on the path", err, javaMin)
	}
	found := javaVersion.FindSubmatch(said)
	if found == nil {
		return fmt.Errorf("ask java for its version: it says %q", said)
	}
	if version, _ := strconv.Atoi(string(found[1])); version < javaMin {
		return fmt.Errorf("ask java for its version: it is %s; ZooKeeper and Kafka need Java %d or newer on the path", found[1], javaMin)
	}
	return nil
}
