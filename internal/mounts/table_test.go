package mounts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listOf returns the list of mounts, in the format of mountinfo, that are made
// one after the other.
func listOf(mounts ...[2]string) string {
	var b strings.Builder
	for i, m := range mounts {
		parent := 0
		for j, other := range mounts[:i] {
			if strings.HasPrefix(m[0]+"/", strings.TrimSuffix(other[0], "/")+"/") {
				parent = j + 1 // the tests make the mounts above first
			}
		}
		point := strings.ReplaceAll(m[0], " ", `\040`)
		fmt.Fprintf(&b, "%d %d 0:%d / %s rw - %s none rw\n", i+1, parent, i, point, m[1])
	}
	return b.String()
}

func TestPointOfEverySpelling(t *testing.T) {
	const here = "/home/user"
	table := NewTable(listOf([2]string{"/", "ext4"}, [2]string{"/mnt", "nfs4"}, [2]string{"/mnt/in", "nfs4"},
		[2]string{here + "/below", "nfs4"}), here)
	for path, want := range map[string]string{
		"":                                   "",
		"/":                                  "/",
		"/mnt":                               "/mnt",
		"/mnt/":                              "/mnt",
		"/mnt/f":                             "/mnt",
		"/mnt/in":                            "/mnt/in",
		"/mnt/in/f":                          "/mnt/in",
		"/mnt/inner":                         "/mnt",
		"/other":                             "/",
		"below/f":                            here + "/below",
		"./below/f":                          here + "/below",
		"x/../below":                         here + "/below",
		"../user/below/f":                    here + "/below",
		"../../mnt/f":                        "/mnt",
		"../../../../mnt/in":                 "/mnt/in",
		"f":                                  "/",
		".":                                  "/",
		"below2":                             "/",
		"/mnt//in//f":                        "/mnt/in",
		"/mnt/./in/f":                        "/mnt/in",
		"//mnt/f":                            "/mnt",
		"/./mnt/f":                           "/mnt",
		"/../mnt/f":                          "/mnt",
		"/other/../mnt/f":                    "/mnt",
		"/mnt/../other":                      "/",
		"/mnt/in/../f":                       "/mnt",
		"/mnt/in/..":                         "/mnt",
		"/mnt/in/../..":                      "/",
		here + "/./below":                    here + "/below",
		here + "/x/../below/f":               here + "/below",
		"/mnt/\x00":                          "/mnt",
		"/mnt/" + strings.Repeat("n/", 3000): "/mnt",
		strings.Repeat("/mnt", 3000):         "/mnt",
	} {
		require.Equal(t, want, table.Point(path), path)
	}
}

func TestPointBelowSimilarNames(t *testing.T) {
	var mounts [][2]string
	for _, point := range []string{"/mnt", "/mnt/disk", "/mnt/disk/deep/er", "/home", "/with space", "/mnt/disk-2"} {
		mounts = append(mounts, [2]string{point, "nfs4"})
	}
	table := NewTable(listOf(mounts...), "")
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
		"mnt/file":               "", // the working directory is unknown
		"":                       "",
	} {
		require.Equal(t, want, table.Point(path), path)
	}
}

func TestUnknownTables(t *testing.T) {
	for _, table := range []Table{{}, NewTable("", "/dir"), NewTable("nonsense\n", "/dir")} {
		for _, path := range []string{"", "/", "/f", "f", "../f", "/a/b"} {
			require.Empty(t, table.Point(path), path)
		}
	}
	unreachable := NewTable(listOf([2]string{"/", "ext4"}), "(unreachable)/dir")
	require.Empty(t, unreachable.Point("f"))
	require.Equal(t, "/", unreachable.Point("/f"))
}

