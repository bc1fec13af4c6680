// Package cloud makes a bucket of S3, Google Cloud Storage or Azure an fs.FS for
// the FS of fileops.PoolOptions:
//
//	bucket, err := cloud.Open(ctx, "s3://my-bucket/docs?region=eu-west-1")
//	if err != nil {
//		return err
//	}
//	defer bucket.Close()
//	pool := fileops.NewPool(fileops.PoolOptions{FS: bucket, Workers: 64})
//	chunks, err := pool.Chunk(ctx, ".", nil)
//
// The drivers are those of [gocloud.dev/blob]. They find the credentials.
//
// A read is one GET, and a listing one request for 1,000 keys. A file that was
// listed or described is read in that very version, or not at all: see [Open].
package cloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/gcsblob" // gs://
	_ "gocloud.dev/blob/memblob" // mem://
	"gocloud.dev/blob/s3blob"
)

// Options says how an [FS] asks its store. The zero value is useful, and 0 means
// the default of each field.
type Options struct {
	// Attempts is how often a request is made that fails for a reason that may
	// pass: an answer of 5xx, 408 or 429, a broken connection, no answer in time.
	// It counts for all of a file: a body that breaks off goes on from there, with
	// another attempt. The default is 5.
	Attempts int

	// Backoff is how long the first pause between two attempts is. The next ones
	// are twice as long each, up to 64 of it. A random part of up to one half is
	// taken off. The default is 100 ms.
	Backoff time.Duration

	// Timeout is how long the store may send nothing. The default is a minute.
	Timeout time.Duration

	// Versions is how many of the files that were listed or described last are
	// read in that version. A version takes some 200 bytes of memory. The default
	// is 131,072, which is more than a pool lists ahead.
	Versions int

	// Unordered says that the store does not list keys in the order of their bytes,
	// as S3 Express does not. Then trees are listed a directory at a time. It is set
	// for file://.
	Unordered bool
}

// The defaults of Options.
const (
	defaultAttempts = 5
	defaultBackoff  = 100 * time.Millisecond
	defaultTimeout  = time.Minute
	defaultVersions = 128 << 10
)

// withDefaults returns the options with the defaults in place of unset ones.
func (o *Options) withDefaults() Options {
	var all Options
	if o != nil {
		all = *o
	}
	all.Attempts = orDefault(all.Attempts, defaultAttempts)
	all.Backoff = orDefault(all.Backoff, defaultBackoff)
	all.Timeout = orDefault(all.Timeout, defaultTimeout)
	all.Versions = orDefault(all.Versions, defaultVersions)
	return all
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

// An FS is the part of a bucket below a prefix, as files. It has the methods of
// [fs.StatFS], [fs.ReadDirFS], and of fileops.ContextFS and fileops.FlatFS. They may
// be called from many goroutines at once.
type FS struct {
	tree
	closeBucket func() error
}

// Open opens a bucket with the default [Options]. The URL is one of
// [gocloud.dev/blob], with the prefix as its path:
//
//	s3://bucket/prefix?region=eu-west-1
//	gs://bucket/prefix
//	azblob://container/prefix?storage_account=name
//	file:///directory
//	mem://
//
// Open makes no request to the bucket. A URL with credentials is refused, because
// URLs are logged.
//
// A file that was listed, or described by Stat, is read in the version of then. If
// it has another one since, Open and Read fail with fileops.ErrChanged, once: then
// the version is forgotten. The condition is the ETag with S3 and Azure, the
// generation with Google, and size and time elsewhere.
//
// An answer of 404 is [fs.ErrNotExist], and 401 or 403 is [fs.ErrPermission]. All
// errors wrap those of the driver.
func Open(ctx context.Context, url string) (*FS, error) { return OpenWith(ctx, url, nil) }

// OpenWith is [Open] with other options. nil means the default ones.
func OpenWith(ctx context.Context, url string, opts *Options) (*FS, error) {
	u, prefix, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("cloud: %w", err)
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("cloud: open %s://%s: %w", u.Scheme, u.Host, withoutQuery(err, u))
	}
	closeBucket := bucket.Close
	if u.Scheme == s3blob.Scheme {
		if bucket, closeBucket, err = tunedS3(ctx, bucket, u.Host); err != nil {
			return nil, fmt.Errorf("cloud: open %s://%s: %w", u.Scheme, u.Host, err)
		}
	}
	calmGCS(bucket)
	all := opts.withDefaults()
	all.Unordered = all.Unordered || u.Scheme == fileblob.Scheme
	files := New(bucket, prefix, &all)
	files.closeBucket = closeBucket
	return files, nil
}

// New returns the files of a bucket that the caller has opened, and closes, for
// those whose buckets need more than a URL. prefix is a path of io/fs, or "" for all
// of the bucket. The driver may try again on its own.
func New(bucket *blob.Bucket, prefix string, opts *Options) *FS {
	if prefix != "" {
		prefix += "/"
	}
	all := opts.withDefaults()
	s := &store{bucket: bucket, prefix: prefix, opts: all, versions: newVersions(all.Versions)}
	return &FS{tree{view{s, context.Background()}}, func() error { return nil }}
}

// Close closes what Open has opened. A call that is under way may fail.
func (f *FS) Close() error { return f.closeBucket() }

// Expect makes a file known in a version, which [Object] tells, as if it had been
// listed just now: for a listing that another process has made.
func (f *FS) Expect(name, version string) {
	f.versions.put(f.prefix+name, known{version: version})
}

// parse splits a URL into that of the bucket and the prefix.
func parse(raw string) (bucket *url.URL, prefix string, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, "", errors.New("malformed URL") // the error may quote credentials
	}
	if hasCredentials(u) {
		return nil, "", errors.New("the URL has credentials: the drivers find them elsewhere, see the README")
	}
	for _, param := range []string{"prefix", "key"} {
		if u.Query().Has(param) {
			return nil, "", fmt.Errorf("the URL has the parameter %q: the path is the prefix", param)
		}
	}
	if u.Scheme == fileblob.Scheme {
		return u, "", nil
	}
	prefix = strings.Trim(u.Path, "/")
	if prefix != "" && (!fs.ValidPath(prefix) || prefix == ".") {
		return nil, "", errors.New("the URL has a malformed path")
	}
	u.Path, u.RawPath = "", ""
	return u, prefix, nil
}

// hasCredentials reports whether a URL, or one among its parameters, has a user.
func hasCredentials(u *url.URL) bool {
	if u.User != nil {
		return true
	}
	for _, values := range u.Query() {
		for _, value := range values {
			if inner, err := url.Parse(value); err == nil && inner.User != nil {
				return true
			}
		}
	}
	return false
}

// withoutQuery returns the error of opening a URL without the parameters. Somebody
// may have put a secret there by mistake.
func withoutQuery(err error, u *url.URL) error {
	for _, values := range u.Query() {
		for _, value := range values {
			if value != "" && strings.Contains(err.Error(), value) {
				return errors.New("the driver refuses its parameters")
			}
		}
	}
	return err
}
