package fetch

import (
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
	if err == nil {
		keep(d, copied)
	}
	return d, err
}

// keep writes a copy, unless another process is at one, and removes all but the latest, and what processes that were killed left
// half written.
func keep(d *data.Dataset, copied string) {
	dir := filepath.Dir(copied)
	if os.MkdirAll(dir, 0o755) != nil {
		return
	}
	unlock, err := disk.Lock(dir)
	if err != nil {
		return
	}
	defer unlock()
	_ = disk.Disk{}.Sweep(dir)
	_ = disk.Disk{}.Replace(copied, func(w io.Writer) error { return data.Pack(w, d, nil, nil) })
	var packs []fs.FileInfo
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && filepath.Ext(e.Name()) == ".pack" {
			packs = append(packs, info)
		}
	}
	slices.SortFunc(packs, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, p := range packs[min(most, len(packs)):] {
		_ = os.Remove(filepath.Join(dir, p.Name()))
	}
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
