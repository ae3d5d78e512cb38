package services

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/live/s3"
)

// bucket reads an S3 place: s3://bucket[/prefix]?endpoint=http://host:port[&region=name]. Keys are no part of it, for
// places are logged: they are in the environment, under the names that AWS's own tools use.
func bucket(at *url.URL) (s3.Config, error) {
	if at.User != nil {
		return s3.Config{}, errors.New("a place is no place for keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
	}
	says := at.Query()
	if says.Get("endpoint") == "" {
		return s3.Config{}, fmt.Errorf("it has no endpoint: write s3://%s?endpoint=http://host:port; Amazon's are https://s3.REGION.amazonaws.com",
			path.Join(at.Host, at.Path))
	}
	cfg := s3.Config{Bucket: at.Host, Prefix: strings.TrimPrefix(at.Path, "/"), Endpoint: says.Get("endpoint"), Region: says.Get("region"),
		AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
	for _, name := range slices.Sorted(maps.Keys(says)) {
		if name != "endpoint" && name != "region" {
			return s3.Config{}, fmt.Errorf("%s is not known: after the ? there are endpoint and region", name)
		}
	}
	return cfg, cfg.Check()
}

// objects opens a gateway to a bucket. It dials when it is first asked.
func objects(at *url.URL, dial Dial, log *slog.Logger) (Gateway, error) {
	cfg, err := bucket(at)
	if err != nil {
		return Gateway{}, err
	}
	cfg.Dial, cfg.Log = dial, log
	store, err := s3.New(cfg)
	if err != nil {
		return Gateway{}, err
	}
	return Gateway{store, store.Close}, nil
}
