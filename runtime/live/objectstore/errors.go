package objectstore

import (
	"errors"
	"io/fs"
	"syscall"
)

var (
	errLost = errors.New("the folder has been moved, removed or covered by a mount")
	errBusy = errors.New("other processes get in the way each time")
)

// Explain says what can be done about an error. None of them tells whether a write took effect.
func (d *disk) Explain(err error) (word, remedy string) { return "unavailable", advice(err) }

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on its disk"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "let this process read and write there"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return "what lies there is not the store's: move it away"
	case errors.Is(err, fs.ErrNotExist):
		return "make the folder, or mount what is to be there"
	case errors.Is(err, errLost):
		return "put it back, and restart this process"
	case errors.Is(err, errBusy):
		return "see that nobody but object stores works in the folder"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "choose a path with shorter parts: a file name has 255 bytes at most"
	}
	return "look at the folder and its disk"
}
