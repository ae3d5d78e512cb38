package wire

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
)

var rewrite = flag.Bool("rewrite", false, "write the golden file anew")

// What comes back is what was sent: with every field in use, with every field at its end, and with none.
func TestEveryMessageComesBackUnchanged(t *testing.T) {
	for _, prototype := range messages {
		t.Run(prototype.Word(), func(t *testing.T) {
			for _, m := range []mailbox.Msg{filled(t, prototype), extreme(t, prototype), empty(t, prototype)} {
				data, err := Encode(m)
				if err != nil {
					t.Fatal(err)
				}
				back, err := Decode(data)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(m, back) {
					t.Errorf("sent %+v\ngot  %+v", m, back)
				}
				if again, err := Encode(back); err != nil || !bytes.Equal(data, again) {
					t.Errorf("equal messages have different bytes, %x and %x; %v", data, again, err)
				}
			}
		})
	}
}

// A type that is not on the list fails at the first send, in production: so nobody may be forgotten. Its number
// is a promise to processes of other versions, and its word is how people know it.
func TestEveryMessageIsOnTheListOnce(t *testing.T) {
	var got strings.Builder
	words := map[string]bool{}
	for number, m := range messages {
		if words[m.Word()] {
			t.Errorf("two messages have the word %s", m.Word())
		}
		words[m.Word()] = true
		fmt.Fprintln(&got, number, m.Word())
	}
	for _, name := range wordedTypes(t, ".", "../mailbox") {
		if !words[name] {
			t.Errorf("%s has a Word, and is not in wire.messages", name)
		}
	}
	golden := filepath.Join("testdata", "numbers.txt")
	if *rewrite {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the numbers of messages have changed; append to the list, never insert. go test -rewrite accepts it.\nwas\n%s\nis\n%s", want, got.String())
	}
}

// A piece of a message is no message, and says so; nor is one with something behind it.
func TestATruncatedMessageIsAnError(t *testing.T) {
	for _, prototype := range messages {
		data, err := Encode(filled(t, prototype))
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if m, err := Decode(data[:n]); err == nil {
				t.Fatalf("%d of %d bytes of %q were taken for %+v", n, len(data), prototype.Word(), m)
			}
		}
		if _, err := Decode(append(data, 0)); err == nil {
			t.Errorf("%q with a byte behind it was taken", prototype.Word())
		}
	}
}

// Each error says what was being done, to which message, and what is wrong.
func TestGarbageIsAnErrorInASentence(t *testing.T) {
	body := func(m mailbox.Msg, from, to string) []byte {
		data, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(data, []byte(from), []byte(to), 1)
		if bytes.Equal(data, changed) {
			t.Fatalf("%q is not in %q", from, data)
		}
		return changed
	}
	deep := mailbox.Msg(Credit{})
	for range 6 {
		deep = Fenced{Token: "t", M: deep}
	}
	nested, err := Encode(deep)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		data []byte
		want string
	}{
		{"nothing at all", nil, `^decode a message of 0 bytes: `},
		{"not CBOR", []byte("GET / HTTP/1.1\r\n"), `^decode a message of 16 bytes: `},
		{"something else in CBOR", []byte("\x63abc"), `^decode a message of 4 bytes: `},
		{"one thing too many", []byte("\x83\x00\xa0\x00"), `^decode a message of 4 bytes: `},
		{"a type that nobody knows", []byte("\x82\x19\xff\xff\xa0"), `^decode a message: type 65535 is not known here; the sender may be a newer version$`},
		{"a body of another kind", frame(HeartbeatFromResourceManager{}, "\x63abc"), `^decode message "heartbeat-from-resource-manager": `},
		{"a fence around nothing", frame(Fenced{}, "\x82\x61t\x40"), `^decode a message of 0 bytes: `},
		{"a fence that is not one", frame(Fenced{}, "\xa0"), `^decode message "fenced": `},
		{"messages without end", nested, `^decode a message: more than 4 messages inside each other$`},
		{"a promise of more than there is", frame(mailbox.Started{}, "\x5b\x00\xff\xff\xff\xff\xff\xff\xff"), `^decode message "started": `},
		{"records that are none", body(Buffer{Records: record.Batch{Data: []byte("xyz"), N: 1}}, "xyz", "\x7fyz"),
			`^decode message "buffer": decode a batch of 1 records: `},
		{"a number of records that is not theirs", body(KafkaProduce{Records: batch(3)}, "aN\x03", "aN\x04"),
			`^decode message "kafka-produce": decode a batch of 4 records: `},
		{"a time that has no text", frame(TriggerCheckpoint{}, "\xa1\x69Timestamp\x1b\x00\xff\xff\xff\xff\xff\xff\xff"),
			`^decode message "trigger-checkpoint": the year \d+ `},
	} {
		m, err := Decode(c.data)
		if err == nil {
			t.Errorf("%s was taken for %+v", c.why, m)
			continue
		}
		if !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s: %q does not begin with %s", c.why, err, c.want)
		}
	}
}

