package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever is asked, an API in front of a cluster that answers does not fail: there is no panic and no 5xx, JSON is
// whole, and an error has Flink's form. Only PATCH changes anything.
func FuzzREST(f *testing.F) {
	for _, line := range []string{"GET /overview", "GET /v1/config", "GET /taskmanagers/tm-1:6122", "GET /jobs/overview", "GET /jobs/sums", "GET /jobs/old",
		"GET /jobs/gone/config", "GET /jobs/sums/vertices/sum", "GET /jobs/sums/exceptions?maxExceptions=1", "GET /jobs/sums/exceptions?maxExceptions=-1", "GET /jobs/sums/checkpoints/config", "PATCH /jobs/sums?mode=cancel",
		"PATCH /v1/jobs/gone?mode=stop", "GET /", "GET /?paused", "HEAD /jobs", "OPTIONS *", "CONNECT /jobs:80", "DELETE /jobs/sums", "GET //jobs/../jobs/%2e%2e/sums",
		"GET /jobs/%00%ff/checkpoints", "GET /v1/v1/jobs", "GET /v1", "GET http://other/jobs", "GET /jobs/sums?mode=%zz;a&b"} {
		f.Add([]byte(line + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	}
	f.Add([]byte("PATCH /jobs/sums HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("GET /jobs HTTP/1.0\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\nAccept: text/html\r\n\r\n"))
	api := New(Config{Cluster: standing(f), Process: "jm-0:6123"})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return // net/http itself refuses it
		}
		w := httptest.NewRecorder()
		http.MaxBytesHandler(api, 1<<10).ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Result().Body)
		kind := w.Header().Get("Content-Type")
		if w.Code >= 500 || w.Code == http.StatusAccepted && r.Method != http.MethodPatch {
			t.Fatalf("%s %s is answered %d %s", r.Method, r.URL, w.Code, body)
		}
		if !strings.HasPrefix(kind, "application/json") && w.Code < 400 {
			return // the page, or a redirect
		}
		var form struct{ Errors []string }
		if err := json.Unmarshal(body, &form); err != nil || (w.Code >= 400) != (len(form.Errors) == 1) {
			t.Fatalf("%s %s is answered %d %s: %v", r.Method, r.URL, w.Code, body, err)
		}
	})
}
