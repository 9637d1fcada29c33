package data

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

const few = 20 // records of a batch file in these tests

// files is a small CIFAR-10: record i of batch b has label i%10 and pixels counting from i+b.
func files() map[string][]byte {
	out := map[string][]byte{meta: []byte("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n")}
	for b, name := range batches {
		for i := range few {
			r := make([]byte, record)
			r[0] = uint8(i % 10)
			for p := range r[1:] {
				r[1+p] = uint8(i + b + p)
			}
			out[name] = append(out[name], r...)
		}
	}
	return out
}

// tarred is an archive of files in the order of their names, last first.
func tarred(t tester, prefix string, files map[string][]byte, zip bool) []byte {
	t.Helper()
	var plain, zipped bytes.Buffer
	tw := tar.NewWriter(&plain)
	order := slices.Sorted(maps.Keys(files))
	slices.Reverse(order)
	tw.WriteHeader(&tar.Header{Name: prefix + "folder/", Typeflag: tar.TypeDir, Mode: 0o755})
	for _, name := range order {
		tw.WriteHeader(&tar.Header{Name: prefix + name, Size: int64(len(files[name])), Mode: 0o644})
		tw.Write(files[name])
	}
	zw := gzip.NewWriter(&zipped)
	if err := errors.Join(tw.Close(), second(zw.Write(plain.Bytes())), zw.Close()); err != nil {
		t.Fatal(err)
	}
	if zip {
		return zipped.Bytes()
	}
	return plain.Bytes()
}

func folderOf(prefix string, files map[string][]byte) fstest.MapFS {
	out := fstest.MapFS{}
	for name, b := range files {
		out[prefix+name] = &fstest.MapFile{Data: b}
	}
	return out
}

func TestReadForms(t *testing.T) {
	all := files()
	bare := files()
	delete(bare, meta)
	bare["._data_batch_1.bin"] = []byte("what macOS leaves in archives")
	for name, read := range map[string]func() (*Dataset, error){
		"tar.gz": func() (*Dataset, error) { return readArchive(bytes.NewReader(tarred(t, folder+"/", all, true)), few) },
		"tar":    func() (*Dataset, error) { return readArchive(bytes.NewReader(tarred(t, "./a/b/", all, false)), few) },
		"bare":   func() (*Dataset, error) { return readArchive(bytes.NewReader(tarred(t, "", bare, true)), few) },
		"trailing bytes": func() (*Dataset, error) {
			return readArchive(bytes.NewReader(append(tarred(t, "", all, true), 1, 2, 3, 4, 5, 6, 7, 8, 9, 0)), few)
		},
		"folder": func() (*Dataset, error) { return readFS(folderOf("", all), few) },
		"parent": func() (*Dataset, error) { return readFS(folderOf(folder+"/", all), few) },
	} {
		d, err := read()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Name != "cifar10" || d.Classes[9] != "truck" || d.Train.Len() != 5*few || d.Test.Len() != few {
			t.Errorf("%s: %s, %v, %d and %d images", name, d.Name, d.Classes, d.Train.Len(), d.Test.Len())
		}
		if got := image(t, &d.Train, 2*few+7); d.Train.Labels[2*few+7] != 7 || got[0] != 9 || got[3071] != uint8(9+3071-256*12) {
			t.Errorf("%s: image 7 of batch 3 is %v …", name, got[:4])
		}
		if got := image(t, &d.Test, 3); d.Test.Labels[3] != 3 || got[1] != 9 {
			t.Errorf("%s: test image 3 is %v …", name, got[:4])
		}
	}
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		alter func(map[string][]byte)
		want  string
	}{
		"short":   {func(f map[string][]byte) { f["data_batch_3.bin"] = f["data_batch_3.bin"][1:] }, "data_batch_3.bin: 61459 bytes, want 61460"},
		"long":    {func(f map[string][]byte) { f["test_batch.bin"] = append(f["test_batch.bin"], 0) }, "test_batch.bin: 61461 bytes"},
		"label":   {func(f map[string][]byte) { f["data_batch_2.bin"][4*record] = 10 }, "data_batch_2.bin: record 4 of 20 has label 10"},
		"swapped": {func(f map[string][]byte) { f["data_batch_2.bin"][4*record] = 5 }, "training set: 9 images of class 4 (deer), want 10"},
		"test":    {func(f map[string][]byte) { f["test_batch.bin"][0] = 9 }, "test set: 1 images of class 0"},
		"missing": {func(f map[string][]byte) { delete(f, "data_batch_5.bin"); delete(f, "test_batch.bin") }, "data_batch_5.bin, test_batch.bin missing"},
		"foreign": {func(f map[string][]byte) { clear(f); f["train.bin"] = nil }, "no CIFAR-10 here"},
		"names":   {func(f map[string][]byte) { f[meta] = []byte("apple\nbee\n") }, "batches.meta.txt: names other classes"},
		"python":  {func(f map[string][]byte) { clear(f); f["data_batch_1"] = []byte("pickle") }, "Python version"},
	} {
		f := files()
		c.alter(f)
		_, err := readArchive(bytes.NewReader(tarred(t, folder+"/", f, true)), few)
		wantError(t, err, c.want)
		d, err := readFS(folderOf("", f), few)
		wantError(t, err, c.want)
		if d != nil {
			t.Errorf("%s: a dataset beside the error", name)
		}
	}
}

