package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"

	"github.com/minio/minio-go/v7"
)

var (
	errLongKey = errors.New("1024 is the most")
	errDamaged = errors.New("these are not the bytes that were written")
	errNoStore = errors.New("what has answered is not an S3 store")
	errBegun   = errors.New("a part of it has been done")
)

// The words of wire/blobs.go, but for not-found.
const (
	unavailable = "unavailable"
	throttled   = "throttled"
	incomplete  = "incomplete"
)

// kind is a kind of error, by the code that the store gives it.
type kind struct{ word, remedy string }

var (
	busy      = kind{throttled, "ask for less, with a longer checkpoint interval or fewer files, or let the store's owner allow more"}
	onTheWay  = kind{incomplete, "look for what damages data on its way to the store: a proxy, a cable"}
	noBucket  = kind{unavailable, "make the bucket, or name the one that is there"}
	wrongKeys = kind{unavailable, "look at the access key and the secret key, and at this machine's clock"}
	forbidden = kind{unavailable, "let the access key read, write, delete and list in the bucket"}
	elsewhere = kind{unavailable, "name the region and the endpoint that the bucket is in"}
	longKey   = kind{unavailable, "choose a shorter path"}
	large     = kind{unavailable, "write smaller objects: with a higher parallelism, or less state"}
)

// kinds has the codes of errors that say what to do. SlowDownRead and SlowDownWrite are not among them: with these MinIO
// says that too few of its disks are there, and some may have taken the write.
var kinds = map[string]kind{
	"SlowDown": busy, "TooManyRequests": busy, "RequestLimitExceeded": busy, "Throttling": busy, "ThrottlingException": busy, "RequestThrottled": busy,
	"BadDigest": onTheWay, "IncompleteBody": onTheWay, "XAmzContentSHA256Mismatch": onTheWay, "ContentSHA256Mismatch": onTheWay,
	"NoSuchBucket": noBucket, "InvalidBucketName": noBucket,
	"InvalidAccessKeyId": wrongKeys, "SignatureDoesNotMatch": wrongKeys, "RequestTimeTooSkewed": wrongKeys, "ExpiredToken": wrongKeys, "InvalidToken": wrongKeys,
	"AccessDenied": forbidden, "AllAccessDisabled": forbidden, "AccountProblem": forbidden,
	"AuthorizationHeaderMalformed": elsewhere, "InvalidRegion": elsewhere, "PermanentRedirect": elsewhere, "TemporaryRedirect": elsewhere,
	"KeyTooLongError": longKey, "EntityTooLarge": large,
}

// kindOf tells the kind of an error. What is not known leaves everything open.
func kindOf(err error) kind {
	var answer minio.ErrorResponse
	var untrusted *tls.CertificateVerificationError
	answered := errors.As(err, &answer)
	switch {
	case errors.Is(err, errDamaged):
		return kind{incomplete, "if it stays so, the object is damaged: restore an older checkpoint"}
	case errors.Is(err, errLongKey):
		return longKey
	case errors.Is(err, context.DeadlineExceeded):
		return kind{unavailable, "see that the store runs, and that it answers in time"}
	case errors.As(err, &untrusted):
		return kind{unavailable, "let SSL_CERT_FILE name a file with the authority that has signed the store's certificate"}
	case errors.Is(err, errNoStore), answered && answer.StatusCode == http.StatusNotFound && !formal(answer):
		return kind{unavailable, "see that the endpoint is that of an S3 store, and that no proxy answers in its place"}
	case answer.StatusCode == http.StatusTooManyRequests:
		return busy
	case answer.Code == "":
		return kind{unavailable, "see that the store runs, and that it can be reached at this endpoint"}
	}
	if k, ok := kinds[answer.Code]; ok {
		return k
	}
	return kind{unavailable, "look at the store: its log may tell more"}
}

func wordOf(err error) string { return kindOf(err).word }

// Explain says how an asker hears of an error, and what can be done about it. Other words than unavailable mean that
// nothing has been done, so what has begun is not one of these.
func (b *bucket) Explain(err error) (word, remedy string) {
	k := kindOf(err)
	if errors.Is(err, errBegun) {
		k.word = unavailable
	}
	return k.word, k.remedy
}

// missing says whether the store says that there is no such key.
func missing(err error) bool {
	answer := minio.ErrorResponse{}
	return errors.As(err, &answer) && answer.Code == minio.NoSuchKey && formal(answer)
}

// formal says whether an error has come in S3's own form. If not, minio-go has made up the code: each 404 is NoSuchKey
// or NoSuchBucket to it, a web server's as well.
func formal(answer minio.ErrorResponse) bool { return answer.XMLName.Local == "Error" }
