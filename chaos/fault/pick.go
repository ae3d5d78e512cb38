package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// victims are what a firing hits: processes, or one-way links; why says how they were found.
type victims struct {
	processes []string
	links     [][2]string
	near      []string // for links: the processes of the first side
	why       string
}

// names is how the history calls them.
func (v victims) names() []string {
	if len(v.links) == 0 {
		return v.processes
	}
	names := make([]string, len(v.links))
	for i, l := range v.links {
		names[i] = l[0] + "->" + l[1]
	}
	return names
}

// victims finds whom a fault hits now, or says why there is nobody.
func (i *Injector) victims(f Fault, kind Kind, r *rand.Rand) (victims, error) {
	if !kind.Network {
		picked, why, err := i.pick(f.Target.Side, r)
		return victims{processes: picked, why: why}, err
	}
	near, why, err := i.sides(f.Target.Between[0], r)
	if err != nil {
		return victims{}, err
	}
	far, _, err := i.sides(f.Target.Between[1], r)
	if err != nil {
		return victims{}, err
	}
	v := victims{near: near, why: why}
	for _, a := range near {
		for _, b := range far {
			if a == b || slices.Contains(near, b) && everybody(f.Target.Between[1]) {
				continue
			}
			if f.Target.Direction != From {
				v.links = append(v.links, [2]string{a, b})
			}
			if f.Target.Direction != To {
				v.links = append(v.links, [2]string{b, a})
			}
		}
	}
	v.links = inOrder(v.links)
	if len(v.links) == 0 {
		return v, fmt.Errorf("no two different processes stand on the two sides of %s", f.Target)
	}
	return v, nil
}

func everybody(side []Side) bool { return len(side) == 1 && side[0].IsZero() }

func (i *Injector) sides(all []Side, r *rand.Rand) (picked []string, why string, err error) {
	var whys []string
	for _, s := range all {
		some, w, err := i.pick(s, r)
		if err != nil {
			return nil, "", err
		}
		for _, p := range some {
			if !slices.Contains(picked, p) {
				picked = append(picked, p)
			}
		}
		whys = append(whys, w)
	}
	return picked, strings.Join(whys, "; "), nil
}

// pick finds the processes of one side.
func (i *Injector) pick(s Side, r *rand.Rand) (picked []string, why string, err error) {
	roles := s.Role
	if len(roles) == 0 {
		roles = Roles
	}
	var up []string
	for _, role := range roles {
		up = append(up, i.target.Processes(role)...)
	}
	if len(s.Role) > 0 {
		up = slices.DeleteFunc(up, func(p string) bool { return s.Name == "" && i.target.Application(p) != s.Application })
	}
	what := nameOf(s.Role)
	switch {
	case s.Name != "":
		if !slices.Contains(up, s.Name) {
			return nil, "", fmt.Errorf("%s is not up", s.Name)
		}
		return []string{s.Name}, "named in the scenario", nil
	case s.Pick == Leader:
		leader := i.target.Leader(s.Application)
		if leader == "" {
			return nil, "", fmt.Errorf("nobody leads at this moment")
		}
		return []string{leader}, "it leads", nil
	case s.Pick == Hosting:
		subtask, called := -1, s.Operator
		if s.Subtask != nil {
			subtask = *s.Subtask
			called = fmt.Sprintf("%s-%d", s.Operator, subtask)
		}
		hosts := slices.Clone(i.target.Hosting(s.Application, s.Operator, subtask))
		if len(hosts) == 0 {
			return nil, "", fmt.Errorf("no TaskManager hosts %s at this moment", called)
		}
		return hosts, "hosts " + called, nil
	}
	if len(up) == 0 {
		return nil, "", fmt.Errorf("no %s is up", what)
	}
	n := len(up)
	switch s.Pick {
	case One:
		n = 1
	case Fixed:
		n = min(s.Value, n)
	case FixedPercent:
		n = (n*min(s.Value, 100) + 99) / 100
	}
	if n == len(up) {
		if len(up) == 1 {
			return up, "the only " + what, nil
		}
		return up, "every " + what, nil
	}
	order := r.Perm(len(up))[:n]
	slices.Sort(order)
	for _, k := range order {
		picked = append(picked, up[k])
	}
	if n == 0 {
		return nil, "", fmt.Errorf("%s picks 0 of %d processes", s, len(up))
	}
	return picked, fmt.Sprintf("%d of %d (%s), drawn by the seed", n, len(up), strings.Join(up, ", ")), nil
}

// nameOf is how a sentence calls the processes of some roles.
func nameOf(roles []Role) string {
	if len(roles) == 0 {
		return "process"
	}
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " or ")
}
