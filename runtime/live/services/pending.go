package services

import (
	"errors"
	"log/slog"
	"net/url"
)

func zooKeeper(at *url.URL, hosts []string, dial Dial, log *slog.Logger) (Gateway, error) {
	return Gateway{}, errors.New("zookeeper: not yet")
}

func objects(at *url.URL, dial Dial, log *slog.Logger) (Gateway, error) {
	return Gateway{}, errors.New("s3: not yet")
}
