// Package fetch puts CIFAR-10 at hand: it finds the data a user already has, or downloads the
// official archive once into the user's cache, resuming where an earlier download stopped.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"hlrslab/core/data"
	"hlrslab/tools/internal/disk"
)

// Env names the environment variable that points to the data: an archive or an unpacked folder.
const Env = "HLRS_DATA"

// ErrAbsent is Find's answer where no data are named and none are cached.
var ErrAbsent = errors.New("CIFAR-10 is not at hand: let it download, pass its path, or set " + Env)

// Progress is told the bytes had so far and in all; nil is allowed.
type Progress func(done, total int64)

// Source is an archive to download and the folder that keeps it.
type Source struct {
	URL  string
	MD5  string // lower-case hexadecimal
	Size int64  // bytes
	Dir  string // "" is the user's cache folder/hlrs-lab

	Client *http.Client // nil is one that gives up on a server silent for 30 s before it answers
}

// Official is the archive as its authors publish it (Krizhevsky 2009); a mirror differs in the URL.
func Official() Source {
	return Source{
		URL:  "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
		MD5:  "c32a1d4ab5d03f1284b67883e8d87530",
		Size: 170_052_171,
	}
}

// Find says where the data are without downloading: at dataPath, else where HLRS_DATA points, else
// in the cache. A named place that does not exist is an error of its own, never passed over; with
// nothing named and nothing cached it is ErrAbsent.
func Find(dataPath string) (string, error) { return Official().Find(dataPath) }

// Open reads the data from where Find finds them, downloading the official archive if it must. What was in an archive is kept, so
// that the next time takes none.
func Open(ctx context.Context, dataPath string, progress Progress) (*data.Dataset, error) {
	return Official().Open(ctx, dataPath, progress)
}

// Find is Find with the cache of s.
func (s Source) Find(dataPath string) (string, error) {
	for _, named := range []struct{ by, path string }{{"data path", dataPath}, {Env, os.Getenv(Env)}} {
		if named.path == "" {
			continue
		}
		if _, err := os.Stat(named.path); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s %s: no such file or folder: name cifar-10-binary.tar.gz or its unpacked folder, or leave it out to download (%w)", named.by, named.path, fs.ErrNotExist)
		} else if err != nil {
			return "", fmt.Errorf("%s: %w", named.by, err)
		}
		return named.path, nil
	}
	path, err := s.cache()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrAbsent
	case err != nil:
		return "", fmt.Errorf("cache: %w", err)
	case info.Size() != s.Size: // not what was verified when it was put there
		return "", ErrAbsent
	}
	return path, nil
}

// Open is Open with the URL and cache of s. A download already complete is not repeated.
func (s Source) Open(ctx context.Context, dataPath string, progress Progress) (*data.Dataset, error) {
	path, err := s.Find(dataPath)
	if errors.Is(err, ErrAbsent) {
		path, err = s.Download(ctx, progress)
	}
	if err != nil {
		return nil, err
	}
	return read(path, s.unpacked)
}

// Read reads the data at path, and not what the cache has of them.
func Read(path string) (*data.Dataset, error) {
	return read(path, func(f *os.File, _ fs.FileInfo) (*data.Dataset, error) { return data.ReadArchive(f) })
}

func read(path string, archive func(*os.File, fs.FileInfo) (*data.Dataset, error)) (*data.Dataset, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var d *data.Dataset
	if info.IsDir() {
		d, err = data.ReadFS(os.DirFS(path))
	} else {
		var f *os.File
		if f, err = disk.Open(path); err != nil {
			return nil, err
		}
		defer f.Close()
		d, err = archive(f, info)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// cache is the path of the archive once downloaded.
func (s Source) cache() (string, error) {
	dir, err := s.dir()
	if err != nil {
		return "", fmt.Errorf("no cache folder (%w): pass the data's path or set %s", err, Env)
	}
	return filepath.Join(dir, "cifar-10-binary.tar.gz"), nil
}

func (s Source) dir() (string, error) {
	if s.Dir != "" {
		return s.Dir, nil
	}
	base, err := os.UserCacheDir()
	return filepath.Join(base, "hlrs-lab"), err
}

func (s Source) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: t}
}
