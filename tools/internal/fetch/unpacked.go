package fetch

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"hlrslab/core/data"
	"hlrslab/tools/internal/disk"
)

// most is how many unpacked archives are kept, of 184 MB each.
const most = 2

// unpacked reads an archive, and keeps what was in it in the cache: to unpack it takes seconds. An archive is known by its path, size
// and time of change, which trusts that whoever alters one changes its size or time, too. The copy is not trusted: it is a pack, with
// a checksum over every byte, and one that is damaged is made again. Where the cache cannot be read or written, the archive is read.
func (s Source) unpacked(f *os.File, info fs.FileInfo) (*data.Dataset, error) {
	copied, err := s.copyOf(f.Name(), info)
	if err != nil {
		return data.ReadArchive(f)
	}
	if c, err := os.Open(copied); err == nil {
		defer c.Close()
		if d, err := data.ReadPack(c); err == nil {
			return d, nil
		}
	}
	d, err := data.ReadArchive(f)
	if err == nil && os.MkdirAll(filepath.Dir(copied), 0o755) == nil {
		_ = disk.Disk{}.Replace(copied, func(w io.Writer) error { return data.Pack(w, d, nil, nil) })
		tidy(filepath.Dir(copied))
	}
	return d, err
}

// copyOf is the path of an archive's copy, if there is one.
func (s Source) copyOf(path string, info fs.FileInfo) (string, error) {
	dir, err := s.dir()
	if err == nil {
		path, err = filepath.Abs(path)
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d", path, info.Size(), info.ModTime().UnixNano()))
	return filepath.Join(dir, "unpacked", fmt.Sprintf("%x.pack", key[:8])), err
}

// tidy removes all but the latest of the unpacked archives, and what a process that died left half written.
func tidy(dir string) {
	entries, _ := os.ReadDir(dir)
	times := map[string]int64{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			times[e.Name()] = info.ModTime().UnixNano()
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(times[b.Name()], times[a.Name()]) })
	for _, e := range entries[min(most, len(entries)):] {
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
}
