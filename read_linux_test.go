package fileops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A small read allocates its text, a name for the system and its books, and
// a future besides that its goroutine's start: see docs/PERFORMANCE.md.
func TestSmallReadsAllocateLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	path := filepath.Join(t.TempDir(), "small")
	require.NoError(t, os.WriteFile(path, make([]byte, 4<<10), 0o666))
	ctx := context.Background()
	for _, c := range []struct {
		name string
		most float64
		read func() (string, error)
	}{
		{"ReadFile", 3, func() (string, error) { return ReadFile(ctx, path) }},
		{"AsyncReadFile", 6, func() (string, error) { return AsyncReadFile(ctx, path).Await(ctx) }},
	} {
		allocs := testing.AllocsPerRun(500, func() {
			if _, err := c.read(); err != nil {
				t.Error(err)
			}
		})
		require.LessOrEqual(t, allocs, c.most, c.name)
	}
}

// newCachedLab is a lab in which cached files are read on the caller's goroutine.
func newCachedLab(t *testing.T, s seam, opts PoolOptions) *lab {
	l := newLabIn(t, t.TempDir(), s, opts) // on disk: tmpfs has no such reads
	l.faulty.CachedReads = true
	mounts.Local(l.dir) // has the list of mounts read
	for range 100 {
		if _, ok := l.faulty.Inner().ReadCached(l.at("in/a.txt"), cachedLimit); ok {
			return l
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Skip("the kernel or the file system cannot read without waiting")
	return nil
}

// eachCachedLab runs a test on the file systems that have cached reads.
func eachCachedLab(t *testing.T, opts PoolOptions, test func(*lab)) {
	for _, s := range seams[:2] {
		t.Run(s.name, func(t *testing.T) {
			l := newCachedLab(t, s, opts)
			test(l)
			l.close()
		})
	}
}

func TestCachedReadsNeedNoOtherGoroutine(t *testing.T) {
	eachCachedLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var s vfstest.Steps
		l.faulty.Reset(s.Hook)
		text, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
		require.Equal(t, "readCached", s.String())

		data, err := l.pool.ReadBytes(ctx, l.at("in/sub/c.txt"))
		require.NoError(t, err)
		require.Equal(t, inputs["in/sub/c.txt"], string(data))

		st := l.pool.Stats()
		require.EqualValues(t, 2, st.Done)
		require.Zero(t, st.Failed+uint64(st.Running+st.Active+st.Waiting))
		require.EqualValues(t, len(text)+len(data), st.BytesRead)
		require.Positive(t, st.RunTime)
	})
}

// TestCachedReadsNeedNoTimer checks that a Timeout sets no timer for them.
func TestCachedReadsNeedNoTimer(t *testing.T) {
	eachCachedLab(t, PoolOptions{Timeout: time.Nanosecond}, func(l *lab) {
		var s vfstest.Steps
		l.faulty.Reset(s.Hook)
		text, err := l.pool.ReadFile(context.Background(), l.at("in/a.txt"))
		require.NoError(t, err, "the time counted although nothing waited")
		require.Equal(t, inputs["in/a.txt"], text)
		require.Equal(t, "readCached", s.String())
		_, err = l.pool.FileSize(context.Background(), l.at("in/a.txt"))
		checkClear(t, err, context.DeadlineExceeded)
	})
}

// TestFailedCachedReadsAreReadAgain fails the cached read by every fault. The
// plain read that follows has the last word.
func TestFailedCachedReadsAreReadAgain(t *testing.T) {
	eachCachedLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		large := strings.Repeat("0123456789abcdef", 3*readPiece/16)
		require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(large[:cachedLimit]), 0o666))
		for _, fault := range []error{syscall.EAGAIN, syscall.EIO, errors.New("never"), vfstest.Late{Err: syscall.EIO}} {
			failed := false
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "readCached" {
					failed = true
					return fault
				}
				return nil
			})
			text, err := l.pool.ReadFile(ctx, l.at("in/large.txt"))
			require.NoError(t, err, "%v", fault)
			require.Equal(t, large[:cachedLimit], text)
			require.True(t, failed)
		}
		l.faulty.Reset(nil)

		require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(large), 0o666))
		var s vfstest.Steps
		l.faulty.Reset(s.Hook)
		text, err := l.pool.ReadFile(ctx, l.at("in/large.txt"))
		require.NoError(t, err)
		require.Equal(t, large, text)
		require.Contains(t, s.String(), "readCached open ", "too large for the caller's goroutine")
	})
}

