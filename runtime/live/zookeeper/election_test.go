package zookeeper

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

// candidate contends for leadership until it is told to die. It says what happens to it.
type candidate struct {
	conf    config.HighAvailability
	name    string
	ha      mailbox.Addr
	says    chan string
	elector election.Elector
}

type die struct{}

func (die) Word() string { return "die" }

func (c *candidate) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m.(type) {
	case mailbox.Started:
		c.elector = election.New(c.conf, c.name, c.ha, c)
		c.elector.Start(env)
	case die:
		return mailbox.ErrDone
	default:
		c.elector.Handle(env, m)
	}
	return nil
}

func (c *candidate) Granted(mailbox.Env, id.Token) { c.says <- c.name }
func (c *candidate) Revoked(_ mailbox.Env, _ id.Token, cause string) {
	c.says <- c.name + " lost it: " + cause
}

func configure(t *testing.T, kind string, sessionTimeout time.Duration) config.HighAvailability {
	t.Helper()
	conf, _, err := config.Parse(map[string]string{"high-availability.type": kind, "high-availability.storageDir": "s3://ha",
		"high-availability.kubernetes.leader-election.lease-duration": "1 s",
		"high-availability.kubernetes.leader-election.renew-deadline": "1 s",
		"high-availability.kubernetes.leader-election.retry-period":   "100 ms",
		"high-availability.zookeeper.client.session-timeout":          fmt.Sprint(sessionTimeout.Milliseconds(), " ms"),
		"high-availability.zookeeper.client.retry-wait":               "100 ms"})
	if err != nil {
		t.Fatal(err)
	}
	return conf.HighAvailability
}

// Of two candidates one leads; when it dies the other one follows.
func TestElectionOnZooKeeper(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"kubernetes", "zookeeper"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			conf := configure(t, kind, time.Second)
			g, err := New(serve(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(g.Close)
			says := make(chan string, 16)
			residents := []live.Resident{{Actor: g}}
			for _, name := range []string{"a", "b"} {
				residents = append(residents, live.Resident{Name: name, Actor: &candidate{conf: conf, name: name, ha: "ha", says: says}})
			}
			node := live.Start(live.Config{Name: "ha", Residents: residents})
			t.Cleanup(func() { node.Stop() })
			leader := hear(t, says)
			node.Send("ha", mailbox.Addr("ha/"+leader), die{})
			if next := hear(t, says); next == leader || len(next) > 1 {
				t.Errorf("%s leads and dies; then %s", leader, next)
			}
		})
	}
}

func hear(t *testing.T, says <-chan string) string {
	t.Helper()
	select {
	case said := <-says:
		return said
	case <-time.After(2 * patient):
		t.Fatal("nobody says anything any more")
		return ""
	}
}
