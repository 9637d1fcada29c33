package data

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

const (
	side    = 32
	record  = 1 + 3*side*side // a label byte, then the pixels
	records = 10000           // of a batch file
	folder  = "cifar-10-batches-bin"
	meta    = "batches.meta.txt"
)

// batches are the files of the binary version; the last is the test set.
var batches = [...]string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}

var names = [...]string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// ReadArchive reads CIFAR-10's binary version from a .tar.gz or a plain .tar, with its files in any
// order and under any folder. It goes by structure, not by checksum, so repacked copies serve; a
// truncated, altered or foreign archive is an error that says which file is wrong and how.
func ReadArchive(r io.Reader) (*Dataset, error) { return readArchive(r, records) }

// readArchive takes the records of a batch file from the caller so that tests can be small.
func readArchive(r io.Reader, records int) (*Dataset, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	var body io.Reader = br
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("archive: %w: fetch it again", err)
		}
		body = zr
	}
	l := newLoader(records)
	tr := tar.NewReader(body)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if errors.Is(err, tar.ErrHeader) {
			return nil, fmt.Errorf("archive: not a tar file: pass the binary version of CIFAR-10, cifar-10-binary.tar.gz")
		}
		if err != nil {
			return nil, fmt.Errorf("archive: damaged or cut short (%w): fetch it again", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := l.add(path.Base(h.Name), h.Size, tr); err != nil {
			return nil, err
		}
	}
	// What follows the last entry holds gzip's own checksum; foreign bytes after it do no harm.
	if _, err := io.Copy(io.Discard, body); err != nil && !errors.Is(err, gzip.ErrHeader) {
		return nil, fmt.Errorf("archive: damaged or cut short (%w): fetch it again", err)
	}
	return l.finish()
}

// ReadFS reads CIFAR-10's binary version unpacked: fsys is the folder of the batches, or its parent
// with the folder cifar-10-batches-bin in it. Errors are those of ReadArchive.
func ReadFS(fsys fs.FS) (*Dataset, error) { return readFS(fsys, records) }

func readFS(fsys fs.FS, records int) (*Dataset, error) {
	if info, err := fs.Stat(fsys, folder); err == nil && info.IsDir() {
		if fsys, err = fs.Sub(fsys, folder); err != nil {
			return nil, err
		}
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	l := newLoader(records)
	for _, e := range entries {
		if err := l.open(fsys, e.Name()); err != nil {
			return nil, err
		}
	}
	return l.finish()
}

// loader fills a Dataset from the files of the binary version in any order.
type loader struct {
	d       *Dataset
	records int
	seen    [len(batches)]bool
	python  bool // the Python version's files were met
}

func newLoader(records int) *loader {
	sized := func(n int) Images {
		return Images{Size: side, Pixels: make(Memory, n*(record-1)), Labels: make([]int, n)}
	}
	d := &Dataset{Name: "cifar10", Classes: Classes("cifar10")}
	d.Train, d.Test = sized(5*records), sized(records)
	return &loader{d: d, records: records}
}

func (l *loader) open(fsys fs.FS, name string) error {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	if !info.Mode().IsRegular() { // to open a pipe might take for ever
		return nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	defer f.Close()
	return l.add(name, info.Size(), f)
}

// add takes one file; those it does not know it passes over.
func (l *loader) add(name string, size int64, r io.Reader) error {
	if name == meta {
		return l.meta(size, r)
	}
	for i, b := range batches {
		if name == strings.TrimSuffix(b, ".bin") {
			l.python = true
		}
		if name != b {
			continue
		}
		if l.seen[i] {
			return fmt.Errorf("%s: met twice: keep one copy of the data in the archive", name)
		}
		l.seen[i] = true
		if want := int64(l.records) * record; size != want {
			return fmt.Errorf("%s: %d bytes, want %d (%d records of %d): the file is cut short or not CIFAR-10's binary version; fetch it again", name, size, want, l.records, record)
		}
		set, from := &l.d.Train, i*l.records
		if i == len(batches)-1 {
			set, from = &l.d.Test, 0
		}
		return set.read(name, from, l.records, r)
	}
	return nil
}

// read fills images from..from+n from the records of one file.
func (m *Images) read(name string, from, n int, r io.Reader) error {
	br := bufio.NewReaderSize(r, 1<<16)
	pixels := m.Pixels.(Memory)
	for i := from; i < from+n; i++ {
		label, err := br.ReadByte()
		if err == nil {
			_, err = io.ReadFull(br, pixels.At(i, side))
		}
		if err != nil {
			return fmt.Errorf("%s: record %d of %d: damaged or cut short (%w): fetch it again", name, i-from, n, err)
		}
		if int(label) >= len(names) {
			return fmt.Errorf("%s: record %d of %d has label %d, want 0..9: the file is altered or not CIFAR-10's binary version; fetch it again", name, i-from, n, label)
		}
		m.Labels[i] = int(label)
	}
	return nil
}

// meta checks the class names: other names mean other data.
func (l *loader) meta(size int64, r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, 1<<12))
	if err != nil {
		return fmt.Errorf("%s: damaged or cut short (%w): fetch it again", meta, err)
	}
	got := strings.Fields(string(text))
	if size > 1<<12 || strings.Join(got, " ") != strings.Join(names[:], " ") {
		return fmt.Errorf("%s: names other classes than CIFAR-10's (airplane … truck): pass the binary version of CIFAR-10, cifar-10-binary.tar.gz", meta)
	}
	return nil
}

// finish says what is missing. CIFAR-10 is balanced, so an altered label shows in the class totals.
func (l *loader) finish() (*Dataset, error) {
	var missing []string
	for i, ok := range l.seen {
		if !ok {
			missing = append(missing, batches[i])
		}
	}
	if missing != nil && l.python {
		return nil, fmt.Errorf("this is the Python version of CIFAR-10: pass the binary version, cifar-10-binary.tar.gz")
	}
	if len(missing) == len(batches) {
		return nil, fmt.Errorf("no CIFAR-10 here: want %s … %s: pass cifar-10-binary.tar.gz or its folder %s", batches[0], batches[len(batches)-1], folder)
	}
	if missing != nil {
		return nil, fmt.Errorf("%s missing: fetch the data again", strings.Join(missing, ", "))
	}
	for _, s := range []struct {
		name string
		set  *Images
	}{{"training", &l.d.Train}, {"test", &l.d.Test}} {
		want := s.set.Len() / len(names)
		counts := make([]int, len(names)) // not tally, which stops at the last class present
		for _, label := range s.set.Labels {
			counts[label]++
		}
		for c, n := range counts {
			if n != want {
				return nil, fmt.Errorf("%s set: %d images of class %d (%s), want %d: labels are altered; fetch the data again", s.name, n, c, names[c], want)
			}
		}
	}
	return l.d, nil
}
