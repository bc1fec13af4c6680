package fileops_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// An inPlaceSave saves a text into the file at a path by one of the operations
// that have the option InPlace.
type inPlaceSave struct {
	name string // the last element of the path
	save func(t *testing.T, p place, dir, text string, o fileops.SaveOptions) (string, error)
	read func(t *testing.T, contents string) string // the text in the contents of a saved file
}

// inPlaceSaves are all operations with the option. Chunks have a name of their
// own.
var inPlaceSaves = map[string]inPlaceSave{
	"SaveToFile": {
		name: "file",
		save: func(t *testing.T, p place, dir, text string, o fileops.SaveOptions) (string, error) {
			return p.SaveToFile(noHang(t), text, dir, "file", &o)
		},
		read: func(_ *testing.T, contents string) string { return contents },
	},
	"SaveChunks": {
		name: "chunk_1.json",
		save: func(t *testing.T, p place, dir, text string, o fileops.SaveOptions) (string, error) {
			paths, err := p.SaveChunks(noHang(t), []fileops.TextChunk{{Text: text}}, dir, &o)
			return strings.Join(paths, ", "), err
		},
		read: func(t *testing.T, contents string) string {
			var c fileops.TextChunk
			require.NoError(t, json.Unmarshal([]byte(contents), &c)) // which fails if old text is left behind the new
			return c.Text
		},
	},
}

// eachInPlace runs a test with each operation, at each kind of place.
func eachInPlace(t *testing.T, test func(t *testing.T, p place, s inPlaceSave)) {
	t.Helper()
	for name, s := range inPlaceSaves {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p place) { test(t, p, s) })
		})
	}
}

// TestInPlaceKeepsTheFile saves shorter, equal and longer texts into a file that
// has a second name. It stays the same file under both.
func TestInPlaceKeepsTheFile(t *testing.T) {
	t.Parallel()
	eachInPlace(t, func(t *testing.T, p place, s inPlaceSave) {
		p.write(t, s.name, strings.Repeat("the old text ", 100))
		require.NoError(t, os.Link(p.abs(s.name), p.abs("second")))
		require.NoError(t, os.Chmod(p.abs(s.name), 0o640))
		before, err := os.Stat(p.abs(s.name))
		require.NoError(t, err)
		for _, text := range []string{"", "short", strings.Repeat("large ", 500_000), strings.Repeat("1", 1000), strings.Repeat("2", 1000)} {
			for _, o := range []fileops.SaveOptions{{InPlace: true}, {InPlace: true, Sync: true}, {InPlace: true, Overwrite: true}} {
				path, err := s.save(t, p, p.at("."), text, o)
				require.NoError(t, err)
				require.Equal(t, p.at(s.name), path)
				for _, name := range []string{s.name, "second"} {
					require.True(t, text == s.read(t, p.text(t, name)), "%s has another text than %.20q", name, text)
				}
				after, err := os.Stat(p.abs(s.name))
				require.NoError(t, err)
				require.True(t, os.SameFile(before, after))
				require.Equal(t, before.Mode(), after.Mode())
			}
		}
		require.ElementsMatch(t, []string{s.name, "second"}, p.tree(t))
	})
}

// TestInPlaceFollowsLinks saves through a symbolic link, which stays. No link
// leads out of a Root, and none to nothing makes a file.
func TestInPlaceFollowsLinks(t *testing.T) {
	t.Parallel()
	eachInPlace(t, func(t *testing.T, p place, s inPlaceSave) {
		outside := filepath.Join(t.TempDir(), "outside")
		require.NoError(t, os.WriteFile(outside, []byte("old"), 0o666))
		p.write(t, "dir/target", "old")
		link := func(target string) string {
			t.Helper()
			os.Remove(p.abs(s.name))
			require.NoError(t, os.Symlink(target, p.abs(s.name)))
			_, err := s.save(t, p, p.at("."), "new", fileops.SaveOptions{InPlace: true})
			left, linkErr := os.Readlink(p.abs(s.name))
			require.NoError(t, linkErr)
			require.Equal(t, target, left)
			return reason(err)
		}
		require.Empty(t, link("dir/target"))
		require.Equal(t, "new", s.read(t, p.text(t, "dir/target")))
		require.Equal(t, "does not exist", link("nowhere"))
		require.Equal(t, "another error", link(s.name), "a link in circles")

		refusal := link(outside)
		contents, err := os.ReadFile(outside)
		require.NoError(t, err)
		if p.confined {
			require.Equal(t, "escapes", refusal)
			require.Equal(t, "old", string(contents))
		} else {
			require.Empty(t, refusal)
			require.Equal(t, "new", s.read(t, string(contents)))
		}
		require.ElementsMatch(t, []string{"dir", "dir/target", s.name}, p.tree(t))
	})
}

// reason names the errors that the tests tell apart.
func reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fileops.ErrEscapes):
		return "escapes"
	default:
		return "another error"
	}
}

// TestInPlaceMakesMissingFiles saves where there is no file, and directories are
// missing. That is a save as without the option.
func TestInPlaceMakesMissingFiles(t *testing.T) {
	t.Parallel()
	eachInPlace(t, func(t *testing.T, p place, s inPlaceSave) {
		for _, o := range []fileops.SaveOptions{{InPlace: true}, {InPlace: true, NewDir: true, Sync: true}} {
			dir := fmt.Sprint("made/new ", o.NewDir)
			path, err := s.save(t, p, p.at(dir), "new", o)
			require.NoError(t, err)
			require.Equal(t, p.at(dir+"/"+s.name), path)
			require.Equal(t, "new", s.read(t, p.text(t, dir+"/"+s.name)))
		}
		_, err := s.save(t, p, p.at("made/new true"), "newer", fileops.SaveOptions{InPlace: true, NewDir: true})
		requirePathError(t, err, fs.ErrExist, "mkdir", p.at("made/new true"))
		require.Equal(t, "new", s.read(t, p.text(t, "made/new true/"+s.name)))
		require.ElementsMatch(t, []string{"made", "made/new false", "made/new false/" + s.name, "made/new true", "made/new true/" + s.name}, p.tree(t))
	})
}

