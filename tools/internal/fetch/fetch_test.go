package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hlrslab/tools/internal/disk"
)

var content = bytes.Repeat([]byte("an archive of sorts. "), 20000)

// source serves body at a Source that expects content, and counts the requests.
func source(t *testing.T, serve http.HandlerFunc) (Source, *int) {
	t.Helper()
	t.Setenv(Env, "")
	requests := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests++
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	sum := md5.Sum(content)
	return Source{URL: server.URL, MD5: hex.EncodeToString(sum[:]), Size: int64(len(content)), Dir: t.TempDir()}, requests
}

func whole(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// broken promises everything and hangs up after half.
func broken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write(content[:len(content)/2])
}

func wantFile(t *testing.T, path string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("downloaded %d bytes, err %v; want the content's %d", len(got), err, len(content))
	}
	if _, err := os.Stat(path + ".part"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the .part file is left over")
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v: want it to say %q", err, p)
		}
	}
}

func TestDownload(t *testing.T) {
	s, requests := source(t, whole)
	if _, err := s.Find(""); !errors.Is(err, ErrAbsent) {
		t.Fatalf("Find before: %v", err)
	}
	var last, total int64
	path, err := s.Download(t.Context(), func(d, n int64) {
		if d < last {
			t.Errorf("progress falls from %d to %d", last, d)
		}
		last, total = d, n
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, path)
	if last != s.Size || total != s.Size {
		t.Errorf("progress ends at %d of %d, want %d", last, total, s.Size)
	}
	if found, err := s.Find(""); err != nil || found != path {
		t.Errorf("Find after: %q, %v", found, err)
	}
	if *requests != 1 {
		t.Errorf("%d requests", *requests)
	}
}

func TestResume(t *testing.T) {
	var ranges []string
	broke := false
	s, _ := source(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if !broke {
			broke = true
			broken(w, r)
			return
		}
		whole(w, r)
	})
	_, err := s.Download(t.Context(), nil)
	wantError(t, err, "kept", "run it again")
	first := int64(-1)
	path, err := s.Download(t.Context(), func(d, _ int64) {
		if first < 0 {
			first = d
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, path)
	if want := fmt.Sprintf("bytes=%d-", len(content)/2); ranges[1] != want {
		t.Errorf("resumed with range %q, want %q", ranges[1], want)
	}
	if first <= int64(len(content)/2) {
		t.Errorf("progress resumes at %d, want more than half of %d", first, len(content))
	}
}

// Servers that cannot continue give the whole again, and the result is the same.
func TestWithoutRange(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"ignores": func(w http.ResponseWriter, r *http.Request) { w.Write(content) },
		"refuses": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			w.Write(content)
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 7-%d/%d", len(content)-1, len(content)))
				w.WriteHeader(http.StatusPartialContent)
				return
			}
			w.Write(content)
		},
	} {
		for _, part := range []int{len(content) / 3, len(content) + 5} {
			t.Run(fmt.Sprint(name, part), func(t *testing.T) {
				s, _ := source(t, serve)
				if err := os.WriteFile(filepath.Join(s.Dir, "cifar-10-binary.tar.gz.part"), make([]byte, part), 0o644); err != nil {
					t.Fatal(err)
				}
				path, err := s.Download(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				wantFile(t, path)
			})
		}
	}
}

