package kafka

import "fmt"

// assert stops the process on a bug of this package. Its arguments cost something even when it holds; where every
// transaction passes there is an if, and bug in it.
func assert(ok bool, format string, args ...any) {
	if !ok {
		bug(format, args...)
	}
}

func bug(format string, args ...any) { panic("kafka: " + fmt.Sprintf(format, args...)) }
