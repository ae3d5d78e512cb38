package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/cmd/internal/sweep"
	"github.com/flinch-dev/flinch/reports"
)

// batch is all the runs of one scenario: each cell of its matrix with each seed.
type batch struct {
	entry    *scenario.Entry
	backend  fault.Backend
	parts    process.Parts
	seeds    []uint64
	vars     []string
	out      string // the folder asked for; "" for one in the store
	failFast bool
	resume   bool
	parallel int

	dir   string
	keep  *keeper
	diary *diary // of a sweep
}

// job is one run of a batch.
type job struct {
	cell int
	seed uint64
}

// row is what is left of a run once its folder is written: a sweep keeps no more.
type row struct {
	summary *reports.Summary  // nil: the run was not made
	doc     *reports.Document // of a single run only: it is big
	folder  string            // where its files are; "" if they were not kept
	caught  bool
	err     error
}

func (r *row) passed() bool { return r.summary != nil && r.summary.Passed }

func (r *row) interrupted() bool {
	return r.summary != nil && r.summary.ExitCode == chaos.ExitInterrupted
}

// outcome is what became of a batch: one run, or a sweep of them.
type outcome struct {
	dir   string
	run   *reports.Document
	sweep *reports.Sweep
	rows  []row // those that were made
}

func (o *outcome) code() int {
	if o.run != nil {
		return o.run.ExitCode
	}
	return o.sweep.ExitCode
}

// jobs are cell by cell, so that a row's cell is found by its place.
func (b *batch) jobs() []job {
	var all []job
	for cell := range b.entry.Cells {
		for _, seed := range b.seeds {
			all = append(all, job{cell, seed})
		}
	}
	return all
}

func (b *batch) single() bool { return len(b.entry.Cells)*len(b.seeds) == 1 }

// run makes the runs and writes their folders. The outcome is nil if there was not even one; with an error, it
// is that of the runs before it.
func (b *batch) run(ctx context.Context, stderr io.Writer) (*outcome, error) {
	var err error
	if b.dir, err = folder(b.out, b.entry.Name, suffix(b.seeds)); err != nil {
		return nil, err
	}
	b.keep = newKeeper(len(b.entry.Cells))
	if !b.single() {
		if err := b.openDiary(); err != nil {
			return nil, err
		}
		defer b.diary.close()
	}
	jobs, began := b.jobs(), time.Now()
	p := newProgress(stderr, b.entry.Name, len(jobs), time.Duration(b.entry.Cells[0].Scenario.Duration))
	parallel := b.parallel
	if b.backend != fault.Sim {
		parallel = 1 // real processes need the machine for themselves
	}
	rows := sweep.Run(ctx, jobs, parallel, func(ctx context.Context, j job) row {
		return b.one(ctx, j, p.at)
	}, func(_ int, done row) (goOn bool) {
		p.step(done.passed())
		return done.err == nil && (done.passed() || !b.failFast)
	})
	p.end()
	o, failed := &outcome{dir: b.dir}, error(nil)
	for _, done := range rows {
		failed = firstOf(failed, done.err)
		if done.summary != nil {
			o.rows = append(o.rows, done)
		}
	}
	if len(o.rows) == 0 {
		_ = os.Remove(filepath.Join(b.dir, diaryName))
		_ = os.Remove(b.dir) // it is empty, unless someone else uses it
		return nil, failed
	}
	if b.single() {
		o.run = o.rows[0].doc
	} else {
		o.sweep = b.sweep(rows, time.Since(began), ctx.Err() != nil)
		failed = firstOf(failed, reports.WriteSweep(b.dir, o.sweep))
	}
	if b.out == "" {
		o.link()
	}
	return o, failed
}

// link points at the outcome from beside its folder, and at the first of its runs that failed: a name that
// replay takes.
func (o *outcome) link() {
	store := filepath.Dir(o.dir)
	link(store, "latest", o.dir)
	failing := slices.IndexFunc(o.rows, func(r row) bool { return !r.passed() && !r.interrupted() && r.folder != "" })
	if failing >= 0 {
		link(store, "latest-fail", o.rows[failing].folder)
	}
}

