package imagefolder

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"pgregory.net/rapid"

	"hlrslab/core/data"
)

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func wantError(t tester, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v: want it to say %q", err, p)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// tally counts the images of each of three classes.
func tally(labels []int) []int {
	n := make([]int, 3)
	for _, l := range labels {
		n[l]++
	}
	return n
}

// drawn is a picture with something else at every pixel; it does not begin at the origin.
func drawn(w, h, seed int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(-3, 5, w-3, h+5))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x-3, y+5, color.NRGBA{uint8(x*7 + seed), uint8(y*5 + x*y), uint8(x ^ y + seed*11), 255})
		}
	}
	return m
}

// encoded is a picture in the form of an ending.
func encoded(t tester, ending string, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch ending {
	case "png":
		err = png.Encode(&b, m)
	case "jpg":
		err = jpeg.Encode(&b, m, nil)
	case "gif":
		err = gif.Encode(&b, m, nil)
	case "bmp":
		err = bmp.Encode(&b, m)
	case "tiff":
		err = tiff.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pixel is a picture of one colour that tells class and number.
func pixel(t tester, class, number int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	m.SetNRGBA(0, 0, color.NRGBA{uint8(class), uint8(number), 200, 255})
	return encoded(t, "png", m)
}

// pets are three classes of 10, 5 and 3 pictures.
func pets(t tester, prefix string) fstest.MapFS {
	out := fstest.MapFS{}
	for c, name := range []string{"cats", "dogs", "owls"} {
		for i := range []int{10, 5, 3}[c] {
			ending := []string{"png", "jpg", "gif"}[i%3]
			p := fmt.Sprintf("%s%s/%d.%s", prefix, name, i, ending)
			out[p] = &fstest.MapFile{Data: encoded(t, ending, drawn(40+9*i, 60-4*i, c))}
		}
	}
	return out
}

// inZip is a folder's files in a zip, last first, as the archives of most tools with an entry for
// each folder, read again.
func inZip(t tester, files fstest.MapFS) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	seen := map[string]bool{}
	for _, p := range slices.Backward(slices.Sorted(maps.Keys(files))) {
		for dir := path.Dir(p); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			if _, err := w.Create(dir + "/"); err != nil {
				t.Fatal(err)
			}
		}
		f, err := w.Create(p)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(files[p].Data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sound(t tester, fsys fs.FS) *data.Dataset {
	t.Helper()
	d, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFolder(t *testing.T) {
	d := sound(t, pets(t, ""))
	if d.Name != "own" || !slices.Equal(d.Classes, []string{"cats", "dogs", "owls"}) || d.Train.Size != 32 || d.Test.Size != 32 {
		t.Fatalf("%s, %v, side %d", d.Name, d.Classes, d.Train.Size)
	}
	if got := []any{tally(d.Train.Labels), tally(d.Test.Labels)}; !reflect.DeepEqual(got, []any{[]int{8, 4, 2}, []int{2, 1, 1}}) {
		t.Errorf("counts %v", got)
	}
	if d.Train.Len() != 14 || d.Test.Len() != 4 || !slices.IsSorted(d.Train.Labels) {
		t.Errorf("labels %v", d.Train.Labels)
	}
	if got, want := crc32.ChecksumIEEE(append(d.Train.Pixels.(data.Memory), d.Test.Pixels.(data.Memory)...)), uint32(0x029b9bf3); got != want {
		t.Errorf("checksum %#08x, on every platform %#08x", got, want)
	}
}

// One set of pictures is one Dataset, whatever it comes in.
func TestFolderForms(t *testing.T) {
	want := sound(t, pets(t, ""))
	clutter := pets(t, "my pictures/pets/")
	for _, p := range []string{
		"readme.txt", "Thumbs.db", ".DS_Store", ".hidden.png", "__MACOSX/my pictures/pets/cats/._1.png", "my pictures/list.csv",
		"my pictures/pets/.git/1.png", "my pictures/pets/cats/._1.png", "my pictures/pets/cats/Thumbs.db", "my pictures/pets/notes/a.md",
	} {
		clutter[p] = &fstest.MapFile{Data: []byte("no picture")}
	}
	clutter["my pictures/pets/empty"] = &fstest.MapFile{Mode: fs.ModeDir}
	loud, deep, linked := fstest.MapFS{}, fstest.MapFS{}, fstest.MapFS{}
	for p, f := range pets(t, "") {
		loud[strings.NewReplacer(".png", ".PNG", ".jpg", ".JpEg").Replace(p)] = f
		deep[strings.Replace(p, "/", "/more/", 1)] = f
		linked[p] = f
	}
	deep["cats/more.txt"] = &fstest.MapFile{}
	linked[".store/1"] = linked["dogs/1.jpg"]
	linked["dogs/1.jpg"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../.store/1")}
	zipped := inZip(t, clutter)
	disk := t.TempDir()
	if err := os.CopyFS(disk, clutter); err != nil {
		t.Fatal(err)
	}
	clutter["my pictures/pets/pipe.png"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	for name, fsys := range map[string]fs.FS{
		"zip": inZip(t, pets(t, "")), "disk": os.DirFS(disk), "parent": pets(t, "pets/"), "parents": clutter, "parents in a zip": zipped,
		"loud endings": loud, "deeper": deep, "train alone": pets(t, "train/"), "a link": linked,
	} {
		if got := sound(t, fsys); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: other images: %v, %d and %d", name, got.Classes, got.Train.Len(), got.Test.Len())
		}
	}
}

func TestFolderSets(t *testing.T) {
	for _, c := range []struct{ train, test, other string }{
		{"train", "test", ""},
		{"data/Training", "data/TEST", ""},
		{"train", "val", ""},
		{"a/train", "a/valid", ""},
		{"train", "validation", ""},
		{"train", "test", "val"},
		{"train", "testing", "Validation"},
	} {
		f := fstest.MapFS{}
		for class, name := range []string{"b", "a", "test"} {
			for i := range 6 {
				folder := c.train
				if i >= 4 {
					folder = c.test
				}
				f[fmt.Sprintf("%s/%s/%d.png", folder, name, i)] = &fstest.MapFile{Data: pixel(t, class, i)}
			}
		}
		if c.other != "" {
			f[c.other+"/c/1.png"] = &fstest.MapFile{Data: pixel(t, 0, 0)}
		}
		for _, fsys := range []fs.FS{f, inZip(t, f)} {
			d := sound(t, fsys)
			if !slices.Equal(d.Classes, []string{"a", "b", "test"}) {
				t.Fatalf("%+v: classes %v", c, d.Classes)
			}
			if !slices.Equal(tally(d.Train.Labels), []int{4, 4, 4}) || !slices.Equal(tally(d.Test.Labels), []int{2, 2, 2}) {
				t.Errorf("%+v: %v, %v", c, tally(d.Train.Labels), tally(d.Test.Labels))
			}
			if got := d.Test.Pixels.(data.Memory).At(1, side); got[0] != 1 || got[1024] != 5 || d.Test.Labels[1] != 0 {
				t.Errorf("%+v: the second test image is %d of class %d", c, got[1024], got[0])
			}
		}
	}
	// A class may bear such a name as long as the other set is missing.
	f := fstest.MapFS{}
	for _, name := range []string{"plane", "train"} {
		for i := range 3 {
			f[fmt.Sprintf("%s/%d.png", name, i)] = &fstest.MapFile{Data: pixel(t, 0, i)}
		}
	}
	if d := sound(t, f); !slices.Equal(d.Classes, []string{"plane", "train"}) {
		t.Errorf("classes %v", d.Classes)
	}
}

// Whatever the layout, every image is in one set, in its class, and in order.
func TestFolderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z \-]{0,3}[0-9é]`), 2, 6, rapid.ID).Draw(t, "classes")
		parent := rapid.SampledFrom([]string{"", "x/", "x/y/"}).Draw(t, "parent")
		split := rapid.Bool().Draw(t, "split")
		slices.Sort(names)
		f := fstest.MapFS{}
		var want [2][][2]uint8
		for c, name := range names {
			n, test := 0, 0
			if split {
				test = rapid.IntRange(1, 5).Draw(t, "test")
				n = test + rapid.IntRange(2, 12).Draw(t, "train")
			} else {
				n = rapid.IntRange(3, 21).Draw(t, "images")
				test = max(1, n/5)
			}
			for i := range n {
				s, folder := 0, ""
				if i >= n-test {
					s = 1
				}
				if split {
					folder = []string{"train/", "test/"}[s]
				}
				f[fmt.Sprintf("%s%s%s/%03d.png", parent, folder, name, i)] = &fstest.MapFile{Data: pixel(t, c, i)}
				want[s] = append(want[s], [2]uint8{uint8(c), uint8(i)})
			}
		}
		d := sound(t, f)
		if !slices.Equal(d.Classes, names) {
			t.Fatalf("classes %q, want %q", d.Classes, names)
		}
		for s, m := range []*data.Images{&d.Train, &d.Test} {
			var got [][2]uint8
			for i, l := range m.Labels {
				image := m.Pixels.(data.Memory).At(i, side)
				if l != int(image[0]) {
					t.Fatalf("an image of class %d has label %d", image[0], l)
				}
				got = append(got, [2]uint8{image[0], image[1024]})
			}
			if !slices.Equal(got, want[s]) || d.Validate() != nil {
				t.Fatalf("set %d: %v, want %v", s, got, want[s])
			}
		}
		if again := sound(t, inZip(t, f)); !reflect.DeepEqual(again, d) {
			t.Fatal("the zip has other images")
		}
	})
}

// only is the image that picture makes of one file.
func only(t tester, data []byte) []uint8 {
	t.Helper()
	dst := make([]uint8, 3*side*side)
	if err := picture(dst, fstest.MapFS{"a.png": {Data: data}}, "a.png"); err != nil {
		t.Fatal(err)
	}
	return dst
}

// A square of a multiple of 32 is what Resize makes of it: crop and mean are exact.
func TestFolderCrop(t *testing.T) {
	for _, c := range []struct{ w, h, n, left, top int }{
		{32, 32, 32, 0, 0},
		{35, 32, 32, 1, 0},
		{64, 64, 64, 0, 0},
		{96, 64, 64, 16, 0},
		{64, 99, 64, 0, 17},
		{160, 161, 160, 0, 0},
	} {
		img := drawn(c.w, c.h, 1)
		pixels := make(data.Memory, 3*c.n*c.n)
		cut := data.Images{Size: c.n, Labels: make([]int, 1), Pixels: pixels}
		for y := range c.n {
			for x := range c.n {
				p := img.NRGBAAt(x+c.left-3, y+c.top+5)
				for k, v := range []uint8{p.R, p.G, p.B} {
					pixels[(k*c.n+y)*c.n+x] = v
				}
			}
		}
		small, err := cut.Resize(32)
		want := make([]uint8, 3*32*32)
		if err == nil {
			err = small.Pixels.Read(want, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := only(t, encoded(t, "png", img)); !slices.Equal(got, want) {
			t.Errorf("%+v: begins %v, want %v", c, got[:8], want[:8])
		}
	}
}

// Sides that 32 does not divide: each pixel laid out as 32 × 32 parts, each new one the mean of
// n × n of these. Smaller squares: the pixel below the new one's middle.
func TestFolderMean(t *testing.T) {
	for _, n := range []int{1, 2, 5, 16, 31, 33, 48, 65, 80} {
		img := drawn(n, n+n%2, n)
		got := only(t, encoded(t, "png", img))
		for i := range side * side {
			sum, area := [3]int{}, 0
			add := func(x, y int) {
				p := img.NRGBAAt(x-3, y+5)
				for k, v := range []uint8{p.R, p.G, p.B} {
					sum[k] += int(v)
				}
				area++
			}
			if n < side {
				add((2*(i%side)+1)*n/64, (2*(i/side)+1)*n/64)
			} else {
				for v := i / side * n; v < (i/side+1)*n; v++ {
					for u := i % side * n; u < (i%side+1)*n; u++ {
						add(u/32, v/32)
					}
				}
			}
			for k, s := range sum {
				if want := uint8((2*s + area) / (2 * area)); got[k*1024+i] != want {
					t.Fatalf("side %d: pixel %d of plane %d is %d, want %d", n, i, k, got[k*1024+i], want)
				}
			}
		}
	}
	// By hand: at 48, one pixel and half of the next.
	strip := image.NewGray(image.Rect(0, 0, 48, 48))
	for i := range strip.Pix {
		strip.Pix[i] = []uint8{30, 90, 200}[i%48%3]
	}
	if got := only(t, encoded(t, "png", strip)); !slices.Equal(got[:4], []uint8{50, 163, 50, 163}) || got[3071] != 163 {
		t.Errorf("%v, want (2·30+90)/3, (90+2·200)/3, …", got[:4])
	}
}

// What is transparent shows white behind it, and before the mean is taken.
func TestFolderTransparent(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			switch {
			case y < 16: // left clear, black underneath
			case y < 32:
				m.SetNRGBA(x, y, color.NRGBA{255, 0, 100, 128})
			case x%2 == 0:
				m.SetNRGBA(x, y, color.NRGBA{10, 20, 30, 255})
			}
		}
	}
	got := only(t, encoded(t, "png", m))
	for row, want := range map[int][3]uint8{0: {255, 255, 255}, 8: {255, 127, 177}, 31: {133, 138, 143}} {
		for k, v := range want {
			if got[k*1024+row*32] != v {
				t.Errorf("row %d, plane %d: %d, want %d", row, k, got[k*1024+row*32], v)
			}
		}
	}
	index := image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{color.Transparent, color.Black})
	index.Pix[1] = 1
	for _, ending := range []string{"gif", "png"} {
		if got := only(t, encoded(t, ending, index)); !slices.Equal(got[:3], []uint8{255, 0, 255}) {
			t.Errorf("%s: %v", ending, got[:3])
		}
	}
}

// A camera that is held upright writes its picture lying, and says so in the EXIF.
func TestFolderTurned(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			if x < 32 && y < 32 {
				m.SetGray(x, y, color.Gray{200})
			}
		}
	}
	lying := encoded(t, "jpg", m)
	for orientation, corner := range map[byte]int{1: 0, 3: 31*32 + 31, 6: 31, 8: 31 * 32} { // of the 32 × 32 where the bright quarter is to be
		exif := append([]byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
		got := only(t, slices.Concat(lying[:2], exif, lying[2:]))
		for _, at := range []int{0, 31, 31 * 32, 31*32 + 31} {
			if bright := got[at] > 100; bright != (at == corner) {
				t.Errorf("orientation %d: %d at %d", orientation, got[at], at)
			}
		}
	}
}

// The first picture of a moving GIF, sixteen bits and grey are taken as they are.
func TestFolderFormats(t *testing.T) {
	deep := image.NewRGBA64(image.Rect(0, 0, 32, 32))
	deep.SetRGBA64(0, 0, color.RGBA64{0x8180, 0x8000, 0x0080, 0xffff})
	if got := only(t, encoded(t, "png", deep)); got[0] != 129 || got[1024] != 128 || got[2048] != 0 {
		t.Errorf("16 bits: %d, %d, %d", got[0], got[1024], got[2048])
	}
	frame := func(i uint8) *image.Paletted {
		m := image.NewPaletted(image.Rect(0, 0, 32, 32), palette.WebSafe)
		for k := range m.Pix {
			m.Pix[k] = i
		}
		return m
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(215), frame(0)}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	if got := only(t, b.Bytes()); got[0] != 255 || got[3071] != 255 {
		t.Errorf("moving: %d", got[0])
	}
	grey := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range grey.Pix {
		grey.Pix[i] = 77
	}
	if got := only(t, encoded(t, "jpg", grey)); slices.Min(got) != 77 || slices.Max(got) != 77 {
		t.Errorf("grey JPEG: %d to %d", slices.Min(got), slices.Max(got))
	}
	for _, ending := range []string{"bmp", "tiff"} {
		if got, want := only(t, encoded(t, ending, drawn(40, 33, 1))), only(t, encoded(t, "png", drawn(40, 33, 1))); !slices.Equal(got, want) {
			t.Errorf("%s: not as in PNG", ending)
		}
	}
}

// header is a PNG that ends after claiming its size.
func header(w, h uint32) []byte {
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), make([]byte, 8)...)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestFolderErrors(t *testing.T) {
	one := encoded(t, "png", drawn(4, 4, 0))
	small := encoded(t, "jpg", drawn(4, 4, 0))
	void := encoded(t, "gif", image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.Black}))
	frame := bytes.IndexByte(void, ',')
	void = append(void[:frame+5], 0, 0, 0, 0, 0, 2, 1, 0x2c, 0, ';') // no width, no height, nothing in it
	for name, c := range map[string]struct {
		put  map[string][]byte // nil is out
		want string
	}{
		"no image":      {map[string][]byte{"cats/x.png": []byte("text")}, "cats/x.png: not a sound PNG, JPEG, GIF, BMP or TIFF (image: unknown format)"},
		"empty":         {map[string][]byte{"cats/x.JPG": {}}, "cats/x.JPG: not a sound"},
		"cut short":     {map[string][]byte{"cats/x.png": one[:len(one)-20]}, "cats/x.png: not a sound"},
		"cut JPEG":      {map[string][]byte{"cats/x.jpg": small[:len(small)-9]}, "cats/x.jpg: not a sound"},
		"altered":       {map[string][]byte{"cats/x.png": append(append([]byte{}, one[:50]...), one[51:]...)}, "cats/x.png: not a sound"},
		"other format":  {map[string][]byte{"cats/x.webp": []byte("RIFF....WEBPVP8 ")}, "cats/x.webp: not a sound PNG, JPEG, GIF, BMP or TIFF (image: unknown format): convert it"},
		"void":          {map[string][]byte{"cats/x.gif": void}, "cats/x.gif: not a sound PNG, JPEG, GIF, BMP or TIFF (no pixels in it)"},
		"large":         {map[string][]byte{"cats/x.png": header(8001, 8000)}, "cats/x.png: 8001 × 8000 pixels, more than 64 megapixels: scale it down"},
		"huge":          {map[string][]byte{"cats/x.png": header(1<<31-1, 1<<31-1)}, "cats/x.png: "},
		"just right":    {map[string][]byte{"cats/x.png": header(8000, 8000)}, "cats/x.png: not a sound PNG, JPEG, GIF, BMP or TIFF (unexpected EOF)"},
		"loose":         {map[string][]byte{"x.png": one}, "x.png: in no class's folder"},
		"two images":    {map[string][]byte{"ants/1.png": one, "ants/2.png": one}, `class "ants": 2 images, and at least 3`},
		"encoding":      {map[string][]byte{"k\x84tzchen/1.png": one}, `k\x84tzchen": names must be in UTF-8: rename it`},
		"encoding file": {map[string][]byte{"cats/k\x84.png": one}, `cats/k\x84.png": names must be in UTF-8: rename it`},
		"beside":        {map[string][]byte{"train/a/1.png": one, "test/a/1.png": one}, "cats/0.png: beside the training and the test folder"},
	} {
		f := pets(t, "")
		for p, data := range c.put {
			f[p] = &fstest.MapFile{Data: data}
		}
		for form, fsys := range map[string]fs.FS{"folder": f, "zip": inZip(t, f)} {
			d, err := Read(fsys)
			if d != nil {
				t.Errorf("%s, %s: a dataset beside the error", name, form)
			}
			wantError(t, err, c.want)
		}
	}
	for want, paths := range map[string][]string{
		"folder: no images here: want a folder for each of 2 to 1024 classes": {},
		"folder: no images": {"cats/1.txt", "__MACOSX/cats/1.png", "cats/.1.png"},
		`folder: only the class "cats" has images: want a folder for each`:                      {"cats/1.png", "cats/2.png", "cats/3.png", "dogs/1.txt"},
		`folder: only the class "birds" has images`:                                             {"pets/birds/1.png", "pets/birds/2.png"},
		"1.png: in no class's folder: move it into one or take it out; want a folder for each":  {"1.png", "2.png"},
		"pets/preview.png: in no class's folder":                                                {"pets/cats/1.png", "pets/dogs/1.png", "pets/preview.png"},
		"test/1.png: in no class's folder":                                                      {"train/1.png", "test/1.png"},
		`class "dogs": no images in the test folder: add some`:                                  {"train/cats/1.png", "train/cats/2.png", "train/dogs/1.png", "test/cats/1.png"},
		`class "dogs": no images in the training folder: add some`:                              {"train/cats/1.png", "train/cats/2.png", "val/cats/1.png", "val/dogs/1.png"},
		`class "dogs": 2 images, and at least 3 are needed: add some or take its folder out`:    {"train/cats/1.png", "train/cats/2.png", "test/cats/1.png", "train/dogs/1.png", "test/dogs/2.png"},
		`class "a": 1 images, and at least 3 are needed: add some or take its folder out`:       {"a/1.png", "b/1.png"},
		"extra/cats/1.png: beside the training and the test folder: move it into one of them o": {"train/cats/1.png", "test/cats/1.png", "extra/cats/1.png"},
	} {
		f := fstest.MapFS{}
		for _, p := range paths {
			f[p] = &fstest.MapFile{Data: one}
		}
		wantError(t, second(Read(f)), want)
		wantError(t, second(Read(inZip(t, f))), want)
	}
	many := fstest.MapFS{}
	for c := range 1025 {
		for i := range 3 {
			many[fmt.Sprintf("%04d/%d.png", c, i)] = &fstest.MapFile{Data: one}
		}
	}
	wantError(t, second(Read(many)), "folder: 1025 classes: want a folder for each of 2 to 1024")
	for i := range 3 {
		delete(many, fmt.Sprintf("1024/%d.png", i))
	}
	if d := sound(t, many); len(d.Classes) != 1024 || d.Test.Labels[1023] != 1023 {
		t.Errorf("%d classes", len(d.Classes))
	}
	wantError(t, second(read(many, 3071)), "folder: more than 3071 images")
	if _, err := read(many, 3072); err != nil {
		t.Error(err)
	}

	f := pets(t, "")
	f["ants"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("cats")}
	wantError(t, second(Read(f)), "ants: a link to a folder")
	f = pets(t, "")
	f["cats/9.png"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("gone")}
	wantError(t, second(Read(f)), "cats/9.png: not a sound")
	wantError(t, second(Read(os.DirFS(filepath.Join(t.TempDir(), "gone")))), "folder: ")
}

// Old programs on Windows part the names in a zip by back slashes.
func TestFolderBackSlashes(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for p, file := range pets(t, "") {
		f, err := w.Create(strings.ReplaceAll("pets/"+p, "/", `\`))
		if err != nil {
			t.Fatal(err)
		}
		f.Write(file.Data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if d, err := ReadZip(z); err != nil || !reflect.DeepEqual(d, sound(t, pets(t, ""))) {
		t.Errorf("%v, or other images", err)
	}
}

// A turned bit that the image's own form does not notice is seen by the zip's checksum.
func TestFolderDamage(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	grey := encoded(t, "jpg", image.NewGray(image.Rect(0, 0, 64, 64)))
	for c := range 2 {
		for i := range 3 {
			f, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%d/%d.jpg", c, i), Method: zip.Store})
			if err != nil {
				t.Fatal(err)
			}
			f.Write(grey)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	open := func() (*data.Dataset, error) {
		r, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			t.Fatal(err)
		}
		return Read(r)
	}
	if _, err := open(); err != nil {
		t.Fatal(err)
	}
	table := bytes.Index(whole, []byte("\xff\xdb")) // of quantisation, so that it still decodes
	whole[table+10] ^= 1
	wantError(t, second(open()), "0/0.jpg: not a sound", zip.ErrChecksum.Error())
}

// Every file is closed again: a folder may have more than a process may open.
func TestFolderCloses(t *testing.T) {
	f := &counting{MapFS: pets(t, "")}
	sound(t, f)
	f.MapFS["cats/x.png"] = &fstest.MapFile{Data: []byte("text")}
	wantError(t, second(Read(f)), "cats/x.png")
	if f.open != 0 || f.most > 2 {
		t.Errorf("%d files left open, %d at a time", f.open, f.most)
	}
}

type counting struct {
	fstest.MapFS
	open, most int
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	if info, _ := fs.Stat(c.MapFS, name); err != nil || info.IsDir() {
		return f, err
	}
	c.open++
	c.most = max(c.most, c.open)
	return &counted{f, c}, nil
}

type counted struct {
	fs.File
	of *counting
}

func (c *counted) Close() error {
	c.of.open--
	return c.File.Close()
}

// Nothing that is put into a file may do worse than an error.
func FuzzFolder(f *testing.F) {
	for _, ending := range []string{"png", "jpg", "gif", "bmp", "tiff"} {
		f.Add(encoded(f, ending, drawn(40, 33, 1)))
	}
	f.Add(header(8000, 8000))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<20 {
			t.Skip("slow, and refused or not")
		}
		dst := make([]uint8, 3*side*side)
		if err := picture(dst, fstest.MapFS{"a.png": {Data: data}}, "a.png"); err != nil {
			wantError(t, err, "a.png: ")
		}
	})
}

func BenchmarkFolder(b *testing.B) {
	for _, ending := range []string{"png", "jpg"} {
		data := encoded(b, ending, drawn(500, 375, 1))
		f := fstest.MapFS{"a." + ending: {Data: data}}
		b.Run(ending, func(b *testing.B) {
			dst := make([]uint8, 3*side*side)
			for b.Loop() {
				if err := picture(dst, f, "a."+ending); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(ending+" decoding alone", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