// TestCachedReadsAnswerAlike compares them with reads that may wait.
func TestCachedReadsAnswerAlike(t *testing.T) {
	eachCachedLab(t, PoolOptions{MaxFileSize: 100}, func(l *lab) {
		write := func(path, text string) {
			require.NoError(t, os.WriteFile(l.onDisk(path), []byte(text), 0o666))
		}
		write("in/bad.txt", "good\xffbad")
		write("in/cut.txt", "half a char \xe2\x82")
		write("in/empty.txt", "")
		write("in/100.txt", strings.Repeat("x", 100))
		write("in/101.txt", strings.Repeat("x", 101))
		require.NoError(t, unix.Mkfifo(l.onDisk("in/fifo"), 0o666))
		require.NoError(t, os.Symlink("nowhere", l.onDisk("in/dangling")))
		require.NoError(t, os.Symlink("../..", l.onDisk("in/up")))
		require.NoError(t, os.Symlink("/", l.onDisk("in/top")))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, path := range []string{
			"in/a.txt", "in/link.txt", "in/bad.txt", "in/cut.txt", "in/empty.txt", "in/100.txt", "in/101.txt", "in/fifo",
			"in/dangling", "in/none", "in", "in/a.txt/b", "", "in/up/etc/passwd", "in/top/etc/passwd", "in/../in/a.txt",
			"/proc/self/status", "../x", "in/\x00", strings.Repeat("n", 300),
		} {
			want, wantErr := l.pool.ReadFile(context.Background(), l.at(path))
			got, err := l.pool.ReadFile(ctx, l.at(path))
			require.Equal(t, wantErr, err, path)
			if !strings.HasPrefix(path, "/proc") {
				require.Equal(t, want, got, path)
			}
			future := l.pool.AsyncReadFile(t.Context(), l.at(path))
			got, err = future.Await(ctx)
			require.Equal(t, wantErr, err, path)
			if !strings.HasPrefix(path, "/proc") {
				require.Equal(t, want, got, path)
			}
		}
	})
}

func TestCachedReadsObeyThePool(t *testing.T) {
	eachCachedLab(t, PoolOptions{Workers: 1, MaxPending: 1}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		path := l.at("in/a.txt")
		hold := make(chan struct{})
		holding := make(chan struct{})
		holder := Submit(t.Context(), l.pool, func(ctx context.Context) (string, error) {
			close(holding)
			<-hold
			return l.pool.ReadFile(ctx, path) // on the slot on loan
		})
		<-holding
		waiting := l.pool.AsyncReadFile(ctx, path)
		_, err := l.pool.ReadFile(ctx, path)
		require.ErrorIs(t, err, ErrOverloaded, "there is no slot, not even for a try")
		close(hold)
		for _, f := range []*Future[string]{holder, waiting} {
			text, err := f.Await(ctx)
			require.NoError(t, err)
			require.Equal(t, inputs["in/a.txt"], text)
		}
		cancel()
		_, err = l.pool.ReadFile(ctx, path)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, l.pool.Close(t.Context()))
		_, err = l.pool.ReadFile(t.Context(), path)
		require.ErrorIs(t, err, ErrClosed)
	})
}

// TestOneOfManyDoesTheWork has many goroutines wait for each future, with and
// without an end. One of them, or the future's goroutine, reads the file.
func TestOneOfManyDoesTheWork(t *testing.T) {
	eachCachedLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var opened sync.Map
		l.faulty.Reset(func(c vfstest.Call) error {
			switch c.Op {
			case "open":
				if _, twice := opened.LoadOrStore(c.Name, true); twice {
					t.Errorf("%s was opened twice", c.Name)
				}
			case "readCached": // each waiter that must not wait may try
				return errors.New("never")
			}
			return nil
		})
		for i := range 300 {
			name := fmt.Sprintf("in/%d.txt", i)
			require.NoError(t, os.WriteFile(l.onDisk(name), []byte(name), 0o666))
			f := l.pool.AsyncReadFile(t.Context(), l.at(name))
			var wg sync.WaitGroup
			for n := range 6 {
				wg.Go(func() {
					text, err := "", error(nil)
					switch n % 3 {
					case 0:
						text, err = f.Await(context.Background())
					case 1:
						text, err = f.Await(ctx)
					default:
						text, err = f.Result()
					}
					if err != nil || text != name {
						t.Errorf("%s: %q, %v", name, text, err)
					}
				})
			}
			wg.Wait()
		}
		require.EqualValues(t, 300, l.pool.Stats().Done)
	})
}

// TestOddNamesDoNotEndCachedReads sends names as a client may. Later reads are
// cached reads still.
func TestOddNamesDoNotEndCachedReads(t *testing.T) {
	eachCachedLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, path := range []string{"in/\x00", "", "in/none", "../../etc/passwd", "/proc/self/status", strings.Repeat("n/", 3000)} {
			l.pool.ReadFile(ctx, path)
			var s vfstest.Steps
			l.faulty.Reset(s.Hook)
			_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
			require.NoError(t, err)
			require.Equal(t, "readCached", s.String(), "after %q", path)
		}
	})
}

// TestCachedReadsStayOnLocalMounts reads by paths that leave the mount that their
// spelling names, or its kind of file system.
func TestCachedReadsStayOnLocalMounts(t *testing.T) {
	eachCachedLab(t, PoolOptions{}, func(l *lab) {
		require.NoError(t, os.Symlink("/proc/self/status", l.onDisk("in/status")))
		for _, path := range []string{"/proc/self/status", l.at("in/status"), "/dev/null", l.at("in")} {
			_, ok := l.faulty.Inner().ReadCached(path, cachedLimit)
			require.False(t, ok, path)
		}
	})
}
