//go:build linux && !386 && !arm

// Users have 16 bits in the system calls of 386 and arm.

package fileops_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A person is a user of the system with groups, the first of which is the main
// one.
type person struct {
	uid    uint32
	groups []uint32
}

var (
	superuser = person{0, []uint32{0}}
	alice     = person{2001, []uint32{2001, 3000}} // 3000 is a group that she shares with bob
	bob       = person{2002, []uint32{2002, 3000}}
	carol     = person{2003, []uint32{2003}} // whom lists name
	dave      = person{2004, []uint32{2004, 3001}}
	people    = []person{superuser, alice, bob, carol, dave}
)

// An accessCase is a file that is overwritten or copied.
type accessCase struct {
	mode    fs.FileMode
	acl     string // its name in lists
	owner   person
	group   uint32
	inherit bool // the directory gives new files a list that lets carol in
}

const (
	aclOwner, aclNamedUser, aclGroup, aclNamedGroup, aclMask, aclOthers = 1, 2, 4, 8, 16, 32

	accessList, defaultList = "system.posix_acl_access", "system.posix_acl_default"
)

// aclValue makes the extended attribute of a list. Each entry is a tag,
// permissions and, if it is a named one, an id.
func aclValue(entries ...[3]uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		id := uint32(1<<32 - 1) // the kernel's ACL_UNDEFINED_ID
		if e[0] == aclNamedUser || e[0] == aclNamedGroup {
			id = e[2]
		}
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

// lists are the access control lists of the cases.
var lists = map[string][]byte{
	"":             nil,
	"carol in":     aclValue([3]uint32{aclOwner, 6}, [3]uint32{aclNamedUser, 6, carol.uid}, [3]uint32{aclGroup, 0}, [3]uint32{aclMask, 6}, [3]uint32{aclOthers, 0}),
	"carol out":    aclValue([3]uint32{aclOwner, 6}, [3]uint32{aclNamedUser, 0, carol.uid}, [3]uint32{aclGroup, 4}, [3]uint32{aclMask, 6}, [3]uint32{aclOthers, 4}),
	"3001 in":      aclValue([3]uint32{aclOwner, 6}, [3]uint32{aclGroup, 0}, [3]uint32{aclNamedGroup, 6, 3001}, [3]uint32{aclMask, 6}, [3]uint32{aclOthers, 0}),
	"3001 out":     aclValue([3]uint32{aclOwner, 6}, [3]uint32{aclGroup, 4}, [3]uint32{aclNamedGroup, 0, 3001}, [3]uint32{aclMask, 4}, [3]uint32{aclOthers, 4}),
	"masked group": aclValue([3]uint32{aclOwner, 6}, [3]uint32{aclNamedUser, 4, carol.uid}, [3]uint32{aclGroup, 6}, [3]uint32{aclMask, 4}, [3]uint32{aclOthers, 0}),
}

// inherited is what a directory gives new files in cases with inherit.
var inherited = aclValue([3]uint32{aclOwner, 7}, [3]uint32{aclNamedUser, 7, carol.uid}, [3]uint32{aclGroup, 7}, [3]uint32{aclMask, 7}, [3]uint32{aclOthers, 7})

func accessCases() (all []accessCase) {
	for _, inherit := range []bool{false, true} {
		for _, owner := range []person{superuser, alice, bob} {
			for _, group := range []uint32{owner.groups[0], 3000, 3001} {
				for _, mode := range []fs.FileMode{0o600, 0o640, 0o660, 0o604, 0o644, 0o666, 0o400, 0o066} {
					all = append(all, accessCase{mode, "", owner, group, inherit})
				}
				for list := range lists {
					if list != "" {
						all = append(all, accessCase{0, list, owner, group, inherit})
					}
				}
			}
		}
	}
	return all
}

// make makes the file.
func (c accessCase) make(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte("the text of the file"), 0o600))
	require.NoError(t, os.Chown(path, int(c.owner.uid), int(c.group)))
	if acl := lists[c.acl]; acl != nil {
		require.NoError(t, unix.Setxattr(path, accessList, acl, 0))
	} else {
		unix.Removexattr(path, accessList)
		require.NoError(t, os.Chmod(path, c.mode))
	}
}

// An accessWriter overwrites, or copies, the file "old" in the directory dir.
type accessWriter struct {
	name   string
	result string // the name of the new file in dir
	write  func(p *fileops.Pool, dir string) error
}

