package cloud

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// This file is all that is not the same with each driver.

// versionOf returns the version of an object that a listing, a description or an
// answer is about. as is the As of it.
func versionOf(as func(any) bool) string {
	var (
		s3Listed       types.Object
		s3Described    s3.HeadObjectOutput
		s3Read         s3.GetObjectOutput
		azureListed    container.BlobItem
		azureDescribed azblob.GetPropertiesResponse
		azureRead      azblob.DownloadStreamResponse
		gcs            storage.ObjectAttrs
		gcsRead        *storage.Reader
	)
	switch {
	case as(&s3Listed):
		return quoted(s3Listed.ETag)
	case as(&s3Described):
		return quoted(s3Described.ETag)
	case as(&s3Read):
		return quoted(s3Read.ETag)
	case as(&azureListed) && azureListed.Properties != nil:
		return quoted((*string)(azureListed.Properties.ETag))
	case as(&azureDescribed):
		return quoted((*string)(azureDescribed.ETag))
	case as(&azureRead):
		return quoted((*string)(azureRead.ETag))
	case as(&gcs):
		return strconv.FormatInt(gcs.Generation, 10)
	case as(&gcsRead):
		return strconv.FormatInt(gcsRead.Attrs.Generation, 10)
	}
	return ""
}

// quoted returns an ETag as RFC 9110 has it. The listings of Azure have no quotes.
func quoted(tag *string) string {
	if tag == nil || *tag == "" {
		return ""
	}
	return `"` + strings.Trim(*tag, `"`) + `"`
}

// onCondition makes a version, unless it is "", the condition of a request. as is that
// of BeforeRead. Google shall not unpack an object that is stored as gzip: the
// listing has the packed size.
func onCondition(version string, as func(any) bool) error {
	var (
		toS3    *s3.GetObjectInput
		toAzure *azblob.DownloadStreamOptions
		toGCS   **storage.ObjectHandle
	)
	switch {
	case as(&toGCS):
		*toGCS = (*toGCS).ReadCompressed(true)
		if generation, err := strconv.ParseInt(version, 10, 64); err == nil {
			*toGCS = (*toGCS).If(storage.Conditions{GenerationMatch: generation})
		}
	case version == "":
	case as(&toS3):
		toS3.IfMatch = &version
	case as(&toAzure):
		tag := azcore.ETag(version)
		toAzure.AccessConditions = &azblob.AccessConditions{
			ModifiedAccessConditions: &azblob.ModifiedAccessConditions{IfMatch: &tag},
		}
	}
	return nil
}

// marksDirectory reports whether an object is a directory of Azure's hierarchical
// namespace, which lists directories like files.
func marksDirectory(as func(any) bool) bool {
	var item container.BlobItem
	return as(&item) && item.Properties != nil && item.Properties.ResourceType != nil &&
		*item.Properties.ResourceType == "directory"
}

// noRetriesOfAzure returns a context whose requests to Azure the SDK makes once.
func noRetriesOfAzure(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
}

// calmGCS makes a client of Google's make each request once.
func calmGCS(bucket *blob.Bucket) {
	var client *storage.Client
	if bucket.As(&client) {
		client.SetRetry(storage.WithPolicy(storage.RetryNever))
	}
}

// idleConnections is how many connections to S3 are kept for the next request. The
// SDK keeps 10, and so a pool of 64 workers would open a new one for most requests.
const idleConnections = 1024

// tunedS3 returns a bucket whose client makes each request once and keeps its
// connections. closeBucket closes these.
func tunedS3(ctx context.Context, bucket *blob.Bucket, name string) (tuned *blob.Bucket, closeBucket func() error, err error) {
	var client *s3.Client
	if !bucket.As(&client) {
		return nil, nil, errors.New("the bucket is not one of S3")
	}
	opts := client.Options()
	closeIdle := func() {}
	if buildable, ok := opts.HTTPClient.(*awshttp.BuildableClient); ok {
		transport := buildable.GetTransport()
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost = idleConnections, idleConnections
		opts.HTTPClient = &http.Client{Transport: transport, CheckRedirect: followTemporary}
		closeIdle = transport.CloseIdleConnections
	}
	opts.Retryer = aws.NopRetryer{}
	opts.DisableLogOutputChecksumValidationSkipped = true // a line for each object without one
	tuned, err = s3blob.OpenBucket(ctx, s3.New(opts), name, nil)
	return tuned, func() error {
		err := tuned.Close()
		closeIdle()
		return errors.Join(err, bucket.Close())
	}, err
}

// followTemporary follows the redirects that the SDK's own client follows.
func followTemporary(r *http.Request, _ []*http.Request) error {
	if s := r.Response.StatusCode; s == http.StatusTemporaryRedirect || s == http.StatusPermanentRedirect {
		return nil
	}
	return http.ErrUseLastResponse
}
