package services

import "testing"

// A folder may have any name; a bucket's prefix comes before what says where the bucket is.
func TestWhatIsBelowAPlace(t *testing.T) {
	for place, want := range map[string]string{
		"file:///tmp/a#b?c%20d": "file:///tmp/a#b?c%20d/run",
		"file:///":              "file:///run",
		"s3://bucket/prefix?endpoint=http://host:9000": "s3://bucket/prefix/run?endpoint=http://host:9000",
		"s3://bucket?endpoint=http://host:9000":        "s3://bucket/run?endpoint=http://host:9000",
	} {
		if got, err := Below(place, "run"); got != want || err != nil {
			t.Errorf("below %s: %s, %v; want %s", place, got, err, want)
		}
	}
	for _, place := range []string{"file://relative", "file:", "gs://bucket", "s3://?endpoint=http://host:9000"} {
		if err := (Places{Storage: place}).Check(); err == nil {
			t.Errorf("%s is taken for a storage", place)
		}
	}
}
