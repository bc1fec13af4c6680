package mounts

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// newCache returns a cache that reads a list with an ext4 root, and a count of
// its readings.
func newCache() (*cache, *atomic.Int32) {
	var reads atomic.Int32
	table := NewTable(listOf([2]string{"/", "ext4"}), "/")
	return &cache{read: func() Table {
		reads.Add(1)
		return table
	}}, &reads
}

func TestCacheAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, reads := newCache()
		require.False(t, c.local("/f"), "nothing is known yet")
		synctest.Wait()
		require.True(t, c.local("/f"))
		require.True(t, c.local("f"))
		require.False(t, c.local(""))

		time.Sleep(freshAge)
		require.True(t, c.local("/f"))
		synctest.Wait()
		require.EqualValues(t, 1, reads.Load(), "the list is fresh")

		time.Sleep(time.Nanosecond)
		require.True(t, c.local("/f"), "the old list answers")
		synctest.Wait()
		require.EqualValues(t, 2, reads.Load())

		time.Sleep(validAge - 1)
		require.True(t, c.local("/f"), "the old list answers")
		synctest.Wait()
		time.Sleep(validAge)
		require.False(t, c.local("/f"), "the list is too old")
		synctest.Wait()
		require.True(t, c.local("/f"))
		require.EqualValues(t, 4, reads.Load())

		time.Sleep(24 * time.Hour)
		require.EqualValues(t, 4, reads.Load(), "nobody asks")
	})
}

func TestCacheSeesNewMounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache()
		c.local("/f")
		synctest.Wait()
		require.True(t, c.local("/mnt/f"))
		c.read = func() Table { return NewTable(listOf([2]string{"/", "ext4"}, [2]string{"/mnt", "nfs4"}), "/") }
		time.Sleep(freshAge + 1)
		c.local("/f")
		synctest.Wait()
		require.False(t, c.local("/mnt/f"))
		require.True(t, c.local("/f"))
	})
}

// TestCacheWaitsForNoReading asks while a reading hangs.
func TestCacheWaitsForNoReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, reads := newCache()
		read, hang := c.read, make(chan struct{})
		c.read = func() Table {
			<-hang
			return read()
		}
		for range 100 {
			go c.local("/f")
			require.False(t, c.local("/f"))
			time.Sleep(time.Second)
		}
		require.True(t, c.reading.Load())
		close(hang)
		synctest.Wait()
		require.EqualValues(t, 1, reads.Load(), "one goroutine reads")
		require.False(t, c.local("/f"), "the reading began too long ago")
		synctest.Wait()
		require.True(t, c.local("/f"))
	})
}

// TestCacheInAndOutOfBubbles goes from one clock to the other.
func TestCacheInAndOutOfBubbles(t *testing.T) {
	c, _ := newCache()
	for range 3 {
		require.False(t, c.local("/f"))
		learn(t, c)
		synctest.Test(t, func(t *testing.T) {
			require.False(t, c.local("/f"))
			synctest.Wait()
			require.True(t, c.local("/f"))
		})
	}
}

// learn waits until a cache knows the list and reads no more.
func learn(t *testing.T, c *cache) {
	t.Helper()
	require.Eventually(t, func() bool { return c.local("/f") && !c.reading.Load() }, time.Minute, time.Millisecond)
}

func TestCacheAskedByMany(t *testing.T) {
	var inside, most, reads atomic.Int32
	table := NewTable(listOf([2]string{"/", "ext4"}, [2]string{"/mnt", "nfs4"}), "/")
	c := &cache{read: func() Table {
		most.Store(max(most.Load(), inside.Add(1)))
		defer inside.Add(-1)
		reads.Add(1)
		return table
	}}
	learn(t, c)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 2000 {
				c.local("/f")
				if c.local("/mnt/f") {
					t.Error("a mount is local that never was")
				}
				last := c.last.Load()
				c.last.CompareAndSwap(last, &reading{last.Table, last.at - validAge}) // it gets old
			}
		})
	}
	group.Wait()
	learn(t, c)
	require.EqualValues(t, 1, most.Load(), "one goroutine at a time reads")
	require.Greater(t, reads.Load(), int32(1))
}
