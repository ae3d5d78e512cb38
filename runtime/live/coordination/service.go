package coordination

import (
	"context"
	"errors"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// Service is what keeps keys and sessions. Its methods are called from many goroutines, and return once their context is
// over. An error that is none of those below leaves open whether a write took effect.
type Service interface {
	// Transact writes all, if all comparisons hold and all sessions live.
	Transact(ctx context.Context, t wire.CoordTxn) (version uint64, err error)
	// Read reads all keys with a prefix, or one key, sorted. The version is the service's.
	Read(ctx context.Context, prefix string, exact bool) (entries []wire.Entry, version uint64, err error)
	// KeepAlive opens a session, keeps it alive, or closes it.
	KeepAlive(ctx context.Context, m wire.CoordSession) error
	// Await returns when one of a prefix's keys has changed or gone since a version. Its context is over when the asker has
	// waited for as long as it wanted; what it returns then does not matter.
	Await(ctx context.Context, prefix string, after uint64) error
	// Explain adds to an error of these what whoever runs the service can do.
	Explain(err error) error
	String() string // as in "etcd"
}

// Both say that certainly nothing is written.
var (
	ErrConflict       = errors.New("a comparison failed")
	ErrSessionExpired = errors.New("the session has ended")
)
