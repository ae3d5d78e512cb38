package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ports reads the ports of which a process takes the first that is free.
func ports(field func(*Config) *[]int) kind {
	return kind{name: "port range", read: parse(field, ParsePorts)}
}

// ParsePorts reads ports as Flink writes them: "8081", "9250-9260", "8081,9000-9010", in the order in which they are
// tried. 0 is any free port.
func ParsePorts(s string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		low, err := port(first)
		if err != nil {
			return nil, err
		}
		high := low
		if isRange {
			if high, err = port(last); err != nil {
				return nil, err
			}
		}
		if high < low {
			return nil, fmt.Errorf("the range %s ends before it begins", strings.TrimSpace(part))
		}
		for p := low; p <= high; p++ {
			all = append(all, p)
		}
	}
	return all, nil
}

func port(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	switch {
	case err != nil:
		return 0, errors.New("it must be a port, a range such as 9250-9260, or several of them with commas")
	case n < 0 || n > 65535:
		return 0, fmt.Errorf("%d is not between 0 and 65535", n)
	}
	return n, nil
}
