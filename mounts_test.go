//go:build linux

package fileops

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMountOf(t *testing.T) {
	points := []string{"/mnt", "/mnt/disk", "/mnt/disk/deep/er", "/home", "/with space", "/mnt/disk-2"}
	for path, want := range map[string]string{
		"/":                      "",
		"/m":                     "",
		"/mnt":                   "/mnt",
		"/mnt/":                  "/mnt",
		"/mnt/file":              "/mnt",
		"/mntfile":               "",
		"/mnt2/file":             "",
		"/mnt/disk":              "/mnt/disk",
		"/mnt/disk/file":         "/mnt/disk",
		"/mnt/disks/file":        "/mnt",
		"/mnt/disk-2/file":       "/mnt/disk-2",
		"/mnt/disk/deep/file":    "/mnt/disk",
		"/mnt/disk/deep/er/file": "/mnt/disk/deep/er",
		"/home":                  "/home",
		"/homes":                 "",
		"/with space/file":       "/with space",
		"/with":                  "",
		"mnt/file":               "",
		"":                       "",
	} {
		require.Equal(t, want, mountOf(path, points), path)
		slices.Reverse(points) // their order does not count
		require.Equal(t, want, mountOf(path, points), path)
	}
	require.Empty(t, mountOf("/mnt/file", nil))
}

