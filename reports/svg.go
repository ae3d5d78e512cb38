package reports

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// svg writes SVG elements. All looks come from classes in report.css, so that one page serves light, dark and
// paper. Text and attributes are escaped here and nowhere else.
type svg struct{ strings.Builder }

func (s *svg) raw(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func (s *svg) open(class string) { s.raw(`<g class="%s">`, class) }
func (s *svg) close()            { s.WriteString("</g>\n") }

func (s *svg) line(class string, x1, y1, x2, y2 float64) {
	s.raw(`<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

// rect draws at least half a unit, so that what was short is still there to be seen.
func (s *svg) rect(class string, x, y, w, h float64, tip string) {
	s.raw(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, class, px(x), px(y), px(max(w, 0.5)), px(h))
	s.tipped("rect", tip)
}

// dot is a line of no length with round or square ends: it keeps its shape when the time axis is stretched.
func (s *svg) dot(class string, x, y float64, tip string) {
	s.raw(`<path class="%s" d="M%s,%sh0.01"`, class, px(x), px(y))
	s.tipped("path", tip)
}

func (s *svg) tipped(element, tip string) {
	if tip == "" {
		s.WriteString("/>")
		return
	}
	s.raw("><title>%s</title></%s>", escape(tip), element)
}

func (s *svg) text(class string, x, y float64, words string) {
	s.raw(`<text class="%s" x="%s" y="%s">%s</text>`, class, px(x), px(y), escape(words))
}

func (s *svg) html() template.HTML { return template.HTML(s.String()) }

// px writes a coordinate with a tenth of a unit, which is finer than a screen shows.
func px(v float64) string { return trim(v, 1) }

func escape(s string) string { return template.HTMLEscapeString(s) }

// fits says whether words of the small label size fit into a width.
func fits(words string, width float64) bool { return float64(len([]rune(words)))*6.6+6 <= width }

func itoa(n int) string { return strconv.Itoa(n) }
