package cloud

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
)

// onServer puts the corpus into a bucket of the real server that CLOUD_TEST_S3
// names, see seaweed-test.
func onServer(t *testing.T, endpoint string) *FS {
	bucket, err := blob.OpenBucket(t.Context(), s3URL(endpoint))
	require.NoError(t, err)
	defer bucket.Close()
	var client *s3.Client
	require.True(t, bucket.As(&client))
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucketName)})
	require.NoError(t, err)
	fill(t, bucket, "pre/fix/")
	return open(t, "s3://"+bucketName+"/pre/fix"+s3URL(endpoint)[len("s3://"+bucketName):], nil)
}
