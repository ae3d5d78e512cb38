package scenario

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Records is a user's own input.
type Records struct {
	Path      string `json:"path" jsonschema_description:"a file, relative to the scenario file; in --var, to the working folder"`
	Format    string `json:"format,omitempty" jsonschema:"enum=json,enum=csv" jsonschema_description:"json: one object a line; csv: with a header line; by the file's ending if left out"`
	Key       string `json:"key" jsonschema_description:"the field that is the key"`
	Value     string `json:"value" jsonschema_description:"the field that is summed: a whole number"`
	Timestamp string `json:"timestamp,omitempty" jsonschema_description:"the field that is the event time: epoch milliseconds, RFC 3339, or 2006/01/02 15:04; without it, records are spaced by records-per-second"`
}

// Row is one record of the input.
type Row struct {
	Key    string
	Value  int64
	Millis int64 // event time, since 1970
}

const (
	rowsMax         = 10_000_000
	recordLineBytes = 1 << 20
	rowProblemsMax  = 10
)

// Read reads the records. perSecond spaces them when there is no timestamp field. The error joins up to ten
// complaints, each "file:line: what is wrong".
func (r Records) Read(perSecond float64) ([]Row, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("read records: %s cannot be opened: %w; a path in a scenario is relative to its file, one in --var to the working folder", r.Path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("read records: %s is a folder; name a file", r.Path)
	}
	return r.read(f, perSecond)
}

func (r Records) read(in io.Reader, perSecond float64) ([]Row, error) {
	format := r.Format
	if format == "" {
		format = "json"
		if strings.HasSuffix(strings.ToLower(r.Path), ".csv") {
			format = "csv"
		}
	}
	c := rowCollector{records: r}
	if perSecond > 0 {
		c.spacing = 1000 / perSecond
	}
	if format == "csv" {
		c.csv(in)
	} else {
		c.json(in)
	}
	if len(c.complaints) == 0 && len(c.rows) == 0 {
		c.complaints = append(c.complaints, fmt.Errorf("read records: %s has no records", r.Path))
	}
	if len(c.complaints) > 0 {
		return nil, errors.Join(c.complaints...)
	}
	return c.rows, nil
}

// rowCollector gathers rows and complaints.
type rowCollector struct {
	records    Records
	spacing    float64 // milliseconds between records without a timestamp
	rows       []Row
	complaints []error
}

// complain notes what is wrong with a line, and says whether reading should go on.
func (c *rowCollector) complain(line int, format string, args ...any) bool {
	c.complaints = append(c.complaints, fmt.Errorf("%s:%d: %s", c.records.Path, line, fmt.Sprintf(format, args...)))
	return len(c.complaints) < rowProblemsMax
}

func (c *rowCollector) json(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, recordLineBytes)
	n := 0
	for lines.Scan() {
		n++
		text := bytes.TrimSpace(lines.Bytes())
		if n == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		if len(text) == 0 {
			continue
		}
		if n == 1 && text[0] == '[' {
			c.complain(n, "the file is one JSON array; write one JSON object a line (JSON lines)")
			return
		}
		fields := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&fields); err != nil || d.More() {
			if !c.complain(n, "this line is not one JSON object: %s", orElse(err, "something follows it")) {
				return
			}
			continue
		}
		get := func(name string) (string, bool) {
			switch v := fields[name].(type) {
			case nil:
				return "", false
			case string:
				return v, true
			case json.Number:
				return v.String(), true
			case bool:
				return strconv.FormatBool(v), true
			default:
				return "", false
			}
		}
		if !c.row(n, get, func() []string { return sortedKeys(fields) }) {
			return
		}
	}
	if err := lines.Err(); err != nil {
		c.complain(n+1, "this line cannot be read: %v (a line has at most %d bytes)", err, recordLineBytes)
	}
}

func orElse(err error, text string) string {
	if err == nil {
		return text
	}
	return err.Error()
}

func (c *rowCollector) csv(in io.Reader) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err == io.EOF {
		return
	}
	if err != nil {
		c.complain(1, "the header line cannot be read: %v", err)
		return
	}
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	column := map[string]int{}
	for i, name := range header {
		column[strings.TrimSpace(name)] = i
	}
	for _, name := range []string{c.records.Key, c.records.Value, c.records.Timestamp} {
		if _, found := column[name]; !found && name != "" {
			c.complain(1, "there is no column %q%s; the header has %s", name, DidYouMean(name, header), strings.Join(header, ", "))
		}
	}
	for len(c.complaints) < rowProblemsMax {
		record, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			var bad *csv.ParseError
			if !errors.As(err, &bad) {
				c.complain(1, "the file cannot be read: %v", err)
				return
			}
			if !c.complain(bad.Line, "this line is not CSV: %v", bad.Err) {
				return
			}
			continue
		}
		line, _ := r.FieldPos(0)
		get := func(name string) (string, bool) {
			i, found := column[name]
			return strings.TrimSpace(record[min(i, len(record)-1)]), found
		}
		if _, found := column[c.records.Key]; !found || !c.row(line, get, func() []string { return header }) {
			return
		}
	}
}

// row takes one record, and says whether reading should go on.
func (c *rowCollector) row(line int, get func(string) (string, bool), names func() []string) bool {
	if len(c.rows) == rowsMax {
		c.complain(line, "there are more than %d records; use a part of the file", rowsMax)
		return false
	}
	want := func(name, role string) (string, bool) {
		v, found := get(name)
		if !found {
			return "", c.complain(line, "there is no field %q for the %s%s; the record has %s", name, role, DidYouMean(name, names()), strings.Join(names(), ", "))
		}
		return v, true
	}
	before := len(c.complaints)
	key, more := want(c.records.Key, "key")
	text, more2 := want(c.records.Value, "value")
	if len(c.complaints) > before {
		return more && more2
	}
	value, err := wholeNumber(text)
	if err != nil {
		return c.complain(line, "%s is %q, %v; values must be whole numbers", c.records.Value, text, err)
	}
	row := Row{Key: key, Value: value, Millis: int64(float64(len(c.rows)) * c.spacing)}
	if c.records.Timestamp != "" {
		at, _ := want(c.records.Timestamp, "timestamp")
		if len(c.complaints) > before {
			return len(c.complaints) < rowProblemsMax
		}
		if row.Millis, err = eventTime(at); err != nil {
			return c.complain(line, "%s is %q, %v", c.records.Timestamp, at, err)
		}
	}
	c.rows = append(c.rows, row)
	return true
}

func wholeNumber(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	} else if errors.Is(err, strconv.ErrRange) {
		return 0, errors.New("which does not fit into 64 bits")
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return 0, errors.New("which is not a number")
	case f != math.Trunc(f) || math.Abs(f) > 1<<53:
		return 0, errors.New("which is not a whole number")
	}
	return int64(f), nil
}

// timeForms are the event times that are understood beside epoch milliseconds; without a zone, UTC is meant.
var timeForms = []string{time.RFC3339Nano, "2006/01/02 15:04", "2006/01/02 15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"}

func eventTime(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < -1<<52 || n > 1<<52 {
			return 0, errors.New("which is too far from today; epoch milliseconds are expected")
		}
		return n, nil
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, errors.New(`which is not a time: write epoch milliseconds, RFC 3339 (2006-01-02T15:04:05Z) or "2006/01/02 15:04"`)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