func TestUnescapeMount(t *testing.T) {
	for escaped, want := range map[string]string{
		``:                       "",
		`/mnt/disk`:              "/mnt/disk",
		`/mnt/my\040disk`:        "/mnt/my disk",
		`\040`:                   " ",
		`/tab\011new\012line`:    "/tab\tnew\nline",
		`/back\134slash`:         `/back\slash`,
		`/back\134040`:           `/back\040`, // not twice
		`/hash\043`:              "/hash#",
		`/a\040b\040c\134`:       `/a b c\`,
		`/caf\303\251`:           "/café",
		`/not\08`:                `/not\08`, // which the kernel never writes
		`/not\9`:                 `/not\9`,
		`/not\`:                  `/not\`,
		`/not\777`:               `/not\777`,
		`/not\-01`:               `/not\-01`,
		`/one\040not\x\040again`: `/one not\x\040again`,
	} {
		require.Equal(t, want, unescapeMount(escaped), escaped)
	}
}

// TestReadMountPoints compares with the kernel's older list.
func TestReadMountPoints(t *testing.T) {
	list, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skipf("no list of mounts here: %v", err)
	}
	var want []string
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if point := unescapeMount(fields[1]); point != "/" && !slices.Contains(inMemory, fields[2]) {
			want = append(want, point)
		}
	}
	got := readMounts().points
	require.ElementsMatch(t, want, got)
	for _, point := range got {
		require.True(t, filepath.IsAbs(point), point)
	}
	require.NotContains(t, got, "/proc")
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, dir, workingDir())
}

func TestParseMountInfo(t *testing.T) {
	long := strings.Repeat("/lower/directory:", 10_000)
	require.Equal(t, []mount{{"/", "ext4"}, {"/proc", "proc"}, {"/over lay", "overlay"}, {"/mnt/nfs", "nfs4"}}, parseMountInfo(
		"23 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"+
			"24 23 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n"+
			"25 23 0:40 / /over\\040lay rw - overlay overlay rw,lowerdir="+long+"\n"+
			"nonsense\n"+
			"26 23 0:41 / /mnt/nfs rw shared:7 master:1 - nfs4 server:/ rw\n"))
}

func TestOpenedPath(t *testing.T) {
	dir := t.TempDir()
	for _, s := range seams {
		if s.confined {
			files := s.files(t, dir)
			require.Equal(t, dir, openedPath(files), s.name)
			require.NoError(t, files.close())
		}
	}
}

func TestMountQuotaLimits(t *testing.T) {
	for workers, limit := range map[int]int64{1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 8: 6, 16: 12, 32: 24, 33: 24, 100: 75} {
		require.Equal(t, limit, newMountQuotas(workers).limit, "%d workers", workers)
	}
}

// fakeMounts lets there be these mounts and no others, until the test ends.
func fakeMounts(t *testing.T, points ...string) {
	t.Helper()
	var all []mount
	for _, point := range points {
		all = append(all, mount{point, "nfs4"})
	}
	listMounts = func() []mount { return all }
	lastMounts.Store(nil)
	t.Cleanup(func() {
		listMounts = readMountInfo
		lastMounts.Store(nil)
	})
}

// TestMountsOfPaths finds the mounts of paths in every spelling.
func TestMountsOfPaths(t *testing.T) {
	here := workingDir()
	fakeMounts(t, "/mnt", "/mnt/in", here+"/below")
	m := newMountQuotas(4)
	based := newMountQuotas(4)
	based.base = "/mnt"
	for path, want := range map[string]string{
		"":                     "",
		"/":                    "",
		"/mnt/f":               "/mnt",
		"/mnt/in/f":            "/mnt/in",
		"/mnt/inner":           "/mnt",
		"/other":               "",
		"below/f":              here + "/below",
		"./below/f":            here + "/below",
		"x/../below":           here + "/below",
		"f":                    "",
		"/mnt//in//f":          "/mnt/in",
		"/mnt/./in/f":          "/mnt/in",
		"//mnt/f":              "/mnt",
		"/./mnt/f":             "/mnt",
		"/other/../mnt/f":      "/mnt",
		"/mnt/../other":        "",
		"/mnt/in/../f":         "/mnt",
		here + "/./below":      here + "/below",
		here + "/x/../below/f": here + "/below",
	} {
		quota := m.of(path)
		if want == "" {
			assert.Nil(t, quota, path)
			continue
		}
		if assert.NotNil(t, quota, path) {
			assert.Same(t, m.quotas[want], quota, path)
		}
	}
	for path, want := range map[string]string{"f": "/mnt", "in/f": "/mnt/in", ".": "/mnt", "x/../in": "/mnt/in"} {
		quota := based.of(path)
		require.NotNil(t, quota, path)
		require.Same(t, based.quotas[want], quota, path)
	}
	require.Nil(t, newMountQuotas(1).of("/mnt/f"), "one worker has nothing to share")
}

// A mountLab is a directory with three mounts, of which one hangs. In the order
// of names one of the others comes before it and one after.
type mountLab struct {
	testing.TB
	dir    string
	pool   *Pool
	limit  int
	inside atomic.Int64 // operations in flight on the mount that hangs
	most   atomic.Int64
	hang   chan struct{} // closed to end it
}

const mountedFiles = 4

func newMountLab(t *testing.T, opts PoolOptions) *mountLab {
	t.Helper()
	l := &mountLab{TB: t, dir: tempDir(t), hang: make(chan struct{})}
	for _, dir := range []string{"fine", "hung", "well", "local"} {
		for i := range mountedFiles {
			require.NoError(t, os.MkdirAll(l.at(dir), 0o777))
			require.NoError(t, os.WriteFile(l.at(fmt.Sprintf("%s/%d.txt", dir, i)), []byte("text"), 0o666))
		}
	}
	fakeMounts(t, l.at("fine"), l.at("hung"), l.at("well"))
	files := newFaulty(systemFiles())
	files.reset(func(c seamCall) error {
		if strings.HasPrefix(c.name, l.at("hung")) {
			n := l.inside.Add(1)
			for most := l.most.Load(); n > most && !l.most.CompareAndSwap(most, n); most = l.most.Load() {
			}
			<-l.hang
			l.inside.Add(-1)
		}
		return nil
	})
	l.pool = newPool(opts, files)
	l.limit = int(l.pool.mounts.limit)
	return l
}

func (l *mountLab) at(path string) string { return filepath.Join(l.dir, path) }

// waitFor waits for a moment that must come.
func (l *mountLab) waitFor(what string, moment func() bool) {
	l.Helper()
	require.Eventually(l, moment, guard, time.Millisecond, what)
}

// patience is a context for what must not take long.
func (l *mountLab) patience() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	l.Cleanup(cancel)
	return ctx
}

// requireHealthy checks that what is not on the hung mount goes on.
func (l *mountLab) requireHealthy(n int) {
	l.Helper()
	for i := range n {
		for _, dir := range []string{"fine", "well", "local"} {
			text, err := l.pool.ReadFile(l.patience(), l.at(fmt.Sprintf("%s/%d.txt", dir, i%mountedFiles)))
			require.NoError(l, err)
			require.Equal(l, "text", text)
		}
	}
}

// recover ends the hang and checks that nothing is left of it.
func (l *mountLab) recover(futures []*Future[string]) {
	l.Helper()
	close(l.hang)
	_, err := All(l.patience(), futures...)
	require.NoError(l, err)
	l.requireIdle()
}

func (l *mountLab) requireIdle() {
	l.Helper()
	require.NoError(l, l.pool.Close(l.patience()))
	s := l.pool.Stats()
	require.Zero(l, [...]int{s.Running, s.Waiting, s.Active, s.Abandoned})
	require.Zero(l, l.pool.pending.Load())
	for point, quota := range l.pool.mounts.quotas {
		require.True(l, quota.TryAcquire(int64(l.limit)), "the whole quota of %s is back", point)
	}
}

// TestMountQuota hangs a mount under more operations than there are workers.
func TestMountQuota(t *testing.T) {
	for _, workers := range []int{2, 3, 4, 8, 32} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			var hung []*Future[string]
			for i := range 3 * workers {
				hung = append(hung, l.pool.AsyncReadFile(context.Background(), l.at(fmt.Sprintf("hung/%d.txt", i%mountedFiles))))
			}
			l.waitFor("the mount is full", func() bool { return int(l.inside.Load()) == l.limit })
			l.requireHealthy(2 * workers)
			l.waitFor("the others wait", func() bool { return l.pool.Stats().Waiting == 3*workers-l.limit })
			require.Equal(t, l.limit, l.pool.Stats().Running)
			require.EqualValues(t, l.limit, l.most.Load())
			l.recover(hung)
			require.EqualValues(t, l.limit, l.most.Load())
		})
	}
}

// TestMountQuotaIsForEveryOperation hangs a mount under operations that reach
// it not by the path they are called with, or not by themselves.
func TestMountQuotaIsForEveryOperation(t *testing.T) {
	const workers, calls = 4, 8
	for name, begin := range map[string]func(l *mountLab, i int) (done <-chan struct{}){
		"CopyFile from": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncCopyFile(context.Background(), l.at("hung/0.txt"), l.at(fmt.Sprint("local/copy", i))).Done()
		},
		"CopyFile to": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncCopyFile(context.Background(), l.at("local/0.txt"), l.at(fmt.Sprint("hung/copy", i))).Done()
		},
		"SaveToFile": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncSaveToFile(context.Background(), "text", l.at("hung"), fmt.Sprint(i), nil).Done()
		},
		"SaveChunks": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncSaveChunks(context.Background(), sampleChunks, l.at(fmt.Sprint("hung/", i)), nil).Done()
		},
		"Concat to a file": func(l *mountLab, i int) <-chan struct{} {
			o := &ConcatOptions{OutputFile: l.at(fmt.Sprint("hung/joined", i))}
			return l.pool.AsyncConcat(context.Background(), []string{l.at("local/0.txt")}, o).Done()
		},
		"Chunk to a file": func(l *mountLab, i int) <-chan struct{} {
			o := &ChunkOptions{OutputFile: l.at(fmt.Sprintf("hung/%d.csv", i))}
			return l.pool.AsyncChunk(context.Background(), l.at("local/0.txt"), o).Done()
		},
		"FileSize": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncFileSize(context.Background(), l.at("hung")).Done()
		},
		"Chunk with a Reader": func(l *mountLab, i int) <-chan struct{} {
			o := &ChunkOptions{Reader: func(context.Context, string) (string, error) {
				<-l.hang // in a system call of its own
				return "text", nil
			}}
			path := l.at(fmt.Sprintf("well/%d.txt", i%mountedFiles)) // so that only the Reader hangs
			return l.pool.AsyncFileToChunks(context.Background(), path, o).Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			var done []<-chan struct{}
			for i := range calls {
				done = append(done, begin(l, i))
			}
			l.waitFor("all run or wait", func() bool {
				s := l.pool.Stats()
				return s.Running+s.Waiting == calls && s.Running >= l.limit
			})
			assert.LessOrEqual(t, l.pool.Stats().Running, l.limit)
			close(l.hang)
			for _, d := range done {
				<-d
			}
			assert.LessOrEqual(t, int(l.most.Load()), l.limit)
			l.requireIdle()
		})
	}
}

// TestMountQuotaOfCopies hangs a mount that others are copied to and from. What
// waits for it must not stand in the way on theirs.
func TestMountQuotaOfCopies(t *testing.T) {
	l := newMountLab(t, PoolOptions{Workers: 4})
	var copies []*Future[struct{}]
	for i := range 3 * l.limit {
		for _, dir := range []string{"fine", "well", "local"} {
			path, other := l.at(dir+"/0.txt"), l.at(fmt.Sprintf("hung/%s%d", dir, i))
			if i%2 == 1 {
				path, other = l.at("hung/0.txt"), l.at(fmt.Sprintf("%s/copy%d", dir, i))
			}
			copies = append(copies, l.pool.AsyncCopyFile(context.Background(), path, other))
		}
	}
	l.waitFor("the mount is full and the others wait", func() bool {
		s := l.pool.Stats()
		return s.Running == l.limit && s.Waiting == len(copies)-l.limit
	})
	l.requireHealthy(8)
	close(l.hang)
	_, err := All(l.patience(), copies...)
	require.NoError(t, err)
	require.LessOrEqual(t, int(l.most.Load()), l.limit)
	l.requireIdle()
}

// TestMountQuotaCountsAsPending fills MaxPending by what waits for a mount.
func TestMountQuotaCountsAsPending(t *testing.T) {
	const maxPending = 5
	l := newMountLab(t, PoolOptions{Workers: 4, MaxPending: maxPending})
	var hung []*Future[string]
	begin := func() *Future[string] {
		return l.pool.AsyncReadFile(context.Background(), l.at("hung/0.txt"))
	}
	for range l.limit {
		hung = append(hung, begin())
	}
	l.waitFor("the mount is full", func() bool { return int(l.inside.Load()) == l.limit })
	for i := range maxPending {
		hung = append(hung, begin())
		l.waitFor("it waits", func() bool { return l.pool.Stats().Waiting == i+1 })
	}
	for range 3 {
		_, err := begin().Await(l.patience())
		require.ErrorIs(t, err, ErrOverloaded)
		for r := range l.pool.ReadFiles(l.patience(), []string{l.at("hung/1.txt")}) {
			require.ErrorIs(t, r.Err, ErrOverloaded)
			checkClear(t, r.Err, nil)
		}
		require.Equal(t, maxPending, l.pool.Stats().Waiting)
		l.requireHealthy(3) // which takes the slot that is left
	}
	l.recover(hung)
}

// TestMountQuotaCancelled gives up waiting for a mount.
func TestMountQuotaCancelled(t *testing.T) {
	l := newMountLab(t, PoolOptions{Workers: 4})
	var hung []*Future[string]
	for range l.limit {
		hung = append(hung, l.pool.AsyncReadFile(context.Background(), l.at("hung/0.txt")))
	}
	l.waitFor("the mount is full", func() bool { return int(l.inside.Load()) == l.limit })
	for range 50 {
		ctx, cancel := context.WithCancel(context.Background())
		var waiting []*Future[string]
		for i := range 10 {
			waiting = append(waiting, l.pool.AsyncReadFile(ctx, l.at("hung/1.txt")))
			l.waitFor("it waits", func() bool { return l.pool.Stats().Waiting == i+1 })
		}
		cancel()
		for _, r := range AllSettled(l.patience(), waiting...) {
			require.ErrorIs(t, r.Err, context.Canceled)
		}
		l.waitFor("none waits", func() bool { return l.pool.Stats().Waiting == 0 })
	}
	l.requireHealthy(8)
	l.recover(hung)
}

// TestMountQuotaDeadlock mixes everything on all mounts with as few workers as
// there can be: whatever waits for what, all of it ends.
func TestMountQuotaDeadlock(t *testing.T) {
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			close(l.hang) // it is only busy
			ctx := l.patience()
			other := NewPool(PoolOptions{Workers: 64})
			all, txt := []string{l.at("hung"), l.at("well"), l.at("local")}, []string{".txt"} // so that no output is an input
			var work []*Future[string]
			for i := range 40 {
				out := l.at(fmt.Sprintf("out/%d", i))
				for _, do := range []func(context.Context) error{
					func(ctx context.Context) error {
						_, err := l.pool.Concat(ctx, all, &ConcatOptions{FileTypes: txt, OutputFile: l.at(fmt.Sprintf("well/joined%d.md", i))})
						return err
					},
					func(ctx context.Context) error {
						_, err := l.pool.ConcatTo(ctx, new(bytes.Buffer), all, &ConcatOptions{FileTypes: txt})
						return err
					},
					func(ctx context.Context) error {
						o := &ChunkOptions{OutputFile: l.at(fmt.Sprintf("well/chunks%d.jsonl", i)), FileTypes: txt}
						_, err := l.pool.Chunk(ctx, l.at("hung"), o)
						return err
					},
					func(ctx context.Context) error {
						o := &ChunkOptions{OutputDir: out, FileTypes: txt, Reader: l.pool.ReadFile}
						_, err := l.pool.Chunk(ctx, l.at("local"), o)
						return err
					},
					func(ctx context.Context) error { return l.pool.CopyFile(ctx, l.at("hung/0.txt"), l.at("well/copy")) },
					func(ctx context.Context) error { return l.pool.CopyFile(ctx, l.at("well/0.txt"), l.at("hung/copy")) },
					func(ctx context.Context) error {
						_, err := l.pool.FileSize(ctx, l.dir)
						return err
					},
				} {
					work = append(work, Submit(ctx, l.pool, func(ctx context.Context) (string, error) { return "", do(ctx) }))
					work = append(work, Submit(ctx, other, func(ctx context.Context) (string, error) { return "", do(ctx) }))
				}
			}
			_, err := All(ctx, work...)
			require.NoError(t, err)
			require.NoError(t, other.Close(ctx))
			l.requireIdle()
		})
	}
}
