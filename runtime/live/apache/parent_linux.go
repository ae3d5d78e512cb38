package apache

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel end a program whose starter has died.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
