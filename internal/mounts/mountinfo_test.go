package mounts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnescape(t *testing.T) {
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
		`/not\08`:                `/not\08`, // the kernel never writes the rest
		`/not\9`:                 `/not\9`,
		`/not\`:                  `/not\`,
		`/not\777`:               `/not\777`,
		`/not\-01`:               `/not\-01`,
		`/one\040not\x\040again`: `/one not\x\040again`,
	} {
		require.Equal(t, want, unescape(escaped), escaped)
	}
}

func TestParse(t *testing.T) {
	long := strings.Repeat("/lower/directory:", 10_000)
	require.Equal(t, []mount{
		{"23", "1", "/", true},
		{"24", "23", "/proc", false},
		{"25", "23", "/over lay", false},
		{"26", "23", "/mnt/nfs", false},
		{"27", "23", "/no-break\u00a0space\r", true},
		{"28", "23", "/no new line", true},
	}, parse(
		"23 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"+
			"24 23 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n"+
			"25 23 0:40 / /over\\040lay rw - overlay overlay rw,lowerdir="+long+"\n"+
			"nonsense\n"+
			"\n"+
			" - \n"+
			"1 2 3 - ext4 few fields\n"+
			"30 23 0:40 / relative rw - ext4 /dev/vda rw\n"+
			"31 23 0:40 /  rw - ext4 /dev/vda rw\n"+
			"26 23 0:41 / /mnt/nfs rw shared:7 master:1 - nfs4 server:/ rw\n"+
			"27 23 0:42 / /no-break\u00a0space\r rw - xfs /dev/vdb rw\n"+
			"28 23 0:43 / /no\\040new\\040line rw - btrfs /dev/vdc rw"))
}

func TestHiddenMounts(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want map[string]string // from path to point and type of file system
	}{
		"stacked": {`
20 1 0:1 / / rw - ext4 a rw
21 20 0:2 / /mnt rw - nfs4 b rw
22 21 0:3 / /mnt rw - ext4 c rw
`, map[string]string{"/mnt/f": "/mnt local", "/f": "/ local"}},
		"stacked, listed in the other order": {`
20 1 0:1 / / rw - ext4 a rw
22 21 0:3 / /mnt rw - ext4 c rw
21 20 0:2 / /mnt rw - nfs4 b rw
`, map[string]string{"/mnt/f": "/mnt local"}},
		"one place twice, of which the later counts": {`
20 1 0:1 / / rw - ext4 a rw
21 20 0:2 / /mnt rw - ext4 b rw
22 20 0:3 / /mnt rw - nfs4 c rw
`, map[string]string{"/mnt/f": "/mnt"}},
		"stacked roots": {`
1 1 0:1 / / rw - rootfs rootfs rw
20 1 0:2 / / rw - ext4 a rw
21 20 0:3 / /proc rw - proc proc rw
`, map[string]string{"/f": "/ local", "/proc/f": "/proc"}},
		"a root that is its own parent": {`
1 1 0:1 / / rw - ext4 rootfs rw
21 1 0:3 / /proc rw - proc proc rw
`, map[string]string{"/f": "/ local", "/proc/f": "/proc"}},
		"below a mount that another is on": {`
20 1 0:1 / / rw - ext4 a rw
21 20 0:2 / /mnt rw - ext4 b rw
22 21 0:3 / /mnt/in rw - ext4 c rw
23 22 0:4 / /mnt/in/deep rw - ext4 d rw
24 21 0:5 / /mnt rw - nfs4 e rw
`, map[string]string{"/mnt/f": "/mnt", "/mnt/in/f": "/mnt", "/mnt/in/deep/f": "/mnt"}},
		"below a directory that another is on": {`
20 1 0:1 / / rw - ext4 a rw
21 20 0:2 / /mnt/a/in rw - ext4 b rw
22 21 0:3 / /mnt/a/in/deep rw - ext4 c rw
23 20 0:4 / /mnt rw - nfs4 d rw
`, map[string]string{"/mnt/a/in/f": "/mnt", "/mnt/a/in/deep/f": "/mnt"}},
		"moved below a later one": {`
20 1 0:1 / / rw - ext4 a rw
21 22 0:2 / /mnt/in rw - nfs4 b rw
22 20 0:3 / /mnt rw - ext4 c rw
`, map[string]string{"/mnt/f": "/mnt local", "/mnt/in/f": "/mnt/in"}},
		"without a root, as in a chroot(2)": {`
21 20 0:2 / /proc rw - proc b rw
22 21 0:2 / /proc/sys rw - ext4 b rw
`, map[string]string{"/f": "", "/proc/f": "/proc", "/proc/sys/f": "/proc/sys local"}},
		"parents in a circle": {`
20 1 0:1 / / rw - ext4 a rw
21 22 0:2 / /a rw - ext4 b rw
22 21 0:3 / /b rw - ext4 c rw
`, map[string]string{"/f": "/ local", "/a/f": "/ local", "/b/f": "/ local"}},
		"a directory that is removed": {`
20 1 0:1 / / rw - ext4 a rw
21 20 0:2 / /mnt/x//deleted rw - nfs4 b rw
`, map[string]string{"/mnt/x/f": "/ local", "/mnt/x//deleted/f": "/ local"}},
	} {
		table := NewTable(c.list, "")
		for path, want := range c.want {
			got, local := table.find(path)
			if local {
				got += " local"
			}
			require.Equal(t, want, got, "%s: %s", name, path)
		}
	}
}
