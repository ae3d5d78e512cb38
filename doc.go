// Package flinch has no code: it is where the test of the architecture lives. Start at ARCHITECTURE.md.
package flinch
