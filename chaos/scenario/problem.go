package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// File is a text that scenarios are made of: a file, or what stands in its place on the command line.
type File struct {
	Dir   string // paths in it are relative to this folder
	Name  string
	Lines []string
}

// Pos is a place in a File; Line and Col count from 1. The zero Pos is nowhere.
type Pos struct {
	File *File
	Line int
	Col  int
}

func (p Pos) String() string {
	switch {
	case p.File == nil:
		return ""
	case p.Line == 0:
		return p.File.Name
	}
	return fmt.Sprintf("%s:%d:%d", p.File.Name, p.Line, p.Col)
}

// Problem is one mistake, or one warning.
type Problem struct {
	Pos     Pos
	Message string
	Warning bool
}

// String shows the problem with its source line and a caret under the place.
func (p Problem) String() string {
	var b strings.Builder
	if at := p.Pos.String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(printable(p.Message) + "\n")
	if p.Pos.File == nil || p.Pos.Line < 1 || p.Pos.Line > len(p.Pos.File.Lines) {
		return b.String()
	}
	line, before := window([]rune(printable(p.Pos.File.Lines[p.Pos.Line-1])), p.Pos.Col-1)
	number := fmt.Sprintf("%4d", p.Pos.Line)
	fmt.Fprintf(&b, "%s | %s\n", number, string(line))
	var indent strings.Builder
	for _, r := range line[:before] {
		if r == '\t' {
			indent.WriteRune('\t')
		} else {
			indent.WriteString(strings.Repeat(" ", runewidth.RuneWidth(r)))
		}
	}
	fmt.Fprintf(&b, "%s | %s^\n", strings.Repeat(" ", len(number)), indent.String())
	return b.String()
}

// lineShown is how much of a line is shown: with the number before it, it fits a terminal of 80 columns.
const lineShown = 73

// window is what is shown of a line, and how many runes of that stand before the place: of a long line it is
// what is around the place.
func window(line []rune, at int) (shown []rune, before int) {
	at = min(max(at, 0), len(line))
	if len(line) <= lineShown {
		return line, at
	}
	from := min(max(at-lineShown/2, 0), len(line)-lineShown)
	shown = slices.Clone(line[from : from+lineShown])
	if from > 0 {
		shown[0] = '…'
	}
	if from+lineShown < len(line) {
		shown[lineShown-1] = '…'
	}
	return shown, at - from
}

// printable puts something harmless in the place of every character that could steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Problems are all that was found, errors and warnings.
type Problems []Problem

// Errors counts the problems that are not warnings.
func (ps Problems) Errors() int {
	n := 0
	for _, p := range ps {
		if !p.Warning {
			n++
		}
	}
	return n
}

// Warnings counts the warnings.
func (ps Problems) Warnings() int { return len(ps) - ps.Errors() }

func (ps Problems) String() string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String())
	}
	return b.String()
}

// tidy sorts by place and drops what was found twice, as a fault in a base file is by each of its users.
func (ps Problems) tidy() Problems {
	order := map[string]int{}
	for _, p := range ps {
		if p.Pos.File != nil {
			if _, seen := order[p.Pos.File.Name]; !seen {
				order[p.Pos.File.Name] = len(order)
			}
		}
	}
	file := func(p Problem) int {
		if p.Pos.File == nil {
			return -1
		}
		return order[p.Pos.File.Name]
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(file(a), file(b)), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Message == b.Message && a.Pos.String() == b.Pos.String()
	})
}
