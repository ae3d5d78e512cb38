package apache

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// A node keeps its port while it is dead. Ports from which kernels choose for those who dial (from 32768 on Linux) are
// no good: a client that dials a dead port of these again and again is connected to itself in the end, and so holds it.
const portMin, portMax = 20_000, 32_000

// freeAddrs are so many addresses of the loopback interface where nobody listens. They are held until there are enough,
// so no two are the same.
func freeAddrs(count int) (addrs []string, err error) {
	for range 100 + count {
		addr := fmt.Sprintf("127.0.0.1:%d", portMin+rand.N(portMax-portMin))
		l, failed := net.Listen("tcp", addr)
		if failed != nil {
			err = failed
			continue
		}
		defer l.Close()
		if addrs = append(addrs, addr); len(addrs) == count {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("find %d free ports from %d to %d: %w", count, portMin, portMax, err)
}
