package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/flinch-dev/flinch/reports"
)

// diary is a sweep's runs.jsonl: a line for each run that is over, on disk before another one takes its place. So a
// sweep of many hours that is interrupted, in whatever way, can be gone on with.
type diary struct {
	mu   sync.Mutex
	file *os.File
	done map[string]over // by cell and seed
}

// over is a run that is over.
type over struct {
	reports.SweepRun
	Caught bool `json:"caught,omitempty"`
}

const diaryName = "runs.jsonl"

// diaryTitle is the first line: what the sweep is of.
type diaryTitle struct {
	Scenario string // a digest of all that is resolved
	On       string
}

// openDiary begins the diary of a folder, or goes on with the one that is there.
func openDiary(dir string, of diaryTitle, resume bool) (*diary, error) {
	d := &diary{done: map[string]over{}}
	path := filepath.Join(dir, diaryName)
	var kept int64
	if resume {
		var err error
		if kept, err = d.read(path, of); err != nil {
			return nil, err
		}
	}
	var err error
	if d.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, usage("%v", err)
	}
	if err := d.file.Truncate(kept); err != nil { // what is half written is written again
		return nil, usage("%v", err)
	}
	if _, err := d.file.Seek(kept, 0); err != nil {
		return nil, usage("%v", err)
	}
	if kept == 0 {
		return d, d.write(of)
	}
	return d, nil
}

// read takes what is whole, and says how many bytes that is.
func (d *diary) read(path string, of diaryTitle) (kept int64, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, usage("read the runs that are over: %v", err)
	}
	for lines := bufio.NewReader(bytes.NewReader(data)); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return kept, nil
		}
		if kept == 0 {
			var was diaryTitle
			if json.Unmarshal(line, &was) != nil || was != of {
				return 0, usage("%s is of another scenario, or of another backend: go on with it as it was, choose another folder with --out, or leave --resume out and begin anew", path)
			}
		} else {
			var run over
			if json.Unmarshal(line, &run) != nil {
				return kept, nil
			}
			d.done[nameOf(run.Cell, run.Seed)] = run
		}
		kept += int64(len(line))
	}
}

func nameOf(cell []string, seed int64) string {
	return fmt.Sprint(strings.Join(cell, "\x00"), "\x00", seed)
}

// of finds a run.
func (d *diary) of(cell []string, seed uint64) (over, bool) {
	run, is := d.done[nameOf(cell, int64(seed))]
	return run, is
}

// add writes down a run that is over.
func (d *diary) add(run over) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(run)
}

func (d *diary) write(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = d.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = d.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write down that a run is over: %w", err)
	}
	return nil
}

func (d *diary) close() error { return d.file.Close() }

// digest is short for a text.
func digest(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text))[:16] }
