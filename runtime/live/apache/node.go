package apache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// node is one program of a Server, with a folder of its own. It lives any number of times.
type node struct {
	dir     string
	addr    string // where its clients reach it
	args    []string
	answers func(ctx context.Context) error // nil once it serves
	cmd     *exec.Cmd                       // nil while it is dead
	ended   chan struct{}                   // closed when the process is no more
}

func (n *node) logFile() string { return filepath.Join(n.dir, "log") }

// launch starts the process and does not wait for it.
func (n *node) launch() error {
	log, err := os.OpenFile(n.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd, err := command(n.dir, n.args)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd, n.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		cmd.Wait()
		close(ended)
	}(n.ended)
	return nil
}

const (
	readyTimeout = 2 * time.Minute // a JVM on a machine with much else to do
	askTimeout   = 2 * time.Second // who asks a program that only just listens may never hear from it
	askAgain     = 30 * time.Millisecond
)

// ready waits until the program answers, and tells the end of its log if it does not.
func (n *node) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		err := n.ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-n.ended:
			return fmt.Errorf("it ended by itself (%s): %s", n.cmd.ProcessState, n.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("it does not answer within %s (%w); its log ends with: %s", readyTimeout, err, n.lastWords())
		case <-again.C:
		}
	}
}

func (n *node) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return n.answers(ctx)
}

func (n *node) kill() error {
	if n.cmd == nil {
		return nil
	}
	if err := n.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-n.ended
	n.cmd = nil
	return nil
}

func (n *node) lastWords() []byte {
	log, err := os.ReadFile(n.logFile())
	if err != nil {
		return []byte(err.Error())
	}
	return end(log)
}

const endMax = 4 << 10

// end is the end of what a program has said.
func end(said []byte) []byte { return bytes.TrimSpace(said[max(0, len(said)-endMax):]) }
