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

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// newNowLab is a lab whose files are read on the caller's goroutine if they
// are in memory.
func newNowLab(t *testing.T, s seam, opts PoolOptions) *lab {
	l := newLabIn(t, t.TempDir(), s, opts) // on disk: what is in memory cannot be read so
	l.faulty.readsNow = true
	if s.confined {
		l.pool.mounts.setBase(l.dir)
	}
	if !l.pool.mounts.readsNow(l.at("in/a.txt")) {
		t.Skip("the file system here may ask others")
	}
	f, err := l.faulty.inner.openNow(l.at("in/a.txt"))
	if err != nil {
		t.Skip("the kernel cannot open without waiting")
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 1)); err != nil {
		t.Skip("the file system cannot read without waiting")
	}
	return l
}

// eachNowLab runs a test on the filesystems that can read without waiting.
func eachNowLab(t *testing.T, opts PoolOptions, test func(*lab)) {
	for _, s := range seams[:2] {
		t.Run(s.name, func(t *testing.T) {
			l := newNowLab(t, s, opts)
			test(l)
			l.close()
		})
	}
}

func TestCachedReadsNeedNoOtherGoroutine(t *testing.T) {
	eachNowLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var s steps
		l.faulty.reset(s.hook)
		text, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
		require.Equal(t, "openNow fstat read close", s.String())

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

// Nor do they need a timer where the pool sets a time.
func TestCachedReadsNeedNoTimer(t *testing.T) {
	eachNowLab(t, PoolOptions{Timeout: time.Nanosecond}, func(l *lab) {
		var s steps
		l.faulty.reset(s.hook)
		text, err := l.pool.ReadFile(context.Background(), l.at("in/a.txt"))
		require.NoError(t, err, "the time began to count where there was no wait")
		require.Equal(t, inputs["in/a.txt"], text)
		require.Equal(t, "openNow fstat read close", s.String())
		_, err = l.pool.FileSize(context.Background(), l.at("in/a.txt"))
		checkClear(t, err, context.DeadlineExceeded)
	})
}

// Whatever an attempt to read at once runs into, the read itself has the last
// word.
func TestReadsThatMustWaitAreDoneElsewhere(t *testing.T) {
	eachNowLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		large := strings.Repeat("0123456789abcdef", 3*readBlock/16)
		require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(large[:nowLimit]), 0o666))
		for n := 1; n <= 6; n++ {
			for _, fault := range []error{errWouldWait, syscall.EAGAIN, syscall.EIO, errShort} {
				now, failed := true, false
				l.faulty.reset(func(c seamCall) error {
					now = now && c.op != "open"
					if now && c.n == n {
						failed = true
						return fault
					}
					return nil
				})
				text, err := l.pool.ReadFile(ctx, l.at("in/large.txt"))
				require.NoError(t, err, "%v at %d", fault, n)
				require.Equal(t, large[:nowLimit], text)
				require.True(t, failed || n == 6, n)
			}
		}
		l.faulty.reset(nil)

		require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(large), 0o666))
		var s steps
		l.faulty.reset(s.hook)
		text, err := l.pool.ReadFile(ctx, l.at("in/large.txt"))
		require.NoError(t, err)
		require.Equal(t, large, text)
		require.Contains(t, s.String(), "openNow fstat close open ", "too large for the caller's goroutine")
	})
}

// The answers are those of a read that may wait.
func TestReadsNowAnswerAlike(t *testing.T) {
	eachNowLab(t, PoolOptions{MaxFileSize: 100}, func(l *lab) {
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

func TestReadsNowHeedThePool(t *testing.T) {
	eachNowLab(t, PoolOptions{Workers: 1, MaxPending: 1}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		path := l.at("in/a.txt")
		hold := make(chan struct{})
		holding := make(chan struct{})
		holder := Submit(t.Context(), l.pool, func(ctx context.Context) (string, error) {
			close(holding)
			<-hold
			return l.pool.ReadFile(ctx, path) // on the slot that it lends
		})
		<-holding
		waiting := l.pool.AsyncReadFile(ctx, path)
		_, err := l.pool.ReadFile(ctx, path)
		require.ErrorIs(t, err, ErrOverloaded, "there is no slot, not even for an attempt")
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

// Many wait for each future, with and without an end: one does the work, or
// the future's own goroutine, and only one.
func TestOneOfManyDoesTheWork(t *testing.T) {
	eachNowLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var opened sync.Map
		l.faulty.reset(func(c seamCall) error {
			switch c.op {
			case "open":
				if _, twice := opened.LoadOrStore(c.name, true); twice {
					t.Errorf("%s was opened twice", c.name)
				}
			case "openNow": // which each one that must not wait may try
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

// No name that a client may send keeps later reads from being done at once.
func TestOddNamesDoNotEndReadsNow(t *testing.T) {
	eachNowLab(t, PoolOptions{}, func(l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, path := range []string{"in/\x00", "", "in/none", "../../etc/passwd", "/proc/self/status", strings.Repeat("n/", 3000)} {
			l.pool.ReadFile(ctx, path) // whatever comes of it
			var s steps
			l.faulty.reset(s.hook)
			_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
			require.NoError(t, err)
			require.Equal(t, "openNow fstat read close", s.String(), "after %q", path)
		}
	})
}

// Only files of local file systems are opened on the caller's goroutine:
// others may ask somebody else, who may not answer.
func TestReadsNowKeepToLocalMounts(t *testing.T) {
	cases := []struct {
		mounts []mount
		path   string
		want   bool
	}{
		{nil, "/f", false},
		{[]mount{{"/", "ext4"}}, "/f", true},
		{[]mount{{"/", "overlay"}}, "/f", false},
		{[]mount{{"/", "nfs4"}}, "/f", false},
		{[]mount{{"/", "ext4"}, {"/", "nfs4"}}, "/f", false},
		{[]mount{{"/", "xfs"}, {"/mnt", "nfs4"}}, "/f", true},
		{[]mount{{"/", "xfs"}, {"/mnt", "nfs4"}}, "/mnt/f", false},
		{[]mount{{"/", "xfs"}, {"/mnt", "nfs4"}}, "/mnt2/f", true},
		{[]mount{{"/", "xfs"}, {workingDir(), "fuse"}}, "f", false},
		{[]mount{{"/", "fuse"}, {workingDir(), "btrfs"}}, "f", false}, // which has a quota
		{[]mount{{"/", "fuse"}, {workingDir(), "btrfs"}}, "/f", false},
		{[]mount{{"/", "ext2"}, {"/mnt", "fuse"}}, "f", true},
	}
	for _, c := range cases {
		listMounts = func() []mount { return c.mounts }
		lastMounts.Store(nil)
		require.Equal(t, c.want, newMountQuotas(4).readsNow(c.path), "%v %s", c.mounts, c.path)
	}
	based := newMountQuotas(4)
	listMounts = func() []mount { return []mount{{"/", "nfs4"}, {"/srv", "ext4"}} }
	lastMounts.Store(nil)
	based.setBase("/srv/docs")
	require.True(t, based.baseNow)
	based.setBase("/other")
	require.False(t, based.readsNow("f"))
	listMounts = readMountInfo
	lastMounts.Store(nil)
}

// A file on another mount than the way to it begins on is left to those who
// may wait, even through a link.
func TestOpenNowCrossesNoMount(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/proc/self/status", link))
	for _, path := range []string{"/proc/self/status", link} {
		f, err := systemFiles().openNow(path)
		if err == nil {
			f.Close()
		}
		require.Equal(t, errWouldWait, err, path)
	}
}
