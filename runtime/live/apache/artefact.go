package apache

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

var (
	//go:embed zookeeper.xml
	zooKeeperPOM []byte
	//go:embed kafka.xml
	kafkaPOM []byte
)

// Each is obtained at most once in a process: what was missing stays missing.
var (
	obtainZooKeeper = sync.OnceValues(func() (*artefact, error) { return obtain("zookeeper", zooKeeperPOM) })
	obtainKafka     = sync.OnceValues(func() (*artefact, error) { return obtain("kafka", kafkaPOM) })
)

// Missing is why the programs cannot run here, in a sentence; "" if they can. It asks Maven for what is not in the
// cache yet.
func Missing() string {
	for _, obtain := range []func() (*artefact, error){obtainZooKeeper, obtainKafka} {
		if _, err := obtain(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// artefact is a published program with all that it needs.
type artefact struct {
	version   string
	classPath string
}

// resolveTimeout is for 60 MB through a slow mirror.
const resolveTimeout = 10 * time.Minute

// obtain makes sure that there is what a program needs: a Java, and its jars.
func obtain(name string, pom []byte) (*artefact, error) {
	if err := checkJava(); err != nil {
		return nil, err
	}
	return resolve(name, pom)
}

// resolve makes sure that the jars of a POM are in the user's cache, whole and of this very POM. Processes that come
// at the same time wait for the first.
func resolve(name string, pom []byte) (*artefact, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("resolve %s: find the user's cache: %w", name, err)
	}
	version := versionOf(pom)
	dir := filepath.Join(cache, "flinch", "apache-"+name+"-"+version)
	found := &artefact{version, filepath.Join(dir, "lib", "*")}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("resolve %s %s: %w", name, version, err)
	}
	lock, err := fileutil.LockFile(dir+".lock", os.O_WRONLY|os.O_CREATE, fileutil.PrivateFileMode)
	if err != nil {
		return nil, fmt.Errorf("resolve %s %s: wait for whoever else does so: %w", name, version, err)
	}
	defer lock.Close()
	if had, _ := os.ReadFile(filepath.Join(dir, "pom.xml")); bytes.Equal(had, pom) {
		return found, nil
	}
	if err := download(dir, pom); err != nil {
		return nil, fmt.Errorf("resolve %s %s: %w", name, version, err)
	}
	return found, nil
}

// download fills a folder beside dir, which takes its place when all is there.
func download(dir string, pom []byte) error {
	maven, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("its jars are not in %s yet, and there is no mvn on the path to get them with", dir)
	}
	draft := dir + ".draft"
	for _, former := range []string{draft, dir} {
		if err := os.RemoveAll(former); err != nil {
			return err
		}
	}
	if err := os.Mkdir(draft, 0o755); err != nil {
		return err
	}
	file := filepath.Join(draft, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, maven, "-q", "-B", "-f", file, "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(draft, "lib"))
	dieWithParent(cmd)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn could not get its jars (%w): %s", err, end(said))
	}
	return os.Rename(draft, dir)
}

// versionOf is the version of a POM's first dependency, which is the program itself.
func versionOf(pom []byte) string {
	var read struct {
		Versions []string `xml:"dependencies>dependency>version"`
	}
	if err := xml.Unmarshal(pom, &read); err != nil || len(read.Versions) == 0 {
		panic(fmt.Sprintf("apache: an embedded POM cannot be read: %v", err))
	}
	return read.Versions[0]
}