var accessWriters = []accessWriter{
	{"SaveToFile", "old", func(p *fileops.Pool, dir string) error {
		_, err := p.SaveToFile(context.Background(), "new", dir, "old", &fileops.SaveOptions{Overwrite: true})
		return err
	}},
	{"SaveToFile with Sync", "old", func(p *fileops.Pool, dir string) error {
		_, err := p.SaveToFile(context.Background(), "new", dir, "old", &fileops.SaveOptions{Overwrite: true, Sync: true})
		return err
	}},
	{"SaveChunks", "chunk_1.json", func(p *fileops.Pool, dir string) error {
		_, err := p.SaveChunks(context.Background(), []fileops.TextChunk{{Text: "new"}}, dir, &fileops.SaveOptions{Overwrite: true})
		return err
	}},
	{"CopyFile to a new file", "copy", func(p *fileops.Pool, dir string) error {
		return p.CopyFile(context.Background(), filepath.Join(dir, "old"), filepath.Join(dir, "copy"))
	}},
	{"CopyFile over another", "another", func(p *fileops.Pool, dir string) error {
		return p.CopyFile(context.Background(), filepath.Join(dir, "old"), filepath.Join(dir, "another"))
	}},
	{"Concat", "old", func(p *fileops.Pool, dir string) error {
		_, err := p.Concat(context.Background(), []string{filepath.Join(dir, "input")}, &fileops.ConcatOptions{OutputFile: filepath.Join(dir, "old")})
		return err
	}},
	{"FileToChunks", "out.jsonl", func(p *fileops.Pool, dir string) error {
		_, err := p.FileToChunks(context.Background(), filepath.Join(dir, "input"), &fileops.ChunkOptions{Size: 100, OutputFile: filepath.Join(dir, "out.jsonl")})
		return err
	}},
	{"Chunk", "chunk_1.json", func(p *fileops.Pool, dir string) error {
		_, err := p.Chunk(context.Background(), filepath.Join(dir, "input"), &fileops.ChunkOptions{Size: 100, OutputDir: dir, Save: &fileops.SaveOptions{Overwrite: true}})
		return err
	}},
	{"SaveToFile in place", "old", func(p *fileops.Pool, dir string) error {
		_, err := p.SaveToFile(context.Background(), "new", dir, "old", &fileops.SaveOptions{InPlace: true})
		return err
	}},
}

// as calls fn on a thread with a user's credentials for files. The thread ends
// with its goroutine.
func (p person) as(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		groups := p.groups
		_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0])), 0)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESGID, ^uintptr(0), uintptr(groups[0]), ^uintptr(0))
		}
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(p.uid), ^uintptr(0))
		}
		if errno != 0 {
			done <- errno
			return
		}
		fn()
		done <- nil
	}()
	require.NoError(t, <-done)
}

// may returns what the system lets everybody do with a file, as bits: reading is
// 4 and writing is 2.
func may(t *testing.T, path string) map[uint32]int {
	t.Helper()
	granted := map[uint32]int{}
	for _, p := range people {
		p.as(t, func() {
			for bit, flag := range map[int]int{4: unix.O_RDONLY, 2: unix.O_WRONLY} {
				if fd, err := unix.Open(path, flag|unix.O_CLOEXEC, 0); err == nil {
					unix.Close(fd)
					granted[p.uid] |= bit
				}
			}
		})
	}
	return granted
}

// accessRunner is the variable by which TestNobodyGainsAccess starts itself as
// another user. Its value is a pattern of the directories.
const accessRunner = "FILEOPS_TEST_ACCESS"

