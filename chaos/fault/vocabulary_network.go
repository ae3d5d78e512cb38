package fault

var networkKinds = []Kind{
	{
		Name: "network.partition", Summary: "messages between two groups of processes do not get through",
		Long: "Both ways, or one way only (direction: to or from). Nobody is told: connections stay open and silent, so " +
			"only heartbeats and time-outs notice. When it heals, what was held back arrives, in order. With mode: reject, " +
			"as a firewall that refuses, connections break and every message comes back at once, so that senders know.",
		Params: []Param{{Name: "mode", Type: Choice, Default: "drop", Of: []string{"drop", "reject"}, Doc: "silence, or refusal"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links carry again, and deliver what was held back",
	},
	{
		Name: "network.delay", Summary: "messages between two groups take longer",
		Long: "Every message on the links is late by delay, and by up to jitter more.",
		Params: []Param{
			{Name: "delay", Type: Span, Default: "100ms", Doc: "added to every message"},
			{Name: "jitter", Type: Span, Default: "0s", Doc: "up to so much more, at random"},
		},
		Roles: Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links are as fast as before",
	},
	{
		Name: "network.loss", Summary: "packets between two groups are lost and sent again",
		Long:   "TCP repairs each loss by waiting and sending again, so loss shows as delay that doubles.",
		Params: []Param{{Name: "percent", Type: Percent, Default: "10", Doc: "of the packets"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links lose nothing",
	},
	{
		Name: "network.throttle", Summary: "little passes between two groups",
		Long: "So many bytes a second pass on each link, and senders wait: heartbeats stand in line behind data. What waits when it ends " +
			"passes at once.",
		Params: []Param{{Name: "bytes-per-second", Type: Number, Default: "10000", Least: 1, Doc: "on each link; at least 1"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links carry what they can",
	},
	{
		Name: "network.reset", Summary: "connections between two groups break",
		Long: "Both ends are told at once. What was under way may or may not have arrived: a request can have taken " +
			"effect though its answer is lost.",
		Roles: Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: []Backend{Sim, Process, Containers}, Lasts: AtOnce, Undo: "both ends connect again",
	},
}