func TestChecksum(t *testing.T) {
	s, _ := source(t, func(w http.ResponseWriter, r *http.Request) {
		altered := bytes.Clone(content)
		altered[99] ^= 1
		w.Write(altered)
	})
	_, err := s.Download(t.Context(), nil)
	wantError(t, err, "checksum", s.MD5, "removed")
	if left, _ := filepath.Glob(filepath.Join(s.Dir, "cifar*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A missing or foreign file at the address costs nothing of what is already there.
func TestWrongAddress(t *testing.T) {
	for want, serve := range map[string]http.HandlerFunc{
		"404 Not Found":  http.NotFound,
		"another file":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>Please log in") },
		"503 Service Un": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		s, _ := source(t, serve)
		part := filepath.Join(s.Dir, "cifar-10-binary.tar.gz.part")
		if err := os.WriteFile(part, content[:1000], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := s.Download(t.Context(), nil)
		wantError(t, err, want, s.URL, Env)
		if got, _ := os.ReadFile(part); len(got) != 1000 {
			t.Errorf("%s: %d bytes of the .part file left, want 1000", want, len(got))
		}
	}
}

func TestNoServer(t *testing.T) {
	s, _ := source(t, whole)
	s.URL = "http://127.0.0.1:1/"
	_, err := s.Download(t.Context(), nil)
	wantError(t, err, "network", Env)
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := source(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			whole(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	_, err := s.Download(ctx, func(done, _ int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want it to be context.Canceled", err)
	}
	wantError(t, err, "kept")
	path, err := s.Download(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, path)
}

// TestTwoAtOnce: two processes that download into one cache would mix their bytes.
func TestTwoAtOnce(t *testing.T) {
	asked, begin := make(chan bool), make(chan bool)
	s, requests := source(t, func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-begin
		whole(w, r)
	})
	first := make(chan error)
	go func() {
		_, err := s.Download(t.Context(), nil)
		first <- err
	}()
	<-asked
	_, err := s.Download(t.Context(), nil)
	wantError(t, err, "another process", "wait")
	close(begin)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	path, err := s.Download(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, path)
	if *requests != 1 {
		t.Errorf("%d requests", *requests)
	}
}

func TestFindNamed(t *testing.T) {
	s, requests := source(t, whole)
	here, there := t.TempDir(), t.TempDir()
	t.Setenv(Env, there)
	if p, err := s.Find(here); err != nil || p != here {
		t.Errorf("the path loses: %q, %v", p, err)
	}
	if p, err := s.Find(""); err != nil || p != there {
		t.Errorf("%s loses: %q, %v", Env, p, err)
	}
	gone := filepath.Join(here, "gone")
	_, err := s.Find(gone)
	wantError(t, err, "data path", gone)
	t.Setenv(Env, gone)
	_, err = s.Open(t.Context(), "", nil)
	wantError(t, err, Env, gone)
	_, err = s.Open(t.Context(), here, nil)
	wantError(t, err, here, "no CIFAR-10 here")
	if *requests != 0 {
		t.Errorf("a named place is passed over: %d requests", *requests)
	}
}

// TestOpen downloads an archive with the official structure, once, then reads the cached copy.
func TestOpen(t *testing.T) {
	saved := content
	t.Cleanup(func() { content = saved })
	content = archive(t)
	s, requests := source(t, whole)
	for range 2 {
		d, err := s.Open(t.Context(), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if d.Train.Len() != 50000 || d.Test.Len() != 10000 || d.Train.Labels[12345] != 5 {
			t.Errorf("%d training and %d test images, label %d", d.Train.Len(), d.Test.Len(), d.Train.Labels[12345])
		}
	}
	if *requests != 1 {
		t.Errorf("%d requests, want 1", *requests)
	}
	// A cached file of the wrong size was not put there by a download.
	path, _ := s.cache()
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(""); !errors.Is(err, ErrAbsent) {
		t.Errorf("a cut cache is found: %v", err)
	}
}

// TestUnpacked puts what cannot be read in the archive's place: where it is not looked at, the images come from the copy.
func TestUnpacked(t *testing.T) {
	t.Setenv(Env, "")
	s := Source{Dir: t.TempDir()}
	path, raw := filepath.Join(t.TempDir(), "cifar.tar.gz"), archive(t)
	then := time.Now().Add(-time.Hour)
	put := func(raw []byte, at time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, raw, 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(s Source) {
		t.Helper()
		if d, err := s.Open(t.Context(), path, nil); err != nil || d.Name != "cifar10" || d.Train.Len() != 50000 || d.Test.Len() != 10000 || d.Train.Labels[12345] != 5 {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	fails := func() {
		t.Helper()
		if _, err := s.Open(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("what is no archive is read: %v", err)
		}
	}
	noise := bytes.Repeat([]byte{1}, len(raw))
	put(raw, then)
	reads(s)
	put(noise, then)
	reads(s) // the copy
	if _, err := Read(path); err == nil {
		t.Error("Read has not looked at the archive")
	}

	put(noise, then.Add(time.Second)) // another archive, by its time
	fails()
	put(noise[1:], then) // and by its size
	fails()

	folder := filepath.Join(s.Dir, "unpacked")
	for name, at := range map[string]time.Time{"older.pack": then, "old.pack": then.Add(time.Minute), "killed.pack.ABCDEFGH.part": time.Now().Add(time.Hour)} {
		if err := errors.Join(os.WriteFile(filepath.Join(folder, name), nil, 0o644), os.Chtimes(filepath.Join(folder, name), at, at)); err != nil {
			t.Fatal(err)
		}
	}
	put(noise, then)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := s.copyOf(path, info)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(copied, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{99}, 100_000_000)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	fails() // the copy is damaged
	put(raw, then)
	reads(s)
	put(noise, then)
	reads(s) // the copy, made again
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	if want := []string{filepath.Join(folder, ".lock"), copied, filepath.Join(folder, "old.pack")}; err != nil || !slices.Equal(left, slices.Sorted(slices.Values(want))) {
		t.Errorf("%v are kept, not %v, %v", left, want, err)
	}
	unlock, err := disk.Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	put(raw, then.Add(time.Second)) // another archive, while a process is at a copy
	reads(s)
	if now, _ := filepath.Glob(filepath.Join(folder, "*")); !slices.Equal(now, left) {
		t.Errorf("two processes keep copies at once: %v", now)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}

	put(raw, then)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	reads(Source{Dir: file}) // in which no folder can be made
}

func archive(t *testing.T) []byte {
	t.Helper()
	batch := make([]byte, 10000*3073)
	for i := range 10000 {
		batch[i*3073] = uint8(i % 10)
	}
	var out bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	tw := tar.NewWriter(zw)
	for _, name := range []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"} {
		if err := tw.WriteHeader(&tar.Header{Name: "cifar-10-batches-bin/" + name, Size: int64(len(batch)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
