// Package scenarios holds the shipped scenario files, and the tests that run them.
//
//	*.yaml             what is shown: a failure, and what must hold afterwards
//	known-bad/*.yaml   the twin of each: one setting that loses the guarantee, which must be caught
//	base/*.yaml        what they have in common
package scenarios
