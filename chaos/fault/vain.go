package fault

// A fault may find its victims and strike nothing all the same: nobody speaks over the link that is cut, nobody asks for
// what the service refuses. Whoever is killed or stands still is struck; a link and a service lie in wait, and what comes
// along is counted.

// serviceOf is the service that conditions are about, or "".
func serviceOf(conditions []*condition) Role {
	for _, c := range conditions {
		if c.service != "" {
			return c.service
		}
	}
	return ""
}

// hits is how much has met, so far, what is wrong with the links or the service of a firing. Another fault that is about
// the same adds to it.
func (i *Injector) hits(f *firing) (n uint64) {
	for _, l := range f.hit.links {
		n += i.target.LinkHits(l[0], l[1])
	}
	if f.service != "" {
		n += i.target.ServiceHits(f.service)
	}
	return n
}

// came is what came of a firing that is over, in words, and remembers whether it struck.
func (i *Injector) came(f *firing, result string) string {
	waited := len(f.hit.links) > 0 || f.service != ""
	if waited && i.hits(f) == f.hits {
		return result + "; it struck nothing"
	}
	f.struck = true
	return result
}

// Vain names the faults that started, and struck nothing whenever they did. A run has tested these as little as those that
// it Missed. What is idle, as the first of a row with a growing delay, is not meant to strike.
func (i *Injector) Vain() []string {
	var names []string
	for _, a := range i.faults {
		if a.started && !a.struck && a.Idle() == "" {
			names = append(names, a.Name)
		}
	}
	return names
}
