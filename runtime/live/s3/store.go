package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/flinch-dev/flinch/runtime/live/blobs"
)

// Config describes a gateway. All but Endpoint and Bucket may be left at zero.
type Config struct {
	Endpoint string // http://host:port, or https://host
	Bucket   string // must be there
	Prefix   string // the folder of the bucket in which the objects are
	Region   string // "": the store is asked for it
	// AccessKey and SecretKey sign requests; "": they are not signed. A SessionToken goes with keys that are lent.
	AccessKey, SecretKey, SessionToken string
	// Patience is how long after its request an asker hears "unavailable", when the store has not answered.
	Patience time.Duration                                                        // 0: 8 s, which is less than what any asker waits
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // nil: plain TCP
	Log      *slog.Logger                                                         // nil: silence
}

// Check looks at what is written; nothing is dialled.
func (c Config) Check() error {
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || *at != (url.URL{Scheme: at.Scheme, Host: at.Host}) {
		return fmt.Errorf("the endpoint %q is not a store's: write http://host:port or https://host, and nothing else", c.Endpoint)
	}
	if err := s3utils.CheckValidBucketNameStrict(c.Bucket); err != nil {
		return fmt.Errorf("the bucket %q cannot be there: %w; name a bucket that is", c.Bucket, err)
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return errors.New("of access key and secret key there is only one: give both, or none for a bucket that is open to all")
	}
	return nil
}

// Store is the gateway's actor. Whoever made it closes it when its node has ended.
type Store struct {
	*blobs.Gateway
	connections *http.Transport
	end         context.CancelFunc
}

// New returns a store that has not dialled yet.
func New(cfg Config) (*Store, error) {
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("open the object store: %w", err)
	}
	cfg.Patience = cmp.Or(cfg.Patience, 8*time.Second)
	secure := strings.HasPrefix(cfg.Endpoint, "https")
	connections, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("open the object store at %s: %w", cfg.Endpoint, err)
	}
	open, end := context.WithCancel(context.Background())
	connections.DialContext = inTime(open, cfg.Dial, cfg.Patience)
	_, host, _ := strings.Cut(cfg.Endpoint, "://")
	// One try, and none that hides it: see doc.go.
	client, err := minio.NewCore(host, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, cfg.SessionToken),
		Secure: secure, Region: cfg.Region, Transport: listings{connections}, MaxRetries: 1})
	if err != nil {
		end()
		return nil, fmt.Errorf("open the object store at %s: %w", cfg.Endpoint, err)
	}
	if cfg.Prefix != "" && !strings.HasSuffix(cfg.Prefix, "/") {
		cfg.Prefix += "/"
	}
	b := &bucket{client: client, name: cfg.Bucket, prefix: cfg.Prefix}
	return &Store{blobs.New(blobs.Config{Store: b, Open: open, Patience: cfg.Patience, Log: cfg.Log}), connections, end}, nil
}

// Close gives up what is under way, and closes the connections.
func (s *Store) Close() {
	s.end()
	s.connections.CloseIdleConnections()
}
