package cloud

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"
)

// serverEndpoint is the address of a real server, "" for none, see seaweed-test.
var serverEndpoint = os.Getenv("CLOUD_TEST_S3")

// atServer is the URL of a prefix at the real server.
func atServer(prefix string) string {
	return strings.Replace(s3URL(serverEndpoint), "?", "/"+prefix+"?", 1)
}

// serverBucket opens the bucket of the real server to write to it.
func serverBucket(t *testing.T) *blob.Bucket {
	opened, err := blob.OpenBucket(t.Context(), s3URL(serverEndpoint))
	require.NoError(t, err)
	bucket, closeBucket, err := tunedS3(t.Context(), opened, bucketName)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closeBucket()) })
	var client *s3.Client
	require.True(t, bucket.As(&client))
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucketName)})
	var exists *types.BucketAlreadyOwnedByYou
	if err != nil {
		require.ErrorAs(t, err, &exists)
	}
	return bucket
}

func TestServer(t *testing.T) {
	if serverEndpoint == "" {
		t.Skip("CLOUD_TEST_S3 names no server")
	}
	bucket := serverBucket(t)
	write := func(key, text string) { require.NoError(t, bucket.WriteAll(t.Context(), key, []byte(text), nil)) }

	t.Run("changed files", func(t *testing.T) {
		write("changed/a.txt", "old")
		files := open(t, atServer("changed"), nil)
		_, _, err := files.ReadTree(".", "")
		require.NoError(t, err)
		got, err := fs.ReadFile(files, "a.txt")
		require.NoError(t, err)
		require.Equal(t, "old", string(got))
		write("changed/a.txt", "new")
		_, err = fs.ReadFile(files, "a.txt")
		require.ErrorIs(t, err, fileops.ErrChanged)
		got, err = fs.ReadFile(files, "a.txt")
		require.NoError(t, err)
		require.Equal(t, "new", string(got))
	})
	t.Run("missing bucket", func(t *testing.T) {
		files := open(t, strings.Replace(s3URL(serverEndpoint), bucketName, "missing-bucket", 1), nil)
		_, err := files.ReadDir(".")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("pages", func(t *testing.T) {
		const n = 2345
		var group errgroup.Group
		group.SetLimit(16)
		var want []string
		for i := range n {
			name := fmt.Sprintf("%02d/%04d.txt", i/100, i)
			want = append(want, name)
			group.Go(func() error { return bucket.WriteAll(t.Context(), "pages/"+name, []byte(name), nil) })
		}
		require.NoError(t, group.Wait())
		files := open(t, atServer("pages"), nil)
		for _, fsys := range []fs.FS{files, byDirectory{files}} {
			pool := newPool(t, fileops.PoolOptions{FS: fsys})
			got, err := pool.ListFiles(t.Context(), ".", "")
			require.NoError(t, err)
			require.Equal(t, want, got)
			chunks, err := pool.Chunk(t.Context(), ".", nil)
			require.NoError(t, err)
			require.Len(t, chunks, n)
		}
	})
}
