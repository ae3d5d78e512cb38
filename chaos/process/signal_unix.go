//go:build unix

package process

import "syscall"

func (m *member) pause()  { m.cmd.Process.Signal(syscall.SIGSTOP) }
func (m *member) resume() { m.cmd.Process.Signal(syscall.SIGCONT) }
