package fileopsbeam

import (
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInventories(t *testing.T) {
	modified := time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)
	plain := []File{{Path: "a b.txt", Size: 5, Version: `"e1"`}, {Path: "c/d", Size: 0}}
	for name, c := range map[string]struct {
		file, text string
		inventory  Inventory
		selection  Selection
		want       []File
		err        string
	}{
		"csv":        {file: "l.csv", text: "a b.txt,5,e1\nc/d,0,\n", want: plain},
		"with names": {file: "l.csv", text: "path,size,etag\na b.txt,5,\"\"\"e1\"\"\"\nc/d,0,\n", want: plain},
		"of S3":      {file: "l.csv", text: "bk,in/a+b.txt,5,e1\nbk,in/c%2Fd,0,\nbk,out/x,1,e\n", inventory: Inventory{Columns: []string{"bucket", "path", "size", "etag"}, Prefix: "in/", Escaped: true}, want: plain},
		"with times": {file: "l.csv", text: "x,1,2026-11-26T01:02:03Z\ny,1,\n", inventory: Inventory{Columns: []string{"path", "size", "modified"}}, want: []File{{Path: "x", Size: 1, Modified: modified}, {Path: "y", Size: 1}}},
		"json":       {file: "l.jsonl", text: `{"path":"a b.txt","size":5,"version":"\"e1\""}` + "\n" + `{"path":"c/d","size":0}`, want: plain},
		"types":      {file: "l.csv", text: "a b.txt,5,e1\nc/d,0,\n", selection: Selection{FileTypes: []string{".txt"}}, want: plain[:1]},
		"no type":    {file: "l.csv", text: "a b.txt,5,e1\nc/d,0,\n", selection: Selection{FileTypes: []string{""}}, want: plain[1:]},
		"shallow":    {file: "l.csv", text: "a b.txt,5,e1\nc/d,0,\n", selection: Selection{Shallow: true}, want: plain[:1]},
		"excluded":   {file: "l.csv", text: "a b.txt,5,e1\nc/d,0,\n", selection: Selection{Exclude: []string{"/c/"}}, want: plain[:1]},
		"empty":      {file: "l.csv"},
		"no size":    {file: "l.csv", text: "a,1\n", inventory: Inventory{Columns: []string{"path", "etag"}}, err: "needs the columns"},
		"bad size":   {file: "l.csv", text: "a,1,e\nb,x,e\n", want: []File{{Path: "a", Size: 1, Version: `"e"`}}, err: "line 2"},
		"short line": {file: "l.csv", text: "a,1\n", err: "wrong number of fields"},
		"bad escape": {file: "l.csv", text: "a%zz,1,e\n", inventory: Inventory{Escaped: true}, err: "line 1"},
		"bad time":   {file: "l.csv", text: "a,1,now\n", inventory: Inventory{Columns: []string{"path", "size", "modified"}}, err: "line 1"},
		"bad json":   {file: "l.jsonl", text: "{", err: "unexpected EOF"},
		"bad gzip":   {file: "l.csv.gz", text: "no gzip", err: "gzip"},
		"missing":    {file: "", err: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, zipped := range []bool{false, true} {
				i := c.inventory
				i.File = dir + "/" + c.file
				text := c.text
				if zipped && c.err == "" {
					i.File += ".gz"
					var b bytes.Buffer
					w := gzip.NewWriter(&b)
					w.Write([]byte(text))
					require.NoError(t, w.Close())
					text = b.String()
				}
				if c.file == "" {
					i.File += "missing"
				} else {
					write(t, dir, strings.TrimPrefix(i.File, dir+"/"), text)
				}
				var got []File
				var failed error
				for f, err := range i.Files(t.Context(), c.selection) {
					if failed = err; err == nil {
						got = append(got, f)
					}
				}
				assert.Equal(t, c.want, got)
				if c.err == "" {
					require.NoError(t, failed)
				} else {
					require.ErrorContains(t, failed, c.err)
				}
			}
		})
	}
}

func TestInventoriesStop(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "l.csv", strings.Repeat("a,1,e\n", 1000))
	i := Inventory{File: dir + "/l.csv"}
	for f, err := range i.Files(t.Context(), Selection{}) {
		require.NoError(t, err)
		require.Equal(t, "a", f.Path)
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := i.Count(ctx, Selection{})
	require.ErrorIs(t, err, context.Canceled)
}
