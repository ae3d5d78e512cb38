//go:build !unix

package objectstore

import (
	"errors"
	"os"
)

// lock takes nothing: drafts of the dead stay here.
func lock(*os.File) error { return errors.ErrUnsupported }