// TestNobodyGainsAccess lets several users overwrite and copy files of all kinds of
// owners, permissions and lists. Afterwards nobody may do more with the new file
// than with the old one, save the one who wrote it and the old file's owner. Where
// the system lets the writer keep everything, everything is kept.
func TestNobodyGainsAccess(t *testing.T) {
	if dirs := os.Getenv(accessRunner); dirs != "" {
		writeAll(t, dirs)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can make files of other users")
	}
	top, err := os.MkdirTemp("/dev/shm", "fileops-test-")
	if err != nil {
		t.Skipf("no file system for all users: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	if err := unix.Setxattr(top, accessList, lists["carol in"], 0); err != nil {
		t.Skipf("no access control lists: %v", err)
	}
	require.NoError(t, unix.Removexattr(top, accessList))
	require.NoError(t, os.Chmod(top, 0o755))
	cases := accessCases()
	if testing.Short() {
		cases = everyNth(cases, 15)
	}
	for _, runner := range []person{superuser, alice, bob} {
		t.Run(fmt.Sprintf("uid %d", runner.uid), func(t *testing.T) {
			var dirs []string
			for i, c := range cases {
				for j, w := range accessWriters {
					dir := filepath.Join(top, fmt.Sprintf("%d-%d-%d", runner.uid, i, j))
					dirs = append(dirs, dir)
					prepare(t, dir, c, w)
				}
			}
			before := map[string]map[uint32]int{}
			for i, dir := range dirs {
				before[dir] = may(t, original(dir, accessWriters[i%len(accessWriters)]))
			}
			failed := runner.writeAll(t, top)
			for i, dir := range dirs {
				c, w := cases[i/len(accessWriters)], accessWriters[i%len(accessWriters)]
				where := fmt.Sprintf("%s of %+v by %d", w.name, c, runner.uid)
				if why := failed[filepath.Base(dir)]; why != "" {
					require.Contains(t, why, "permission denied", where)
					require.True(t, strings.HasPrefix(w.name, "CopyFile") || w.name == "SaveToFile in place", "%s: %s", where, why)
					require.NotEqual(t, 6, before[dir][runner.uid], where)
					continue
				}
				checkAccess(t, filepath.Join(dir, w.result), c, runner, before[dir], where)
			}
		})
	}
}

// original is the file whose access the new one has.
func original(dir string, w accessWriter) string {
	if strings.HasPrefix(w.name, "CopyFile") {
		return filepath.Join(dir, "old")
	}
	return filepath.Join(dir, w.result)
}

func prepare(t *testing.T, dir string, c accessCase, w accessWriter) {
	t.Helper()
	require.NoError(t, os.Mkdir(dir, 0o777))
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "input"), []byte("input"), 0o644))
	c.make(t, filepath.Join(dir, "old"))
	if w.result != "copy" && w.result != "old" {
		c.make(t, filepath.Join(dir, w.result))
	}
	if c.inherit {
		require.NoError(t, unix.Setxattr(dir, defaultList, inherited, 0))
	}
}

// checkAccess compares the access of a new file with that of the old one.
func checkAccess(t *testing.T, path string, c accessCase, runner person, before map[uint32]int, where string) {
	t.Helper()
	after := may(t, path)
	var st unix.Stat_t
	require.NoError(t, unix.Stat(path, &st))
	for _, p := range people {
		if p.uid != superuser.uid && p.uid != runner.uid && p.uid != c.owner.uid {
			require.Zero(t, after[p.uid]&^before[p.uid], "%s: %d gains; mode %o, owner %d:%d, list %v",
				where, p.uid, st.Mode&0o777, st.Uid, st.Gid, attribute(t, path, accessList))
		}
	}
	if runner.uid != superuser.uid && (runner.uid != c.owner.uid || !slices.Contains(runner.groups, c.group)) {
		return
	}
	require.Equal(t, [2]uint32{c.owner.uid, c.group}, [2]uint32{st.Uid, st.Gid}, where)
	require.Equal(t, lists[c.acl], attribute(t, path, accessList), where)
	if c.acl == "" {
		require.Equal(t, uint32(c.mode), st.Mode&0o777, where)
	}
	for uid, bits := range before {
		require.Equal(t, bits, after[uid], "%s: %d", where, uid)
	}
}

// writeAll runs the writers in a process of the user. It returns the errors by the
// names of their directories.
func (p person) writeAll(t *testing.T, top string) map[string]string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run", "^TestNobodyGainsAccess$", "-test.v")
	cmd.Env = append(os.Environ(), accessRunner+"="+filepath.Join(top, fmt.Sprint(p.uid)+"-*"))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.uid, Gid: p.groups[0], Groups: p.groups}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	failed := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(line, "FAILED "); ok {
			dir, why, _ := strings.Cut(strings.TrimSpace(rest), " ")
			failed[dir] = why
		}
	}
	require.Contains(t, string(out), "WROTE ALL")
	return failed
}

// writeAll is the body of such a process.
func writeAll(t *testing.T, pattern string) {
	syscall.Umask(0o022)
	dirs, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		var runner, i, j int
		_, err := fmt.Sscanf(filepath.Base(dir), "%d-%d-%d", &runner, &i, &j)
		require.NoError(t, err)
		if err := accessWriters[j].write(fileops.DefaultPool, dir); err != nil {
			t.Logf("FAILED %s %v", filepath.Base(dir), err)
		}
	}
	t.Log("WROTE ALL")
}

func everyNth[T any](list []T, n int) (some []T) {
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}