// frame is a message of m's type with any body.
func frame(m mailbox.Msg, body string) []byte {
	return append([]byte{0x82, 0x18, byte(numbers[reflect.TypeOf(m)])}, body...)
}

func TestAStrangerIsNotEncoded(t *testing.T) {
	for _, m := range []mailbox.Msg{stranger{}, Fenced{M: stranger{}}, mailbox.Undeliverable{M: stranger{}}} {
		if _, err := Encode(m); err == nil || err.Error() != `encode message "stranger": its type wire.stranger is not in wire.messages; add it there` {
			t.Errorf("%T: %v", m, err)
		}
	}
	if Known(stranger{}) || !Known(Fenced{}) {
		t.Error("a stranger is known, or a call is not")
	}
}

type stranger struct{}

func (stranger) Word() string { return "stranger" }

// wordedTypes lists the words of all types with a method Word that is exported, as they are in the source.
func wordedTypes(t *testing.T, folders ...string) []string {
	var all []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("list the files of %s: %v, %d files", folder, err, len(files))
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range source.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Recv == nil || f.Name.Name != "Word" {
					continue
				}
				word := f.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.BasicLit).Value
				all = append(all, strings.Trim(word, `"`))
			}
		}
	}
	return all
}

// filled returns a message of the same type in which no field is empty, and no two fields are the same.
func filled(t testing.TB, prototype mailbox.Msg) mailbox.Msg {
	n := 0
	return build(t, prototype, func(v reflect.Value) {
		n++
		switch v.Kind() {
		case reflect.Struct:
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 1000+n, time.UTC)))
		case reflect.Interface:
			v.Set(reflect.ValueOf(KafkaFlush{Req: uint64(n), TransactionalID: "t"}))
		case reflect.String:
			v.SetString(fmt.Sprint("é", n))
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Uint8, reflect.Uint64:
			v.SetUint(uint64(n))
		default:
			v.SetInt(int64(n))
		}
	})
}

// extreme has the least or greatest value in every field, and text that is not text.
func extreme(t testing.TB, prototype mailbox.Msg) mailbox.Msg {
	return build(t, prototype, func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			v.Set(reflect.ValueOf(time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)))
		case reflect.Interface:
			v.Set(reflect.ValueOf(Fenced{M: BlobData{Data: []byte{}}}))
		case reflect.String:
			v.SetString("\xff\x00")
		case reflect.Bool:
			v.SetBool(false)
		case reflect.Uint8, reflect.Uint64:
			v.SetUint(math.MaxUint64 >> (64 - v.Type().Bits()))
		default:
			v.SetInt(math.MinInt64 >> (64 - v.Type().Bits()))
		}
	})
}

// empty has nothing but what it cannot be without.
func empty(t testing.TB, prototype mailbox.Msg) mailbox.Msg {
	v := reflect.New(reflect.TypeOf(prototype)).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Interface {
			v.Field(i).Set(reflect.ValueOf(mailbox.Started{}))
		}
	}
	return v.Interface().(mailbox.Msg)
}

// build makes a message and lets leaf fill every field that has no fields of its own.
func build(t testing.TB, prototype mailbox.Msg, leaf func(reflect.Value)) mailbox.Msg {
	v := reflect.New(reflect.TypeOf(prototype)).Elem()
	fill(t, v, leaf)
	return v.Interface().(mailbox.Msg)
}

func fill(t testing.TB, v reflect.Value, leaf func(reflect.Value)) {
	switch v.Interface().(type) {
	case time.Time:
		leaf(v)
		return
	case record.Batch: // its two fields belong together
		v.Set(reflect.ValueOf(batch(3)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.IsExported() {
				t.Fatalf("%s.%s is not exported: it would be lost on the wire without a word", v.Type(), f.Name)
			}
			fill(t, v.Field(i), leaf)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), leaf)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key, leaf)
			fill(t, value, leaf)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer, reflect.Func, reflect.Chan, reflect.Array, reflect.Float64:
		t.Fatalf("a message has a %s: the codec is not tested with that", v.Type())
	default:
		leaf(v)
	}
}

func batch(n int) record.Batch {
	var b record.Batch
	for i := range n {
		b.Append(record.Record{Key: fmt.Append(nil, "k", i), Value: -int64(i), Count: 1, Time: 1_700_000_000_000, Origin: record.Origin{Partition: 3, Offset: int64(i)}})
	}
	return b
}
