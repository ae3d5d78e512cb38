// Package id has the identities that cross process borders, each a type of its own.
package id
