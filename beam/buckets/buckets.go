// Package buckets makes the jobs of fileopsbeam take the URLs of buckets, as sources
// and as outputs. Import it for that, in the launcher and in the workers:
//
//	import _ "github.com/lion-agi/fileops/beam/buckets"
//
// The schemes are s3, gs, azblob, file and mem, with the URLs of cloud.Open. The drivers
// find the credentials. They must not be in a URL, which crosses to the workers, and is
// logged.
//
// It is a package of its own because the drivers are large.
package buckets

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"strings"

	fileopsbeam "github.com/lion-agi/fileops/beam"
	"github.com/lion-agi/fileops/cloud"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

func init() {
	for _, scheme := range []string{"s3", "gs", "azblob", "file", "mem"} {
		fileopsbeam.RegisterSource(scheme, openSource)
		fileopsbeam.RegisterStore(scheme, openStore)
	}
}

// A source is a bucket that tells the versions of its files.
type source struct{ *cloud.FS }

func openSource(ctx context.Context, url string) (fs.FS, error) {
	files, err := cloud.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return source{files}, nil
}

// Version implements [fileopsbeam.VersionFS].
func (source) Version(info fs.FileInfo) string {
	if object, ok := info.Sys().(*cloud.Object); ok {
		return object.Version
	}
	return ""
}

// A store is a bucket that is written to.
type store struct{ bucket *blob.Bucket }

// openStore opens a bucket. The path of the URL is the prefix, but that of file:// is the
// directory.
func openStore(ctx context.Context, raw string) (fileopsbeam.Store, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("malformed URL") // the error may quote credentials
	}
	prefix := ""
	if u.Scheme != "file" {
		prefix = strings.Trim(u.Path, "/")
		u.Path, u.RawPath = "", ""
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix+"/")
	}
	return &store{bucket}, nil
}

// Get implements [fileopsbeam.Store].
func (s *store) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := s.bucket.ReadAll(ctx, name)
	return data, errorOf(err)
}

// Size implements [fileopsbeam.Store].
func (s *store) Size(ctx context.Context, name string) (int64, error) {
	attributes, err := s.bucket.Attributes(ctx, name)
	if err != nil {
		return 0, errorOf(err)
	}
	return attributes.Size, nil
}

// onePut is the size up to which an object is put by one request, from memory. A larger
// one is put in pieces, and is not there before the last one.
const onePut = 64 << 20

// Put implements [fileopsbeam.Store].
func (s *store) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error {
	opts := &blob.WriterOptions{
		ContentType: "application/octet-stream",
		BufferSize:  int(min(size+1, onePut)),
	}
	return s.bucket.Upload(ctx, name, content, opts)
}

// errorOf makes the error of a missing object match [fs.ErrNotExist].
func errorOf(err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return errors.Join(fs.ErrNotExist, err)
	}
	return err
}
