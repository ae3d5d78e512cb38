package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/scenario"
)

// store is where runs are kept: store/<scenario>/<UTC>-seed7, with a link "latest" beside it.
const store = "store"

// folder returns where a single run, or a sweep, goes; it is made now, so that a run is not made for nothing.
func folder(out, name, suffix string) (string, error) {
	dir := out
	if dir == "" {
		dir = filepath.Join(store, safe(name), time.Now().UTC().Format("20060102T150405Z")+"-"+suffix)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", usage("cannot write to %s: %v; choose another folder with --out", dir, err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return "", usage("cannot write to %s: %v; choose another folder with --out", dir, err)
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return "", usage("cannot write to %s: %v; choose another folder with --out", dir, err)
	}
	return dir, nil
}

// link points a name beside a folder of the store at it. A file system without links is no reason to fail.
func link(dir, name string) {
	parent := filepath.Dir(dir)
	if filepath.Dir(parent) != store {
		return
	}
	at := filepath.Join(parent, name)
	_ = os.Remove(at)
	_ = os.Symlink(filepath.Base(dir), at)
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
func repro(entry *scenario.Entry, cell scenario.Cell, seed uint64, vars []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "chaos run %s --seed %d", quoted(entry.File), seed)
	for _, v := range vars {
		fmt.Fprintf(&b, " --var %s", quoted(v))
	}
	for _, s := range cell.Settings {
		fmt.Fprintf(&b, " --var %s", quoted(s.Path+"="+s.Value))
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
