package fault

// Idle names the parameters by which a fault changes nothing; "" if it changes something.
func (f Fault) Idle() (parameters string) {
	switch f.Inject {
	case "clock.skew":
		if f.span("jump") == 0 && f.number("rate") == 1 {
			return "jump or rate"
		}
	case "network.delay":
		if f.span("delay") == 0 && f.span("jitter") == 0 {
			return "delay or jitter"
		}
	case "kafka.late-request", "kafka.markers.slow":
		if f.span("delay") == 0 {
			return "delay"
		}
	}
	if f.Param("percent") != "" && f.number("percent") == 0 {
		return "percent"
	}
	return ""
}
