//go:build linux

package reliability

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// TestAcknowledgedSurvivesPowerLoss checks that a loss of power does not change
// the files of an operation that succeeded with Sync.
func TestAcknowledgedSurvivesPowerLoss(t *testing.T) {
	for _, fsType := range powerTypes {
		t.Run(fsType, func(t *testing.T) { acknowledgedSurvives(t, fsType) })
	}
}

func acknowledgedSurvives(t *testing.T, fsType string) {
	in := makeInputs(t, t.TempDir(), 100_000)
	for _, o := range writers {
		if !strings.Contains(o.name, "sync") {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			d := newPowerDisk(t, fsType)
			p := newPool(t, 8)
			dst := filepath.Join(d.dir, "dst")
			putOld(t, dst)
			unix.Sync()
			require.NoError(t, o.run(t.Context(), p, in, dst))
			acknowledged := readTree(t, dst)
			d.losePower()
			d.reboot()
			assert.Equal(t, acknowledged, readTree(t, dst))
		})
	}
	t.Run("a save without Sync does not", func(t *testing.T) { // else losePower would lose nothing
		d := newPowerDisk(t, fsType)
		p := newPool(t, 8)
		_, err := p.SaveToFile(t.Context(), "kept", d.dir, "kept", &fileops.SaveOptions{Sync: true})
		require.NoError(t, err)
		_, err = p.SaveToFile(t.Context(), "lost", d.dir, "lost", nil)
		require.NoError(t, err)
		d.losePower()
		d.reboot()
		assert.FileExists(t, filepath.Join(d.dir, "kept"))
		assert.NoFileExists(t, filepath.Join(d.dir, "lost"))
	})
	t.Run("in directories that a save without Sync made", func(t *testing.T) {
		d := newPowerDisk(t, fsType)
		p := newPool(t, 8)
		_, err := p.SaveToFile(t.Context(), "text", d.dir, "a/b/c/first", nil)
		require.NoError(t, err)
		path, err := p.SaveToFile(t.Context(), "kept", d.dir, "a/b/c/second", &fileops.SaveOptions{Sync: true})
		require.NoError(t, err)
		d.losePower()
		d.reboot()
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "kept", string(text))
	})
}

// TestPowerLossAmidSaves cuts the power during saves with Sync. A file that was
// acknowledged has its text or that of a later save. A file that was not
// acknowledged is absent, old or new. Every file is whole.
func TestPowerLossAmidSaves(t *testing.T) {
	for _, fsType := range powerTypes {
		t.Run(fsType, func(t *testing.T) { losePowerAmidSaves(t, fsType) })
	}
}

func losePowerAmidSaves(t *testing.T, fsType string) {
	const savers, losses = 4, 12
	d := newPowerDisk(t, fsType)
	rounds := 0
	for loss := range losses {
		p := newPool(t, savers)
		dir := filepath.Join(d.dir, strconv.Itoa(loss))
		var group sync.WaitGroup
		var acknowledged atomic.Int64
		var over atomic.Bool
		all := make([]*saver, savers)
		for i := range all {
			all[i] = &saver{t: t, dir: dir, id: i}
			group.Go(func() { all[i].run(p, &acknowledged, &over) })
		}
		eventually(t, "saves", func() bool { return acknowledged.Load() > int64(3*loss) })
		least := make([]int, savers)
		for i, s := range all {
			least[i] = int(s.acknowledged.Load())
		}
		d.losePower()
		over.Store(true)
		within(t, "the end of saving", func() bool { group.Wait(); return true })
		d.reboot()
		rounds += int(acknowledged.Load())
		for i, s := range all {
			// An ext4 that is shut down acknowledges nothing more. An XFS can
			// answer fsync(2) of a directory while it drops the changes.
			if fsType == "ext4" {
				least[i] = int(s.acknowledged.Load())
			}
			s.requireDurable(least[i])
		}
		got := readTree(t, dir)
		got.requireUnlisted(t, dir)
		require.NoError(t, os.RemoveAll(dir))
	}
	t.Logf("%d losses of power, %d saves acknowledged", losses, 2*rounds)
}

// A saver saves one version of a text after the other, until the power is lost.
// It saves each version twice: in a file that all versions replace, and in a new
// file.
type saver struct {
	t            *testing.T
	dir          string
	id           int
	began        int          // the last version whose saves began
	acknowledged atomic.Int64 // the last version whose saves both succeeded
}

// versionText returns the text of a version.
func versionText(version int) string { return strings.Repeat(strconv.Itoa(version)+"\n", 20_000) }

// replaced returns the name of the file that all versions replace.
func (s *saver) replaced() string { return strconv.Itoa(s.id) }

// kept returns the name of the new file of a version.
func (s *saver) kept(version int) string { return fmt.Sprintf("%d-kept/%d", s.id, version) }

// run saves until it is over, or until a save fails, which must be because the
// power is lost.
func (s *saver) run(p *fileops.Pool, acknowledged *atomic.Int64, over *atomic.Bool) {
	for !over.Load() {
		s.began++
		text := versionText(s.began)
		_, err := p.SaveToFile(s.t.Context(), text, s.dir, s.replaced(), &fileops.SaveOptions{Sync: true, Overwrite: true})
		if err == nil {
			_, err = p.SaveToFile(s.t.Context(), text, s.dir, s.kept(s.began), &fileops.SaveOptions{Sync: true})
		}
		if err != nil {
			requireFault(s.t, err, s.dir, unix.EIO, unix.EROFS)
			return
		}
		s.acknowledged.Store(int64(s.began))
		acknowledged.Add(1)
	}
}

// requireDurable checks the files after the loss of power, before which the
// saves of a version had been acknowledged.
func (s *saver) requireDurable(acknowledged int) {
	s.t.Helper()
	s.requireVersion(s.replaced(), acknowledged, s.began)
	for version := 1; version <= s.began; version++ {
		least := version
		if version > acknowledged {
			least = 0
		}
		s.requireVersion(s.kept(version), least, version)
	}
}

// requireVersion checks that a file has one of the versions from least to most,
// whole. The version 0 means that the file may be absent.
func (s *saver) requireVersion(name string, least, most int) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) && least == 0 {
		return
	}
	require.NoError(s.t, err)
	digits, _, _ := strings.Cut(string(data), "\n")
	version, _ := strconv.Atoi(digits)
	require.Truef(s.t, least <= version && version <= most, "version %q of %s", digits, name)
	require.Truef(s.t, versionText(version) == string(data), "%s is torn", name)
}
