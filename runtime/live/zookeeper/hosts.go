package zookeeper

// hosts are the members of an ensemble by their names, which are looked up whenever one is dialled: a member that comes
// back elsewhere is found. zk's own provider looks them up once.
type hosts struct {
	names []string
	tried int // since one was connected to
}

// Init implements zk.HostProvider, as do the others. zk has shuffled the names.
func (h *hosts) Init(names []string) error {
	h.names = names
	return nil
}

func (h *hosts) Len() int { return len(h.names) }

// Next goes through the names. When all have been tried zk pauses for a second, and those who ask it hear of that.
func (h *hosts) Next() (name string, again bool) {
	name = h.names[0]
	h.names = append(h.names[1:], name)
	again = h.tried > 0 && h.tried%len(h.names) == 0
	h.tried++
	return name, again
}

func (h *hosts) Connected() { h.tried = 0 }