// openDiary has the runs that are over already, of a sweep that is gone on with.
func (b *batch) openDiary() error {
	yaml, err := b.entry.Scenario.YAML()
	if err != nil {
		return err
	}
	title := diaryTitle{Scenario: digest(yaml), On: on(b.backend, b.parts)}
	for _, v := range b.vars {
		title.On += v + " "
	}
	b.diary, err = openDiary(b.dir, title, b.resume)
	return err
}

// over is a run that the diary has.
func (b *batch) over(j job) (row, bool) {
	if b.diary == nil {
		return row{}, false
	}
	run, is := b.diary.of(values(b.entry.Cells[j.cell]), j.seed)
	if !is {
		return row{}, false
	}
	done := row{summary: &run.Summary, caught: run.Caught}
	folder := filepath.Join(b.dir, b.folderOf(j))
	if _, err := os.Stat(filepath.Join(folder, "run.json")); err == nil { // which was written last
		b.keep.wants(j.cell, run.Passed)
		done.folder = folder
	}
	return done, true
}

// one makes one run and writes what is to be kept of it: everything of a single run; in a sweep, that of
// failing runs and of the first good one of each cell.
func (b *batch) one(ctx context.Context, j job, progress func(virtual time.Duration)) (done row) {
	cell := b.entry.Cells[j.cell]
	if done, is := b.over(j); is {
		return done
	}
	again := repro(b.entry, cell, on(b.backend, b.parts), j.seed, b.vars)
	defer func() {
		if p := recover(); p != nil { // here, since nobody else recovers on this goroutine
			done = row{err: bug(again, p)}
		}
	}()
	o, err := chaos.Execute(ctx, chaos.On{Backend: b.backend, Parts: b.parts}, cell, j.seed, progress)
	if errors.Is(err, chaos.ErrUnavailable) {
		return row{err: exit{exitUnavailable, fmt.Sprintf("%s: %v", b.entry.Name, err)}}
	}
	if errors.Is(err, chaos.ErrHarness) {
		return row{err: exit{exitBug, fmt.Sprintf("%s: %v", b.entry.Name, err)}}
	}
	if o == nil || err != nil && !errors.Is(err, context.Canceled) {
		return row{err: usage("%s: %v", b.entry.Name, err)}
	}
	doc, err := document(o, b.entry, again)
	if err != nil {
		return row{err: err}
	}
	summary := reports.SummaryOf(doc)
	done = row{summary: &summary, caught: o.Caught}
	defer func() {
		if b.diary != nil && done.err == nil && !done.interrupted() {
			done.err = b.diary.add(over{reports.SweepRun{Cell: values(cell), Summary: summary}, o.Caught})
		}
		if o.Left != nil && done.err == nil { // the run counts, and somebody has to know
			done.err = exit{exitUnavailable, fmt.Sprintf("%s: %v", b.entry.Name, o.Left)}
		}
	}()
	switch {
	case b.single():
		done.folder, done.doc = b.dir, doc
		doc.Folder = b.dir
	case b.keep.wants(j.cell, o.Passed()):
		done.folder = filepath.Join(b.dir, b.folderOf(j))
	default:
		return done
	}
	if err := reports.WriteRun(done.folder, doc); err != nil {
		doc.Folder = "" // there is no whole report to point at
		done.err = exit{exitUnavailable, err.Error()}
	}
	return done
}

// folderOf names the folder of a run within that of its sweep.
func (b *batch) folderOf(j job) string {
	seed := fmt.Sprintf("seed%d", j.seed)
	switch name := safe(b.entry.Cells[j.cell].Name); {
	case name == "":
		return seed
	case len(name) > folderNameMax:
		return fmt.Sprintf("cell%d-%s", j.cell+1, seed)
	default:
		return name + "-" + seed
	}
}

// folderNameMax leaves room for the seed in the 255 bytes that file systems give a name.
const folderNameMax = 200

func suffix(seeds []uint64) string {
	if len(seeds) == 1 {
		return fmt.Sprintf("seed%d", seeds[0])
	}
	return fmt.Sprintf("seeds%d-%d", seeds[0], seeds[len(seeds)-1])
}
