package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// store is where runs are kept: store/<scenario>/<UTC>-seed7, with a link "latest" beside it.
const store = "store"

// folder returns where a single run, or a sweep, goes; it is made now, so that a run is not made for nothing.
func folder(out, name, suffix string) (dir string, err error) {
	if dir = out; dir == "" {
		dir, err = inStore(name, suffix)
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = probe(dir)
	}
	if err != nil {
		return "", usage("cannot write to %s: %v; choose another folder with --out", dir, err)
	}
	return dir, nil
}

// inStore makes a new folder in the store: two runs of the same second get one each.
func inStore(name, suffix string) (string, error) {
	first := filepath.Join(store, safe(name), time.Now().UTC().Format("20060102T150405Z")+"-"+suffix)
	if err := os.MkdirAll(filepath.Dir(first), 0o755); err != nil {
		return first, err
	}
	dir := first
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		dir = fmt.Sprintf("%s-%d", first, n)
	}
}

// probe says what would keep a folder from being written to.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return firstOf(f.Close(), os.Remove(f.Name()))
}

// link points a name in a folder of the store at a folder below it. A file system without links is no reason
// to fail.
func link(parent, name, to string) {
	target, err := filepath.Rel(parent, to)
	if err != nil {
		return
	}
	at := filepath.Join(parent, name)
	_ = os.Remove(at)
	_ = os.Symlink(target, at)
}

// safe turns a name into one for a folder.
func safe(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || r < ' ' {
			return '_'
		}
		return r
	}, name)
}

// repro is the command that runs a cell with a seed again.
func repro(entry *scenario.Entry, cell scenario.Cell, on string, seed uint64, vars []string) string {
	for _, s := range cell.Settings {
		if v := s.Path + "=" + s.Value; !slices.Contains(vars, v) {
			vars = append(vars[:len(vars):len(vars)], v)
		}
	}
	return commandLine(entry, on+fmt.Sprintf("--seed %d", seed), vars)
}

// reproSweep is the command that runs all cells with all seeds again.
func reproSweep(entry *scenario.Entry, on string, seeds []uint64, vars []string) string {
	if len(seeds) == 1 {
		return commandLine(entry, on+fmt.Sprintf("--seed %d", seeds[0]), vars)
	}
	return commandLine(entry, on+fmt.Sprintf("--seeds %d..%d", seeds[0], seeds[len(seeds)-1]), vars)
}

// on are the flags that say where a run takes place.
func on(backend fault.Backend, parts process.Parts) string {
	if backend == fault.Sim {
		return ""
	}
	flags := fmt.Sprintf("--backend %s ", backend)
	for _, part := range []struct{ flag, value string }{{"--ha", parts.HA}, {"--storage", parts.Storage}, {"--kafka", parts.Kafka}} {
		if part.value != "" {
			flags += part.flag + " " + quoted(part.value) + " "
		}
	}
	return flags
}

func commandLine(entry *scenario.Entry, seeds string, vars []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "chaos run %s %s", quoted(entry.File), seeds)
	for _, v := range vars {
		fmt.Fprintf(&b, " --var %s", quoted(v))
	}
	return b.String()
}

// quoted is a word for a shell.
func quoted(s string) string {
	plain := !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@%+", r))
	})
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
