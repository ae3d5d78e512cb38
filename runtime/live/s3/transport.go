package s3

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// dial makes a connection.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// inTime gives a connection up that is not made in time, or not before open is over. net/http would go on with it, for
// the next request.
func inTime(open context.Context, d dial, patience time.Duration) dial {
	if d == nil {
		d = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		defer context.AfterFunc(open, cancel)()
		return d(ctx, network, address)
	}
}

// listings lets of all listings only a store's pass. To minio-go a web page is one as well, of a bucket that is empty:
// as if there were no checkpoints.
type listings struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l listings) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK || !r.URL.Query().Has("list-type") {
		return answer, err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(page, []byte("<ListBucketResult")) {
		return nil, errNoStore
	}
	answer.Body = io.NopCloser(bytes.NewReader(page))
	return answer, nil
}
