package process

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel end a member whose conductor has died.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
