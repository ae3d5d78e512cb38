package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"

	"github.com/minio/minio-go/v7"
)

// minio-go waits after a last try as well, and a test does not have to.
func init() { minio.DefaultRetryUnit = 0 }

// fault is what becomes of a request on its way to the store and back.
type fault func(w http.ResponseWriter, r *http.Request, store http.Handler)

// network is between a gateway and its store. Faults meet requests from when they are set.
type network struct {
	mu          sync.Mutex
	fault       fault // nil: none
	asked       int   // requests so far
	now, nowMax int   // requests at once
}

func (n *network) wrap(store http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := n.enter()
		defer n.leave()
		if fault == nil {
			store.ServeHTTP(w, r)
			return
		}
		fault(w, r, store)
	})
}

func (n *network) enter() fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	n.now++
	n.nowMax = max(n.nowMax, n.now)
	return n.fault
}

func (n *network) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now--
}

// has sets the fault and returns how many requests have come until then.
func (n *network) has(f fault) (asked int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault = f
	return n.asked
}

// refuses answers for the store, as S3 does.
func refuses(status int, code, message string) fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}
}

var slowDown = refuses(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")

// losesAnswers lets the store do what it is asked, and breaks the connection then.
func losesAnswers(_ http.ResponseWriter, r *http.Request, store http.Handler) {
	store.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// holds keeps requests, that have arrived whole, from the store until they are let go.
func holds(arrived chan<- bool, letGo <-chan bool, done chan<- bool) fault {
	return func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		upload(r, func(b []byte) []byte { return b })
		arrived <- true
		<-letGo
		store.ServeHTTP(w, r)
		done <- true
	}
}

// uploads changes what is on its way to the store.
func uploads(change func([]byte) []byte) fault {
	return func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		upload(r, change)
		store.ServeHTTP(w, r)
	}
}

func upload(r *http.Request, change func([]byte) []byte) {
	data, _ := io.ReadAll(r.Body)
	data = change(data)
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.Header.Set("Content-Length", strconv.Itoa(len(data)))
}

// downloads changes what is on its way back, after the headers were sent: those of the whole answer.
func downloads(change func([]byte) []byte) fault {
	return func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		answer := httptest.NewRecorder()
		store.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(change(answer.Body.Bytes())) // net/http cuts the connection if it is too little
	}
}

func flip(data []byte) []byte {
	if len(data) > 0 {
		data = bytes.Clone(data)
		data[len(data)/2] ^= 1
	}
	return data
}

func half(data []byte) []byte { return data[:len(data)/2] }

// pages makes the store list few keys at a time.
func pages(keys int) fault {
	return func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		if q := r.URL.Query(); q.Get("list-type") != "" {
			q.Set("max-keys", strconv.Itoa(keys))
			r.URL.RawQuery = q.Encode()
		}
		store.ServeHTTP(w, r)
	}
}
