//go:build js && wasm

package main

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// folder is files by their paths, as a file system: what a person drops on the page. (testing/fstest has one, too, and with it
// half a megabyte of program.)
type folder map[string][]byte

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	if raw, ok := f[name]; ok {
		return &file{entry{path.Base(name), int64(len(raw)), 0o444}, bytes.NewReader(raw), nil}, nil
	}
	inside := map[string]fs.DirEntry{}
	for p, raw := range f {
		if rest, ok := strings.CutPrefix(p, name+"/"); ok || name == "." {
			if name == "." {
				rest = p
			}
			first, _, deeper := strings.Cut(rest, "/")
			if deeper {
				inside[first] = entry{first, 0, fs.ModeDir | 0o555}
			} else {
				inside[first] = entry{first, int64(len(raw)), 0o444}
			}
		}
	}
	if len(inside) == 0 && name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	d := &file{entry{path.Base(name), 0, fs.ModeDir | 0o555}, bytes.NewReader(nil), nil}
	for _, e := range inside {
		d.inside = append(d.inside, e)
	}
	slices.SortFunc(d.inside, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return d, nil
}

// entry describes a file or a folder.
type entry struct {
	name string
	size int64
	mode fs.FileMode
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) Mode() fs.FileMode          { return e.mode }
func (e entry) Type() fs.FileMode          { return e.mode.Type() }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) IsDir() bool                { return e.mode.IsDir() }
func (e entry) Sys() any                   { return nil }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

// file is an open one.
type file struct {
	entry
	*bytes.Reader
	inside []fs.DirEntry
}

func (f *file) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *file) Close() error               { return nil }
func (f *file) Size() int64                { return f.entry.size }

// ReadDir implements fs.ReadDirFile.
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(f.inside) {
		if n > 0 && len(f.inside) == 0 {
			return nil, io.EOF
		}
		n = len(f.inside)
	}
	out := f.inside[:n]
	f.inside = f.inside[n:]
	return out, nil
}
