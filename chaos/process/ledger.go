package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ledger is what a run has to undo, in a file of its folder. A line is on disk before what it undoes is done, so that
// a run whose harness has died can be mended by another process.
//
//	run:     folder, lock ─▶ line, sync ─▶ do it ─▶ ... ─▶ end: undo, last line first ─▶ remove the folder
//	revert:  each folder whose lock nobody holds ─────────▶ the same end
type ledger struct {
	folder string
	file   *os.File // locked for as long as the run goes on
	undos  []undo
}

const (
	folderPattern = "flinch-run-*"
	ledgerName    = "undo.jsonl"
)

// openLedger begins a run's folder.
func openLedger() (*ledger, error) {
	folder, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the run: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, ledgerName), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err == nil {
		if err = lock(file); err == nil {
			return &ledger{folder: folder, file: file}, nil
		}
		file.Close()
	}
	os.RemoveAll(folder)
	return nil, fmt.Errorf("begin the list of what is to be undone in %s: %w", folder, err)
}

// add writes down what is about to be done.
func (l *ledger) add(u undo) error {
	line, err := json.Marshal(u)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write down how to undo %v: %w", u, err)
	}
	l.undos = append(l.undos, u)
	return nil
}

// close undoes everything and leaves nothing behind.
func (l *ledger) close() (err error) {
	for _, u := range slices.Backward(l.undos) {
		err = errors.Join(err, u.do())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("undo what the run has done: %w; try chaos revert, or remove %s if it is gone for good", err, l.folder), l.file.Close()) // the list stays
	}
	return errors.Join(l.file.Close(), os.RemoveAll(l.folder))
}

// Revert undoes what runs have left behind whose harness has died, and tells what that was.
func Revert(tell func(line string)) error {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), folderPattern))
	for _, folder := range folders {
		err = errors.Join(err, revert(folder, func(what any) { tell(fmt.Sprintf("%s: %v", folder, what)) }))
	}
	return err
}

func revert(folder string, tell func(what any)) error {
	l, err := adopt(folder)
	if errors.Is(err, errAlive) {
		tell("its run goes on")
		return nil
	}
	if err != nil {
		return err
	}
	for _, u := range slices.Backward(l.undos) {
		tell(u)
	}
	if err := l.close(); err != nil {
		return err
	}
	tell("removed")
	return nil
}

// errAlive says that a folder is of a run that goes on.
var errAlive = errors.New("the run goes on")

// adopt takes over the ledger of a run that has died. One without a list has done nothing yet.
func adopt(folder string) (*ledger, error) {
	file, err := os.OpenFile(filepath.Join(folder, ledgerName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Create(filepath.Join(folder, ledgerName))
	}
	if err != nil {
		return nil, fmt.Errorf("read what is to be undone: %w", err)
	}
	if lock(file) != nil {
		file.Close()
		return nil, errAlive
	}
	l := &ledger{folder: folder, file: file}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var u undo
		if json.Unmarshal(lines.Bytes(), &u) != nil {
			break // the harness died while it wrote this line, so it did not do it
		}
		l.undos = append(l.undos, u)
	}
	return l, nil
}