func TestReadDamage(t *testing.T) {
	for _, zip := range []bool{false, true} {
		whole := tarred(t, "", files(), zip)
		for _, cut := range []int{0, 1, 100, 700, len(whole) / 3, len(whole) / 2} {
			if _, err := readArchive(bytes.NewReader(whole[:cut]), few); err == nil {
				t.Errorf("zip %v: the first %d of %d bytes are read", zip, cut, len(whole))
			}
		}
		if zip {
			wantError(t, second(readArchive(bytes.NewReader(whole[:len(whole)-4]), few)), "cut short", "fetch it again")
			whole[len(whole)-6] ^= 1 // gzip's checksum
			wantError(t, second(readArchive(bytes.NewReader(whole), few)), "checksum")
		}
	}
	wantError(t, second(ReadArchive(bytes.NewReader(bytes.Repeat([]byte("PNG or what"), 200)))), "not a tar file")
	twice := tarred(t, "a/", files(), false)
	twice = append(twice[:len(twice)-1024], tarred(t, "b/", files(), false)...) // over the end mark
	wantError(t, second(readArchive(bytes.NewReader(twice), few)), "met twice")
	wantError(t, second(ReadFS(os.DirFS(filepath.Join(t.TempDir(), "gone")))), "folder")
}

// realData opens the archive that HLRS_DATA names, else shared/data's; a relative path is looked for
// from this folder upwards, so that it may start at the checkout or above.
func realData(t *testing.T) *Dataset {
	t.Helper()
	path := cmp.Or(os.Getenv("HLRS_DATA"), "shared/data/cifar-10-binary.tar.gz")
	for up, p := 0, path; up < 8 && !filepath.IsAbs(path); up++ {
		if _, err := os.Stat(p); err == nil {
			path = p
			break
		}
		p = filepath.Join("..", p)
	}
	const how = "set HLRS_DATA to cifar-10-binary.tar.gz or its unpacked folder"
	if info, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("NO REAL DATA (%v), which CI must have: %s", err, how)
		}
		t.Skipf("NO REAL DATA (%v): CIFAR-10 itself goes UNTESTED: %s", err, how)
	} else if info.IsDir() {
		d, err := ReadFS(os.DirFS(path))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := ReadArchive(f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRealData(t *testing.T) {
	d := realData(t)
	// The first labels of the official order.
	if want := []int{6, 9, 9, 4, 1, 1, 2, 7, 8, 3}; !slices.Equal(d.Train.Labels[:10], want) {
		t.Errorf("training labels begin %v, want %v", d.Train.Labels[:10], want)
	}
	if want := []int{3, 8, 8, 0, 6, 6, 1, 6, 3, 1}; !slices.Equal(d.Test.Labels[:10], want) {
		t.Errorf("test labels begin %v, want %v", d.Test.Labels[:10], want)
	}
	if got, want := image(t, &d.Train, 0)[:4], []uint8{59, 43, 50, 68}; !slices.Equal(got, want) {
		t.Errorf("the first frog begins %v, want %v", got, want)
	}
	// CIFAR10 is this set's.
	for c := range 3 {
		var n, s, ss float64
		for i := range d.Train.Len() {
			for _, p := range image(t, &d.Train, i)[c*1024 : (c+1)*1024] {
				v := float64(p) / 255
				n, s, ss = n+1, s+v, ss+v*v
			}
		}
		mean := s / n
		wantClose(t, "mean", []float64{mean}, CIFAR10.Mean[c:c+1], 2e-4)
		wantClose(t, "variance", []float64{ss/n - mean*mean}, []float64{CIFAR10.Std[c] * CIFAR10.Std[c]}, 2e-4)
	}
	list, err := Subset(d.Train.Labels, tails[4].exp, 5000, 1, 0)
	if err != nil || len(list) != 12406 {
		t.Fatalf("%d images at imbalance 100: %v", len(list), err)
	}
	w, a, err := Split(d.Train.Labels, list, "stratified", 0.5, nil)
	if err != nil || len(w) != 6200 || len(a) != 6206 {
		t.Fatalf("halves of %d and %d: %v", len(w), len(a), err)
	}
}
