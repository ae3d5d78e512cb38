//go:build !unix

package process

// Elsewhere a process cannot be made to stand still: its mail and its clock do, in the world.
func (m *member) pause()  {}
func (m *member) resume() {}
