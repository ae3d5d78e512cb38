package objectstore

import (
	"fmt"
	"log/slog"

	"github.com/flinch-dev/flinch/runtime/live/blobs"
)

// Store is the gateway's actor. Whoever has opened it closes it when its node has ended.
type Store struct {
	*blobs.Gateway
	disk *disk
}

// Open returns a store of what is in a folder. It logs what it could not do; nil: it does not.
func Open(folder string, log *slog.Logger) (*Store, error) {
	d, err := openDisk(folder)
	if err != nil {
		return nil, fmt.Errorf("open the object store in %s: %w; %s", folder, err, advice(err))
	}
	return &Store{blobs.New(blobs.Config{Store: d, Log: log}), d}, nil
}

// Close lets go of the folder. What is under way may end half-way, as by a crash.
func (s *Store) Close() { _ = s.disk.root.Close() }
