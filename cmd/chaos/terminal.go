package main

import (
	"io"
	"os"
	"strings"
)

// terminal says whether a file is one, and may be written to as such.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// colour says whether to paint (https://no-color.org).
func colour(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && terminal(f) && os.Getenv("NO_COLOR") == ""
}

// paint writes ANSI colours, or leaves them out.
type paint struct{ on bool }

const (
	bold   = "1"
	green  = "1;32"
	red    = "1;31"
	yellow = "1;33"
)

func (p paint) in(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) verdict(word string) string { return p.in(colourOf(word), word) }

func colourOf(verdict string) string {
	switch verdict {
	case "PASS":
		return green
	case "FAIL":
		return red
	}
	return yellow
}

// visible drops control characters, so that text from a scenario cannot steer the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
