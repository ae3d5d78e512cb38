package services

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Places say where services are. An empty one is not used.
type Places struct {
	HA      string // etcd://host:port[,host:port...], or zookeeper://host:port[,host:port...][/path]
	Storage string // file:///folder, or s3://bucket[/prefix]?endpoint=http://host:port[&region=name]
	Kafka   string // host:port[,host:port...]
}

// The kinds of services, by the scheme of their places.
const (
	Etcd      = "etcd"
	ZooKeeper = "zookeeper"
	File      = "file"
	S3        = "s3"
)

// Check looks at the places alone; nothing is dialled.
func (p Places) Check() error {
	if p.HA != "" {
		if _, _, err := coordination(p.HA); err != nil {
			return err
		}
	}
	if p.Storage != "" {
		if _, err := storage(p.Storage); err != nil {
			return err
		}
	}
	if p.Kafka != "" {
		if _, err := brokers(p.Kafka); err != nil {
			return err
		}
	}
	return nil
}

// coordination reads the place of a coordination service.
func coordination(place string) (at *url.URL, hosts []string, err error) {
	scheme, rest, _ := strings.Cut(place, "://")
	if scheme != Etcd && scheme != ZooKeeper {
		return nil, nil, fmt.Errorf("find the coordination service at %q: write etcd://host:port or zookeeper://host:port", place)
	}
	list, path, _ := strings.Cut(rest, "/")
	if hosts, err = hostPorts(list); err != nil {
		return nil, nil, fmt.Errorf("find the coordination service at %q: %w", place, err)
	}
	return &url.URL{Scheme: scheme, Host: list, Path: "/" + path}, hosts, nil
}

// storage reads the place of a storage.
func storage(place string) (*url.URL, error) {
	if folder, is := strings.CutPrefix(place, File+"://"); is && strings.HasPrefix(folder, "/") {
		return &url.URL{Scheme: File, Path: folder}, nil // as it is: a folder's name may have any characters
	}
	at, err := url.Parse(place)
	switch {
	case err == nil && at.Scheme == S3 && at.Host != "":
		if _, err := bucket(at); err != nil {
			return nil, fmt.Errorf("find the storage at %q: %w", at.Redacted(), err)
		}
		return at, nil
	}
	return nil, fmt.Errorf("find the storage at %q: write file:///folder or s3://bucket?endpoint=http://host:port", place)
}

// Below is the place of a folder in a folder, or of a prefix in a bucket.
func Below(place, name string) (string, error) {
	at, err := storage(place)
	if err != nil {
		return "", err
	}
	at = at.JoinPath(name)
	if at.Scheme == File {
		return File + "://" + at.Path, nil
	}
	return at.String(), nil
}

// brokers reads the place of a Kafka cluster.
func brokers(place string) ([]string, error) {
	hosts, err := hostPorts(place)
	if err != nil {
		return nil, fmt.Errorf("find Kafka at %q: %w", place, err)
	}
	return hosts, nil
}

func hostPorts(list string) ([]string, error) {
	hosts := strings.Split(list, ",")
	for _, h := range hosts {
		if host, port, err := net.SplitHostPort(h); err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("%q is not host:port", h)
		}
	}
	return hosts, nil
}