// TestInPlaceUsesTheWholeName saves with additions to the name. The file that has
// the name without them is not touched, and one that has the whole name is
// written into.
func TestInPlaceUsesTheWholeName(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "file", "old")
		o := &fileops.SaveOptions{InPlace: true, Timestamp: true, TimestampFormat: "constant", Extension: "txt"}
		for _, text := range []string{"made", "written into"} {
			before, _ := os.Stat(p.abs("file_constant.txt"))
			path, err := p.SaveToFile(t.Context(), text, p.at("."), "file", o)
			require.NoError(t, err)
			require.Equal(t, p.at("file_constant.txt"), path)
			require.Equal(t, text, p.text(t, "file_constant.txt"))
			if before != nil {
				after, err := os.Stat(p.abs("file_constant.txt"))
				require.NoError(t, err)
				require.True(t, os.SameFile(before, after))
			}
		}
		require.Equal(t, "old", p.text(t, "file"))
	})
}

// TestInPlaceRefusesOtherThings saves over things that are no regular files. No
// save waits for the reader of a FIFO.
func TestInPlaceRefusesOtherThings(t *testing.T) {
	t.Parallel()
	eachInPlace(t, func(t *testing.T, p place, s inPlaceSave) {
		things := p.notRegular(t)
		things["directory"] = p.mkdir(t, "directory")
		if !p.confined {
			things["device"] = p.symlink(t, os.DevNull, "device")
		}
		for kind, path := range things {
			dir := p.mkdir(t, "with "+kind)
			at := p.abs("with " + kind + "/" + s.name)
			require.NoError(t, os.Symlink("../"+filepath.Base(path), at)) // the option follows links
			_, err := s.save(t, p, dir, "new", fileops.SaveOptions{InPlace: true})
			requirePathError(t, err, fileops.ErrNotRegular, "save", p.at("with "+kind+"/"+s.name))
		}
	})
}

// TestInPlaceFailsBeforeItBegins: a context that has ended, a name that is bad and
// a file that the process may not write leave the file as it was.
func TestInPlaceFailsBeforeItBegins(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		path := p.write(t, "chunk_1.json", "old")
		o := &fileops.SaveOptions{InPlace: true}
		_, err := p.SaveToFile(cancelled(), "new", p.at("."), "chunk_1.json", o)
		requirePathError(t, err, cancelled().Err(), "save", path)
		_, err = p.AsyncSaveToFile(cancelled(), "new", p.at("."), "chunk_1.json", o).Result()
		requirePathError(t, err, cancelled().Err(), "save", path)
		_, err = p.SaveChunks(cancelled(), someChunks(3), p.at("."), o)
		require.ErrorIs(t, err, cancelled().Err())
		_, err = p.SaveToFile(t.Context(), "new", p.at("."), "../"+filepath.Base(p.dir)+"/chunk_1.json", o)
		require.ErrorIs(t, err, fileops.ErrEscapes)
		_, err = p.SaveToFile(t.Context(), "new", p.at("."), "chunk_1.json/below", o)
		require.Error(t, err)
		if os.Geteuid() != 0 {
			require.NoError(t, os.Chmod(p.abs("chunk_1.json"), 0o444))
			_, err = p.SaveToFile(t.Context(), "new", p.at("."), "chunk_1.json", o)
			requirePathError(t, err, fs.ErrPermission, "save", path)
		}
		require.Equal(t, "old", p.text(t, "chunk_1.json"))
		require.Equal(t, []string{"chunk_1.json"}, p.tree(t))
	})
}

// TestInPlaceSavesManyChunks saves chunks of which some have files already, one of
// them a directory. The paths name exactly the files that are saved.
func TestInPlaceSavesManyChunks(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		chunks := someChunks(100)
		o := &fileops.SaveOptions{InPlace: true}
		for _, i := range []int{1, 50, 100} {
			p.write(t, fmt.Sprintf("chunk_%d.json", i), strings.Repeat("old ", 1000))
		}
		first, err := os.Stat(p.abs("chunk_1.json"))
		require.NoError(t, err)
		paths, err := p.SaveChunks(t.Context(), chunks, p.at("."), o)
		require.NoError(t, err)
		for i, path := range paths {
			require.Equal(t, chunks[i], p.readChunk(t, path))
		}
		same, err := os.Stat(p.abs("chunk_1.json"))
		require.NoError(t, err)
		require.True(t, os.SameFile(first, same))

		p.mkdir(t, "other/chunk_50.json")
		paths, err = p.SaveChunks(t.Context(), chunks, p.at("other"), o)
		requirePathError(t, err, fileops.ErrNotRegular, "save", p.at("other/chunk_50.json"))
		require.Empty(t, paths[49])
		saved := []string{"other", "other/chunk_50.json"}
		for i, path := range paths {
			if path != "" {
				require.Equal(t, chunks[i], p.readChunk(t, path))
				saved = append(saved, fmt.Sprintf("other/chunk_%d.json", i+1))
			}
		}
		require.Subset(t, p.tree(t), saved)
		require.Len(t, p.tree(t), 100+len(saved), "paths name the saved files")
	})
}
