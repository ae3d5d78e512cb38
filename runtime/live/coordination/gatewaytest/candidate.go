package gatewaytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Candidate is an actor that contends for leadership until it is told to die. It says its name when it leads, and
// "<name> lost it: <cause>" when it does not any more.
type Candidate struct {
	Conf config.HighAvailability
	Name string
	HA   mailbox.Addr
	Says chan<- string

	elector election.Elector
}

type die struct{}

func (die) Word() string { return "die" }

// Receive implements mailbox.Actor.
func (c *Candidate) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m.(type) {
	case mailbox.Started:
		c.elector = election.New(c.Conf, c.Name, c.HA, c)
		c.elector.Start(env)
	case die:
		return mailbox.ErrDone
	default:
		c.elector.Handle(env, m)
	}
	return nil
}

// Granted implements election.Owner.
func (c *Candidate) Granted(mailbox.Env, id.Token) { c.Says <- c.Name }

// Revoked implements election.Owner.
func (c *Candidate) Revoked(_ mailbox.Env, _ id.Token, cause string) {
	c.Says <- c.Name + " lost it: " + cause
}

// Configure returns a configuration whose elections are as quick as can be, if no leader shall fall to a stall of the machine.
func Configure(t *testing.T, kind string, sessionTimeout time.Duration) config.HighAvailability {
	t.Helper()
	conf, _, err := config.Parse(map[string]string{"high-availability.type": kind, "high-availability.storageDir": "s3://ha",
		"high-availability.kubernetes.leader-election.lease-duration": "4 s",
		"high-availability.kubernetes.leader-election.renew-deadline": "3 s",
		"high-availability.kubernetes.leader-election.retry-period":   "100 ms",
		"high-availability.zookeeper.client.session-timeout":          fmt.Sprint(sessionTimeout.Milliseconds(), " ms"),
		"high-availability.zookeeper.client.retry-wait":               "100 ms"})
	if err != nil {
		t.Fatal(err)
	}
	return conf.HighAvailability
}

// Hear waits for what a candidate says.
func Hear(t *testing.T, says <-chan string) string {
	t.Helper()
	select {
	case said := <-says:
		return said
	case <-time.After(2 * Patience):
		t.Fatal("nobody says anything any more")
		return ""
	}
}

// Elects says that of two candidates one leads, and that when it dies the other one follows.
func Elects(t *testing.T, gateway func(t *testing.T) Gateway) {
	for _, kind := range []string{"kubernetes", "zookeeper"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			conf := Configure(t, kind, 4*time.Second)
			g := gateway(t)
			t.Cleanup(g.Close)
			says := make(chan string, 16)
			residents := []live.Resident{{Actor: g}}
			for _, name := range []string{"a", "b"} {
				residents = append(residents, live.Resident{Name: name, Actor: &Candidate{Conf: conf, Name: name, HA: "ha", Says: says}})
			}
			node := live.Start(live.Config{Name: "ha", Residents: residents})
			t.Cleanup(func() { _ = node.Stop() })
			leader := Hear(t, says)
			node.Send("ha", mailbox.Addr("ha/"+leader), die{})
			if next := Hear(t, says); next == leader || len(next) > 1 {
				t.Errorf("%s leads and dies; then %s", leader, next)
			}
		})
	}
}
