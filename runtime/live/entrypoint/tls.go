package entrypoint

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLS names the files of mutual TLS between processes, in PEM: each shows its certificate, and takes only what the
// authority has signed. The zero TLS is plain TCP.
type TLS struct{ Cert, Key, CA string }

// load returns the configuration for both sides; nil without TLS.
func (t TLS) load() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	if t.Cert == "" || t.Key == "" || t.CA == "" {
		return nil, fmt.Errorf("set up TLS: a certificate, its key and the authority's certificate are needed together: --tls-cert, --tls-key, --tls-ca")
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("set up TLS with %s and %s: %w", t.Cert, t.Key, err)
	}
	data, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, fmt.Errorf("set up TLS: read the authority's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("set up TLS: there is no certificate in %s", t.CA)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}, nil
}
