package fetch

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"hlrslab/tools/internal/disk"
)

// Download fetches the archive into the cache and returns its path. What has come so far waits in
// a .part file, which a later call continues; only a whole file with the right checksum takes the
// archive's name. Errors say whether trying again continues or starts over.
func (s Source) Download(ctx context.Context, progress Progress) (path string, err error) {
	if path, err = s.cache(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	unlock, err := disk.Lock(filepath.Dir(path))
	if errors.Is(err, disk.ErrLocked) {
		return "", fmt.Errorf("download: another process is at it already: wait until it ends, then run this again (%w)", err)
	}
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if info, err := os.Stat(path); err == nil && info.Size() == s.Size { // another process was quicker
		return path, nil
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer f.Close()
	if err := s.fill(ctx, f, progress); err != nil {
		return "", err
	}
	if err := s.verify(f); err != nil {
		// Kept, it would be continued for ever.
		f.Close()
		os.Remove(part)
		return "", err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	if err := (disk.Disk{}).Rename(part, path); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	return path, nil
}

// fill appends to f what it lacks of the archive.
func (s Source) fill(ctx context.Context, f *os.File, progress Progress) error {
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if have == s.Size {
		return nil
	}
	if have > s.Size {
		have = 0
	}
	body, have, err := s.connect(ctx, have)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := f.Truncate(have); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	n, err := io.Copy(&counter{f, have, s.Size, progress}, io.LimitReader(body, s.Size-have))
	if err == nil && have+n < s.Size {
		err = io.ErrUnexpectedEOF
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("download %s: stopped after %d of %d bytes, which are kept: run it again to continue (%w)", s.URL, have+n, s.Size, err)
	}
	return nil
}

// connect asks for the archive from byte have on and returns what the server sends, with the byte
// it begins at: have, or 0 if the server cannot continue from there.
func (s Source) connect(ctx context.Context, have int64) (body io.ReadCloser, from int64, err error) {
	resp, err := s.get(ctx, have)
	if err != nil {
		return nil, 0, err
	}
	begins := fmt.Sprintf("bytes %d-", have)
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
	case code == http.StatusPartialContent && strings.HasPrefix(resp.Header.Get("Content-Range"), begins):
		from = have
	case have > 0 && (code == http.StatusPartialContent || code == http.StatusRequestedRangeNotSatisfiable):
		resp.Body.Close()
		return s.connect(ctx, 0)
	default:
		resp.Body.Close()
		return nil, 0, fmt.Errorf("download %s: the server answers %q: check the address, or pass the data's path or set %s", s.URL, resp.Status, Env)
	}
	if n := resp.ContentLength; n >= 0 && from+n != s.Size {
		resp.Body.Close()
		return nil, 0, fmt.Errorf("download %s: the server has %d bytes, the archive %d: another file is in its place; check the address, or pass the data's path or set %s", s.URL, from+n, s.Size, Env)
	}
	return resp.Body, from, nil
}

// get asks for the archive from byte have on.
func (s Source) get(ctx context.Context, have int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("download: %w", err)
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	resp, err := s.client().Do(req)
	if err != nil {
		return nil, fmt.Errorf("download: %w: check the network, or pass the data's path or set %s", err, Env)
	}
	return resp, nil
}

// verify compares the whole file with the checksum.
func (s Source) verify(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != s.MD5 {
		return fmt.Errorf("download %s: checksum %s, want %s: what came is not the official archive and is removed; run it again to start over, or use another mirror", s.URL, got, s.MD5)
	}
	return nil
}

// counter reports what passes through it.
type counter struct {
	w           io.Writer
	done, total int64
	progress    Progress
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return n, err
}
