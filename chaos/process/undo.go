package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// undo is one thing to undo, as a value.
type undo struct {
	Kind  string
	Place string // of the service
	Name  string // of a topic; of what a process has in its command line; the beginning of keys or objects
	PID   int    `json:",omitempty"`
}

// The kinds of undo. Doing one twice is as good as once.
const (
	endProcess    = "end the process"
	deleteTopic   = "delete the topic"
	deleteKeys    = "delete the keys"
	deleteObjects = "delete the objects"
	removeFolder  = "remove the folder"
)

func (u undo) String() string {
	switch u.Kind {
	case endProcess:
		return fmt.Sprintf("%s %d", u.Kind, u.PID)
	case removeFolder:
		return fmt.Sprintf("%s %s", u.Kind, u.Place)
	}
	return fmt.Sprintf("%s %s at %s", u.Kind, u.Name, u.Place)
}

func (u undo) do() error {
	switch u.Kind {
	case endProcess:
		return u.kill()
	case deleteTopic:
		return u.topic()
	case deleteKeys:
		return u.keys()
	case deleteObjects:
		return u.objects()
	case removeFolder:
		if err := os.RemoveAll(u.Place); !errors.Is(err, syscall.ENOTDIR) { // what is below a file is not there
			return err
		}
		return nil
	}
	return fmt.Errorf("%v: this version does not know how; use the one that made the run", u)
}

// kill ends a process, if it is still the one that was meant: its number may be another's by now.
func (u undo) kill() error {
	p, err := os.FindProcess(u.PID)
	if err != nil || !strings.Contains(commandLine(u.PID), u.Name) {
		return nil
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%v: %w", u, err)
	}
	return nil
}

// commandLine is that of a process; "" if there is none.
func commandLine(pid int) string {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		return string(data)
	}
	out, _ := exec.Command("ps", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	return string(out)
}

func (u undo) topic() error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(u.Place, ",")...))
	if err != nil {
		return fmt.Errorf("%v: %w", u, err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	t := kmsg.NewDeleteTopicsRequestTopic()
	t.Topic = kmsg.StringPtr(u.Name)
	req.Topics, req.TopicNames = append(req.Topics, t), append(req.TopicNames, u.Name)
	resp, err := req.RequestWith(ctx, client)
	if err == nil && len(resp.Topics) > 0 {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return fmt.Errorf("%v: %w", u, err)
	}
	return nil
}

// keysAtOnce is how many keys are deleted in one transaction: etcd takes 128.
const keysAtOnce = 100

func (u undo) keys() error {
	return u.with(services.HA, func(ask func(mailbox.Msg) mailbox.Msg) error {
		list, ok := ask(wire.CoordGet{Prefix: u.Name}).(wire.CoordEntries)
		if !ok || list.Err != "" {
			return fmt.Errorf("list them: %s", cause(list.Err))
		}
		for keys := list.Entries; len(keys) > 0; {
			n := min(len(keys), keysAtOnce)
			var t wire.CoordTxn
			for _, e := range keys[:n] {
				t.Writes = append(t.Writes, wire.Write{Key: e.Key, Delete: true})
			}
			if done, ok := ask(t).(wire.CoordTxnDone); !ok || done.Err != "" {
				return errors.New(cause(done.Err))
			}
			keys = keys[n:]
		}
		return nil
	})
}

func (u undo) objects() error {
	return u.with(services.Storage, func(ask func(mailbox.Msg) mailbox.Msg) error {
		list, ok := ask(wire.BlobList{Prefix: u.Name}).(wire.BlobPaths)
		if !ok || list.Err != "" {
			return fmt.Errorf("list them: %s", cause(list.Err))
		}
		if len(list.Paths) == 0 {
			return nil
		}
		if done, ok := ask(wire.BlobDelete{Paths: list.Paths}).(wire.BlobDone); !ok || done.Err != "" {
			return errors.New(cause(done.Err))
		}
		return nil
	})
}

func cause(err string) string {
	if err == "" {
		return "it does not answer"
	}
	return err
}

// with lets do ask a service, one question at a time.
func (u undo) with(open func(string, services.Dial, *slog.Logger) (services.Gateway, error), do func(ask func(mailbox.Msg) mailbox.Msg) error) error {
	g, err := open(u.Place, nil, nil)
	if err != nil {
		return fmt.Errorf("%v: %w", u, err)
	}
	defer g.Close()
	answers := make(chan mailbox.Msg, 1)
	node := live.Start(live.Config{Name: "service", Residents: []live.Resident{{Actor: g.Actor}},
		Carry: func(_, _ mailbox.Addr, m mailbox.Msg) { answers <- m }})
	defer node.Stop()
	err = do(func(m mailbox.Msg) mailbox.Msg {
		node.Send(harness, "service", m)
		select {
		case answer := <-answers:
			return answer
		case <-time.After(patience):
			return nil
		}
	})
	if err != nil {
		return fmt.Errorf("%v: %w", u, err)
	}
	return nil
}
