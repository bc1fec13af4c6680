package cloud

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A strictStore answers as Google or Azure do, as far as a listing and a read of
// a.txt need it. It fails a read without the condition that is due, and notes the
// requests.
type strictStore struct {
	list    string
	headers map[string]string // of the object
	obeys   func(r *http.Request) bool
	fault   atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	reads   atomic.Int32
	lists   atomic.Int32
}

func (s *strictStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isRead := strings.HasSuffix(r.URL.Path, "/a.txt")
	if isRead {
		s.reads.Add(1)
	} else {
		s.lists.Add(1)
	}
	if fault := s.fault.Load(); fault != nil && (*fault)(w, r) {
		return
	}
	if !isRead {
		w.Header().Set("Content-Type", "application/xml")
		if strings.HasPrefix(s.list, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		io.WriteString(w, s.list)
		return
	}
	if !s.obeys(r) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	for name, value := range s.headers {
		w.Header().Set(name, value)
	}
	io.WriteString(w, "text")
}

func (s *strictStore) fails(fault func(w http.ResponseWriter, r *http.Request) bool) {
	s.fault.Store(&fault)
}

const modified = "Thu, 01 Jan 2026 00:00:00 GMT"

// google opens a bucket of Google. Its driver finds the server in the environment.
func google(t *testing.T) (*FS, *strictStore) {
	s := &strictStore{
		list:    `{"items": [{"name": "a.txt", "size": "4", "generation": "17", "updated": "2026-01-01T00:00:00Z"}]}`,
		headers: map[string]string{"Last-Modified": modified, "X-Goog-Generation": "17", "X-Goog-Stored-Content-Length": "4"},
		obeys: func(r *http.Request) bool {
			return r.Header.Get("X-Goog-If-Generation-Match") == "17" || r.URL.Query().Get("ifGenerationMatch") == "17"
		},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	return open(t, "gs://bucket", quick), s
}

// azure opens a container of Azure. Its listings have ETags without quotes.
func azure(t *testing.T) (*FS, *strictStore) {
	s := &strictStore{
		list: `<EnumerationResults><Blobs>
			<Blob><Name>a.txt</Name><Properties><Etag>0x8D</Etag><Content-Length>4</Content-Length><Last-Modified>` + modified + `</Last-Modified></Properties></Blob>
			<Blob><Name>dir</Name><Properties><Etag>0x8E</Etag><Content-Length>0</Content-Length><ResourceType>directory</ResourceType><Last-Modified>` + modified + `</Last-Modified></Properties></Blob>
			</Blobs></EnumerationResults>`,
		headers: map[string]string{"Last-Modified": modified, "ETag": `"0x8D"`},
		obeys:   func(r *http.Request) bool { return r.Header.Get("If-Match") == `"0x8D"` },
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return open(t, "azblob://container?domain="+strings.TrimPrefix(server.URL, "http://"), quick), s
}

var otherStores = map[string]func(t *testing.T) (*FS, *strictStore){"Google": google, "Azure": azure}

func TestOtherStoresHaveConditions(t *testing.T) {
	for name, store := range otherStores {
		t.Run(name, func(t *testing.T) {
			files, s := store(t)
			entries, next, err := files.ReadTree(".", "")
			require.NoError(t, err)
			require.Empty(t, next)
			require.Equal(t, []string{"a.txt"}, names(entries))
			require.EqualValues(t, 1, s.lists.Load())
			got, err := fs.ReadFile(files, "a.txt")
			require.NoError(t, err)
			require.Equal(t, "text", string(got))
			require.EqualValues(t, 1, s.reads.Load())

			files.Expect("a.txt", "18")
			_, err = fs.ReadFile(files, "a.txt")
			require.ErrorIs(t, err, fileops.ErrChanged)
		})
	}
}

func TestErrorsOfOtherStores(t *testing.T) {
	for name, store := range otherStores {
		for status, c := range map[int]struct {
			means    error
			requests int32
		}{
			403: {fs.ErrPermission, 1}, 503: {nil, defaultAttempts}, 429: {nil, defaultAttempts}, 400: {nil, 1},
		} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				files, s := store(t)
				s.fails(func(w http.ResponseWriter, r *http.Request) bool {
					w.WriteHeader(status)
					return true
				})
				_, read := files.Open("a.txt")
				_, listed := files.ReadDir(".")
				for _, err := range []error{read, listed} {
					require.Error(t, err)
					require.NotErrorIs(t, err, fs.ErrNotExist)
					if c.means != nil {
						require.ErrorIs(t, err, c.means)
					}
				}
				require.Equal(t, c.requests, s.reads.Load())
				require.Equal(t, c.requests, s.lists.Load())
			})
		}
	}
}

// TestSignaturesAreNotTold breaks the connection off: the error of package http
// quotes the URL, and Azure's has a signature.
func TestSignaturesAreNotTold(t *testing.T) {
	for name, store := range otherStores {
		files, s := store(t)
		s.fails(func(w http.ResponseWriter, r *http.Request) bool {
			assert.Equal(t, name == "Azure", strings.Contains(r.URL.RawQuery, "dummysignature"))
			panic(http.ErrAbortHandler)
		})
		_, err := files.Open("a.txt")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "dummysignature")
		_, err = files.ReadDir(".")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "dummysignature")
	}
}
