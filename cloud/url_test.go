package cloud

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestURLs(t *testing.T) {
	for _, c := range []struct{ url, bucket, prefix string }{
		{"s3://b?region=x", "s3://b?region=x", ""},
		{"s3://b/", "s3://b", ""},
		{"s3://b/p", "s3://b", "p"},
		{"s3://b/p/q/?region=x", "s3://b?region=x", "p/q"},
		{"gs://b/p%20q/%C3%A4", "gs://b", "p q/ä"},
		{"azblob://c/p?storage_account=a", "azblob://c?storage_account=a", "p"},
		{"file:///dir/sub", "file:///dir/sub", ""},
		{"mem://", "mem:", ""},
	} {
		bucket, prefix, err := parse(c.url)
		require.NoError(t, err, c.url)
		require.Equal(t, c.prefix, prefix, c.url)
		require.Equal(t, c.bucket, bucket.String(), c.url)
	}
}

// TestURLsThatAreRefused checks that no error quotes a secret.
func TestURLsThatAreRefused(t *testing.T) {
	for _, raw := range []string{
		"s3://key:hush@b/p",
		"s3://hush@b",
		"s3://b?region=x&endpoint=" + url.QueryEscape("http://key:hush@host"),
		"s3://b?secret=hush",
		"azblob://b?sig=hush",
		"gs://b?token=hush",
		"mem://?hush=hush",
		"file:///no/such/directory?secret=hush",
		"s3://b:hush",
		"s3://b\x7fhush",
		"hush",
		"ftp://b?password=hush",
		"s3://b/p/../q",
		"s3://b/p//q",
		"s3://b?prefix=p",
		"s3://b?key=p",
	} {
		_, err := Open(t.Context(), raw)
		require.Error(t, err, raw)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	var none *Options
	want := Options{Attempts: defaultAttempts, Backoff: defaultBackoff, Timeout: defaultTimeout, Versions: defaultVersions}
	require.Equal(t, want, none.withDefaults())
	require.Equal(t, want, (&Options{Attempts: -1, Timeout: -1}).withDefaults())
	own := Options{Attempts: 1, Backoff: 2, Timeout: 3, Versions: 4, Unordered: true}
	require.Equal(t, own, own.withDefaults())
}

func TestVersionsAreBounded(t *testing.T) {
	v := newVersions(2)
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		v.put(key, known{version: key})
	}
	for key, kept := range map[string]bool{"a": false, "b": false, "c": true, "d": true, "e": true} {
		_, ok := v.get(key)
		require.Equal(t, kept, ok, key)
	}
	v.forget("d")
	_, ok := v.get("d")
	require.False(t, ok)
}

// TestUnorderedStores checks that a pool does not ask for a whole tree then.
func TestUnorderedStores(t *testing.T) {
	l := newLab(t)
	l.put("a.txt", "")
	type flat interface {
		ReadTree(dir, token string) ([]fs.DirEntry, string, error)
	}
	_, ok := l.open(&Options{Unordered: true}).WithContext(t.Context()).(flat)
	require.False(t, ok)
	_, ok = l.open(nil).WithContext(t.Context()).(flat)
	require.True(t, ok)
}

// TestClosedBucket checks that Close ends the use of a bucket.
func TestClosedBucket(t *testing.T) {
	l := newLab(t)
	files, err := Open(t.Context(), l.url)
	require.NoError(t, err)
	require.NoError(t, files.Close())
	_, err = files.ReadDir(".")
	require.ErrorContains(t, err, "closed")
	require.Empty(t, l.take())
}

// TestRedirects checks which redirects the client of S3 follows.
func TestRedirects(t *testing.T) {
	for status, follows := range map[int]bool{301: false, 302: false, 307: true, 308: true} {
		l := newLab(t)
		l.put("d/a.txt", "text")
		l.fails(func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.RawQuery, "moved") {
				return false
			}
			w.Header().Set("Location", r.URL.Path+"?moved")
			w.WriteHeader(status)
			return true
		})
		require.Equal(t, follows, calls["GET"](l.open(&Options{Attempts: 1})) == nil, status)
	}
}
