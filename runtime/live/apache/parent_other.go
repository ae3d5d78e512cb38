//go:build !linux

package apache

import "os/exec"

// dieWithParent has nothing to ask of this kernel: a program whose starter was killed goes on.
func dieWithParent(*exec.Cmd) {}
