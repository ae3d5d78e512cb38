package reports

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
)

// pageMax is what a report may weigh, so that CI keeps it and a browser opens it at once.
const pageMax = 2 << 20

//go:embed assets
var assets embed.FS

var (
	stylesheet = asset("report.css")
	javascript = asset("report.js")
	templates  = template.Must(template.New("").Funcs(template.FuncMap{"at": moment, "count": count[int], "words": words}).
			ParseFS(assets, "assets/*.tmpl"))
)

func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil { // it is compiled in
		panic(err)
	}
	return string(b)
}

// frame is what every page has around its content.
type frame struct {
	Title  string
	CSP    string
	Style  template.CSS
	Script template.JS
	Badge  badge
}

func newFrame(title string, b badge) frame {
	sum := sha256.Sum256([]byte(javascript))
	return frame{
		Title: title, Badge: b, Style: template.CSS(stylesheet), Script: template.JS(javascript),
		// Styles are inline since widths of bars are; the only script that may run is ours.
		CSP: fmt.Sprintf("default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src 'sha256-%s'",
			base64.StdEncoding.EncodeToString(sum[:])),
	}
}

// badge is a verdict as a word with a look.
type badge struct {
	Word  string
	Class string
	Sign  string // a shape beside the colour, for those who do not see it
}

func badgeOf(word string, passed bool, exitCode int) badge {
	switch {
	case passed:
		return badge{word, "good", "✓"}
	case exitCode == 1 || exitCode == 70:
		return badge{word, "bad", "✕"}
	default:
		return badge{word, "unsure", "!"}
	}
}

// caps are what a page shows at most. They are halved until the page is small enough.
type caps struct {
	Points int // of all curves of a name
	Shapes int // in the swim lanes
	Rows   int // of a table
	Log    int // lines around a fault
}

var wide = caps{Points: 2000, Shapes: 10_000, Rows: 500, Log: 150}

func (c caps) half() caps { return caps{max(c.Points/2, 8), c.Shapes / 2, c.Rows / 2, c.Log / 2} }

// RenderRun returns report.html of a run: one file, at most 2 MiB.
func RenderRun(d *Document) ([]byte, error) { return renderRun(d, read(d.Run)) }

func renderRun(d *Document, s *story) ([]byte, error) {
	return fitting(func(c caps) ([]byte, error) {
		page := newRunPage(d, s, c)
		return execute("run.tmpl", page)
	})
}

// fitting renders with smaller and smaller caps until the page is within its budget.
func fitting(render func(caps) ([]byte, error)) ([]byte, error) {
	c := wide
	for {
		page, err := render(c)
		if err != nil || len(page) <= pageMax {
			return page, err
		}
		if c.Log == 0 && c.Rows == 0 {
			return nil, fmt.Errorf("render a report: it is %s with everything left out that can be, and %s are allowed; "+
				"the scenario or the names in it are too long", size(int64(len(page))), size(pageMax))
		}
		c = c.half()
	}
}

func execute(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, page); err != nil {
		return nil, fmt.Errorf("render a report: %w", err)
	}
	return b.Bytes(), nil
}

// dataURL is a file inside a link, so that it can be saved without a server and without the script.
func dataURL(mime string, content []byte) template.URL {
	return template.URL("data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(content))
}

// embedded is JSON for a script element: json.Marshal escapes <, > and &.
func embedded(v any) template.JS {
	b, err := json.Marshal(v)
	if err != nil { // our own types
		panic(err)
	}
	return template.JS(b)
}