func TestLocalTypes(t *testing.T) {
	const here = "/home/user"
	root := func(fsType string) [2]string { return [2]string{"/", fsType} }
	for _, c := range []struct {
		mounts [][2]string
		path   string
		want   bool
	}{
		{nil, "/f", false},
		{[][2]string{root("ext2")}, "/f", true},
		{[][2]string{root("ext3")}, "/f", true},
		{[][2]string{root("ext4")}, "/f", true},
		{[][2]string{root("xfs")}, "/f", true},
		{[][2]string{root("btrfs")}, "/f", true},
		{[][2]string{root("f2fs")}, "/f", true},
		{[][2]string{root("ext4")}, "", false},
		{[][2]string{root("overlay")}, "/f", false},
		{[][2]string{root("tmpfs")}, "/f", false},
		{[][2]string{root("nfs4")}, "/f", false},
		{[][2]string{root("fuse.ext4")}, "/f", false},
		{[][2]string{root("fuseblk")}, "/f", false},
		{[][2]string{root("ext4"), {"/", "nfs4"}}, "/f", false},
		{[][2]string{root("nfs4"), {"/", "ext4"}}, "/f", true},
		{[][2]string{root("xfs"), {"/mnt", "nfs4"}}, "/f", true},
		{[][2]string{root("xfs"), {"/mnt", "nfs4"}}, "/mnt/f", false},
		{[][2]string{root("xfs"), {"/mnt", "nfs4"}}, "/mnt2/f", true},
		{[][2]string{root("overlay"), {"/data", "ext4"}}, "/data/f", true},
		{[][2]string{root("overlay"), {"/data", "ext4"}}, "/data/../f", false},
		{[][2]string{root("xfs"), {here, "fuse"}}, "f", false},
		{[][2]string{root("fuse"), {here, "btrfs"}}, "f", true},
		{[][2]string{root("fuse"), {here, "btrfs"}}, "../f", false},
		{[][2]string{root("fuse"), {here, "btrfs"}}, "/f", false},
		{[][2]string{root("ext2"), {"/mnt", "fuse"}}, "f", true},
	} {
		_, local := NewTable(listOf(c.mounts...), here).find(c.path)
		require.Equal(t, c.want, local, "%v %s", c.mounts, c.path)
	}
}

// TestPointIsTheLongestAbove compares with a search of the whole list.
func TestPointIsTheLongestAbove(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			b.WriteString([]string{"/a", "/b", "/ab", "/a-b", "/c"}[random.IntN(5)])
		}
		return b.String()
	}
	found := 0
	for range 300 {
		table := Table{points: make(map[string]bool)}
		for range random.IntN(20) {
			table.add(mount{point: name()})
		}
		for range 30 {
			path, want := name(), ""
			for point := range table.points {
				if len(point) > len(want) && strings.HasPrefix(path+"/", point+"/") {
					want = point
				}
			}
			require.Equal(t, want, table.Point(path), "%s in %v", path, table.points)
			if want != "" {
				found++
			}
		}
	}
	require.NotZero(t, found)
}

// manyMounts is a list of a container host: a root and n-1 mounts below it.
func manyMounts(n int) string {
	var b strings.Builder
	b.WriteString("20 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "%d 20 0:%d / /var/lib/containers/pods/4f1c2a7e-0b5d-4c1e-9a53-%012x/volumes/data rw,nosuid,nodev,relatime shared:%d - %s none rw,size=1048576k\n",
			100+i, 50+i, i, i, []string{"tmpfs", "ext4", "overlay", "nfs4"}[i%4])
	}
	return b.String()
}

func TestThousandMounts(t *testing.T) {
	table := NewTable(manyMounts(1000), "/srv")
	require.Len(t, table.points, 999)
	for i := range 999 {
		point := fmt.Sprintf("/var/lib/containers/pods/4f1c2a7e-0b5d-4c1e-9a53-%012x/volumes/data", i)
		got, local := table.find(point + "/docs/2024/report.txt")
		require.Equal(t, point, got)
		require.Equal(t, i%4 == 1, local)
		require.Equal(t, "/", table.Point(point+"2/report.txt"))
	}
}
