package fileopsbeam

import (
	"errors"
	"io/fs"
	"time"
)

// A partEntry is a file in the listing of a partFS.
type partEntry string

func (e partEntry) Name() string               { return string(e) }
func (e partEntry) IsDir() bool                { return false }
func (e partEntry) Type() fs.FileMode          { return 0 }
func (e partEntry) Info() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// A topInfo describes the top of a partFS.
type topInfo struct{}

func (topInfo) Name() string       { return "." }
func (topInfo) Size() int64        { return 0 }
func (topInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (topInfo) ModTime() time.Time { return time.Time{} }
func (topInfo) IsDir() bool        { return true }
func (topInfo) Sys() any           { return nil }
