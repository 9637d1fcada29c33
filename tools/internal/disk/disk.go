// Package disk reads files, and changes them so that neither a crash, nor a power cut, nor a second process leaves half of one behind.
package disk

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"

	"github.com/gofrs/flock"
)

// Open opens a file to read it. A pipe or a device, on which a process might wait for ever, is refused, and so is a folder.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	what := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return os.Open(path)
	case mode.IsDir():
		what = "a folder"
	case mode&os.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&os.ModeDevice != 0:
		what = "a device"
	default:
		what = "something else"
	}
	return nil, fmt.Errorf("%s: this has to be a file, and it is %s", path, what)
}

// Disk changes files. The zero value is ready for use.
type Disk struct {
	// Before, if set, is called before each operation, which fails with its error: there a test ends a process.
	Before func(op, path string) error
}

func (d Disk) do(op, path string, f func() error) (err error) {
	if d.Before != nil {
		err = d.Before(op, path)
	}
	if err == nil {
		err = f()
	}
	return full(path, err)
}

// ErrFull is the error of a disk that has no room, or no more for this user.
var ErrFull = errors.New("there is no room left on the disk")

// full says of which file it was.
func full(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s: %w", half.ReplaceAllString(path, "$1"), ErrFull)
	}
	return err
}

// part ends the names of files that are being written.
const part = ".part"

// Replace puts a file that fill writes in the place of path, at once and for good: whatever happens, there is the old file or
// the new one.
func (d Disk) Replace(path string, fill func(io.Writer) error) error {
	name := path + "." + rand.Text()[:8] + part // no other process has this one
	f, err := d.open(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<16)
	if err = fill(b); err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync() // or the name might be there before the content
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.Rename(name, path)
	}
	if err != nil {
		_ = d.Remove(name) // what failed before says more; Sweep removes it otherwise
	}
	return err
}

// Rename gives a file its final name, for good.
func (d Disk) Rename(from, to string) error {
	if err := d.do("rename", to, func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	dir := filepath.Dir(to)
	return d.do("sync", dir, func() error {
		if runtime.GOOS == "windows" { // has no such call
			return nil
		}
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// Remove removes a file, if there is one.
func (d Disk) Remove(path string) error {
	return d.do("remove", path, func() error {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
}

// Append opens a file of lines to write at its end. A last line that a crash cut short is dropped.
func (d Disk) Append(path string) (*File, error) {
	f, err := d.open(path, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	var whole int64
	buffer := make([]byte, 1<<16)
	for at := int64(0); ; {
		n, err := f.file.Read(buffer)
		if i := bytes.LastIndexByte(buffer[:n], '\n'); i >= 0 {
			whole = at + int64(i) + 1
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	err = d.do("truncate", path, func() error { return f.file.Truncate(whole) })
	if err == nil {
		_, err = f.file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// File is a file that is being written.
type File struct {
	disk Disk
	file *os.File
}

func (d Disk) open(path string, flags int) (f *File, err error) {
	err = d.do("open", path, func() (err error) {
		file, err := os.OpenFile(path, flags, 0o666)
		f = &File{d, file}
		return err
	})
	return f, err
}

func (f *File) Write(p []byte) (n int, err error) {
	err = f.disk.do("write", f.file.Name(), func() (err error) {
		n, err = f.file.Write(p)
		return err
	})
	return n, err
}

// Sync returns when what was written would outlive a power cut.
func (f *File) Sync() error { return f.disk.do("sync", f.file.Name(), f.file.Sync) }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// ErrLocked is Lock's answer where another process has the folder.
var ErrLocked = errors.New("another process is writing here")

// Lock keeps other processes from a folder until unlock is called or this process ends, however it ends.
func Lock(dir string) (unlock func() error, err error) {
	path := filepath.Join(dir, ".lock")
	lock := flock.New(path, flock.SetPermissions(0o666))
	switch got, err := lock.TryLock(); {
	case errors.Is(err, errors.ErrUnsupported): // in WebAssembly, and on some network drives
		return func() error { return nil }, nil
	case err != nil:
		return nil, fmt.Errorf("lock: %w", full(path, err))
	case !got:
		return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
	}
	return lock.Close, nil
}

// half is the name of a file that Replace was writing; a person's own may end in .part, too.
var half = regexp.MustCompile(`^(.+)\.[A-Z2-7]{8}\.part$`)

// Half says whether a file's name is that of one that Replace was writing.
func Half(name string) bool { return half.MatchString(name) }

// Sweep removes what processes that died left half written in a folder. Lock it first.
func (d Disk) Sweep(dir string) error {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		if Half(e.Name()) {
			err = errors.Join(err, d.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
