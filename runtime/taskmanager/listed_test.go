package taskmanager

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
)

// Whoever wants to know finds the tasks of a TaskManager, and asks each of them.
func TestTasksAreFoundAndAsked(t *testing.T) {
	s := newStage(t)
	var heard []mailbox.Msg
	s.Add(sim.Process{Name: "watcher", BootTime: -1, Boot: s.resident(func(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) { heard = append(heard, m) })})
	ask := func(to mailbox.Addr, m mailbox.Msg) mailbox.Msg {
		t.Helper()
		s.Send("watcher", to, m)
		s.Run(s.Now() + time.Second)
		return heard[len(heard)-1]
	}
	s.Run(time.Second)
	if none := ask("tm", wire.RequestTasks{Req: 1}).(wire.TasksAre); none.Req != 1 || len(none.Tasks) != 0 {
		t.Errorf("there are no tasks yet: %+v", none)
	}
	s.running()
	all := ask("tm", wire.RequestTasks{Req: 2}).(wire.TasksAre).Tasks
	if len(all) != 1 || all[0] != (wire.TaskOfJob{Job: job, Name: "Source: source -> sum -> Sink: sink", Attempt: attempt}) {
		t.Fatalf("the tasks are %+v", all)
	}
	at := wire.TaskAddr("tm", all[0].Attempt)
	if io := ask(at, wire.RequestTaskIO{Req: 3}).(wire.TaskIOIs); io != (wire.TaskIOIs{Req: 3, RecordsIn: 5, RecordsOut: 5}) {
		t.Errorf("partition 0 has five records: %+v", io)
	}
	s.after(time.Second, wire.CancelTask{Attempt: attempt})
	if back, ok := ask(at, wire.RequestTaskIO{Req: 4}).(mailbox.Undeliverable); !ok || back.M != (wire.RequestTaskIO{Req: 4}) {
		t.Errorf("a task that has ended does not answer: %+v", back)
	}
}
