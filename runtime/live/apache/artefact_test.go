package apache

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const somePOM = `<project><dependencies><dependency><version>1.2</version></dependency></dependencies></project>`

// standIn puts a script on the path that is taken for a program.
func standIn(t *testing.T, program, does string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the stand-in is a script, and Linux is where the user's cache can be put elsewhere by a variable")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// maven puts a stand-in for mvn on the path. It tells how often it was called.
func maven(t *testing.T, does string) (calls func() int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	standIn(t, "mvn", fmt.Sprintf("echo call >> %s\n%s", log, does))
	return func() int {
		text, _ := os.ReadFile(log)
		return strings.Count(string(text), "call")
	}
}

// copies is what mvn does when all goes well: a jar is in the folder that its last argument names.
const copies = `for last; do :; done; mkdir -p "${last#-DoutputDirectory=}" && touch "${last#-DoutputDirectory=}/some.jar"`

func TestMavenIsAskedOnce(t *testing.T) {
	calls := maven(t, copies)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			a, err := resolve("some", []byte(somePOM))
			if err != nil {
				t.Error(err)
				return
			}
			if jars, _ := filepath.Glob(a.classPath); len(jars) != 1 || a.version != "1.2" {
				t.Errorf("version %s has the jars %v", a.version, jars)
			}
		})
	}
	both.Wait()
	if calls() != 1 {
		t.Errorf("mvn was called %d times", calls())
	}
}

// The cache is that of this POM, or it is made anew.
func TestAnotherPOMIsResolvedAnew(t *testing.T) {
	calls := maven(t, copies)
	for _, pom := range []string{somePOM, somePOM + "<!-- with something else -->"} {
		if _, err := resolve("some", []byte(pom)); err != nil {
			t.Fatal(err)
		}
	}
	if calls() != 2 {
		t.Errorf("mvn was called %d times", calls())
	}
}

// A failure leaves nothing that passes for the jars, and says what Maven says.
func TestAFailureIsToldAndForgotten(t *testing.T) {
	maven(t, `echo "no such artefact"; exit 1`)
	for range 2 {
		if _, err := resolve("some", []byte(somePOM)); err == nil || !strings.Contains(err.Error(), "no such artefact") {
			t.Errorf("what Maven cannot get: %v", err)
		}
	}
	maven(t, copies)
	if _, err := resolve("some", []byte(somePOM)); err != nil {
		t.Error(err)
	}
}

func TestWithoutMavenItSaysWhatToGet(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := resolve("some", []byte(somePOM)); err == nil || !strings.Contains(err.Error(), "there is no mvn on the path") {
		t.Errorf("without mvn: %v", err)
	}
}

func TestWithoutJavaItSaysWhatToGet(t *testing.T) {
	for does, says := range map[string]string{
		"exit 127": "need Java 17 or newer",
		`echo 'openjdk version "11.0.2" 2019-01-15' >&2`: "it is 11; ZooKeeper and Kafka need Java 17",
		"echo tea": `it says "tea`,
	} {
		standIn(t, "java", does)
		if _, err := obtain("some", []byte(somePOM)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("with a java that does %q: %v", does, err)
		}
	}
}
