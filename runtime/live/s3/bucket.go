package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/flinch-dev/flinch/runtime/live/blobs"
)

// sumName is under what name an object's metadata has the SHA-256 of its bytes, in hexadecimal digits.
const sumName = "Flinch-Sha256"

// keyBytesMax is S3's limit.
const keyBytesMax = 1024

// bucket is a blobs.Store of what has a prefix in a bucket.
type bucket struct {
	client       *minio.Core
	name, prefix string
}

func (b *bucket) String() string {
	return fmt.Sprintf("the bucket %s at %s", b.name, b.client.EndpointURL())
}

// key is the whole key of an object or a listing.
func (b *bucket) key(key string) (string, error) {
	if key = b.prefix + key; len(key) > keyBytesMax {
		return "", fmt.Errorf("its key has %d bytes: %w", len(key), errLongKey)
	}
	return key, nil
}

// Put writes an object whole, or not at all: the store compares what arrives with both sums.
func (b *bucket) Put(ctx context.Context, path string, data []byte) error {
	key, err := b.key(keyOf(path))
	if err != nil {
		return err
	}
	sum, check := sha256.Sum256(data), md5.Sum(data)
	digits := hex.EncodeToString(sum[:])
	done, err := b.client.PutObject(ctx, b.name, key, bytes.NewReader(data), int64(len(data)), base64.StdEncoding.EncodeToString(check[:]), digits,
		minio.PutObjectOptions{UserMetadata: map[string]string{sumName: digits}, DisableContentSha256: true}) // it is in digits already
	if err == nil && done.ETag == "" {
		return errNoStore
	}
	return err
}

// Get reads an object, and verifies it.
func (b *bucket) Get(ctx context.Context, path string) ([]byte, error) {
	key, err := b.key(keyOf(path))
	if err != nil {
		return nil, err
	}
	body, object, header, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if missing(err) {
		return nil, blobs.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	switch {
	case object.ETag == "":
		return nil, errNoStore
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && object.Size >= 0 && object.Size != int64(len(data)):
		return nil, fmt.Errorf("%d bytes have come of %d: %w", len(data), object.Size, errDamaged)
	case err != nil:
		return nil, err
	}
	sum := sha256.Sum256(data)
	if want := header.Get("X-Amz-Meta-" + sumName); want != "" && want != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("the SHA-256 of what has come is %x, and was %s: %w", sum, want, errDamaged)
	}
	return data, nil
}

// Delete deletes objects, up to a thousand with one request. What the store does not confirm so is asked for alone:
// minio-go keeps to itself that a key was refused for an invalid argument, that Google's store had none, or that the
// context had ended.
func (b *bucket) Delete(ctx context.Context, paths []string) error {
	var objects []minio.ObjectInfo
	left := map[string]bool{}
	for _, path := range paths {
		key, err := b.key(keyOf(path))
		if err != nil {
			return err
		}
		if !left[key] {
			objects, left[key] = append(objects, minio.ObjectInfo{Key: key}), true
		}
	}
	results, err := b.client.RemoveObjectsWithIter(ctx, b.name, slices.Values(objects), minio.RemoveObjectsOptions{})
	if err != nil {
		return err
	}
	var failed error
	for r := range results {
		if r.Err == nil {
			delete(left, r.ObjectName)
		} else if failed == nil || wordOf(failed) == throttled {
			failed = r.Err
		}
	}
	if failed != nil && len(left) < len(objects) {
		failed = fmt.Errorf("%w: %w", errBegun, failed)
	}
	if failed != nil {
		return failed
	}
	for key := range left {
		if err := b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil && !missing(err) {
			return fmt.Errorf("%w: %w", errBegun, err)
		}
	}
	return nil
}

// List lists objects by prefix, sorted.
func (b *bucket) List(ctx context.Context, prefix string) ([]string, error) {
	begin, err := b.key(prefixOf(prefix))
	if err != nil {
		return nil, err
	}
	var paths []string
	for object := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: begin, Recursive: true}) {
		if object.Err != nil {
			return nil, object.Err
		}
		if path, ours := pathOf(strings.TrimPrefix(object.Key, b.prefix)); ours && strings.HasPrefix(path, prefix) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, ctx.Err() // minio-go just ends when the context has
}
