// Package imagefolder reads images by class from folders and zips. It is apart from package data for its decoders, which most
// programs do without.
package imagefolder

import (
	"archive/zip"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disintegration/imaging"

	"hlrslab/core/data"
)

const side = 32 // of the images that come out, as CIFAR-10's

// Limits of what Read takes, so that a hostile zip does not eat the memory.
const (
	maxImages  = 200_000
	maxClasses = 1024       // as many as a network tells apart
	maxArea    = 64_000_000 // pixels of one image
)

// layout ends the errors of folders that are built otherwise.
const layout = "want a folder for each of 2 to 1024 classes, such as cats/1.png and dogs/2.jpg, if you like all of them in train/ and again in test/"

// encoding is said of names with letters beyond ASCII as old systems and their zips write them.
const encoding = "names must be in UTF-8: rename it and, if in a zip, zip again"

// endings mark images. Those that cannot be read are met with an error: to pass them over would lose
// images, or a class, in silence.
var endings = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm"}

// Read reads images by class, a sub-folder a class with all that is in it: PNG, JPEG (turned as its
// EXIF says), GIF, BMP and TIFF, cut to the largest centred square and averaged to 32 × 32. Folders
// common to all images are passed through; hidden files, text and such are passed over. Below train/
// and test/ (or validation/, which is left out where there is a test/ too) the classes are those of
// both; else the last fifth of each class's files by name, at least one, are the test set. Images are
// ordered by class and name. A class needs 3 images, and some in each set.
func Read(fsys fs.FS) (*data.Dataset, error) { return read(fsys, maxImages) }

// ReadZip is Read of a zip, also of one whose names have a back slash where others have a slash.
func ReadZip(z *zip.Reader) (*data.Dataset, error) {
	for _, f := range z.File {
		f.Name = strings.ReplaceAll(f.Name, `\`, "/") // the zip as a file system would take a part of it for a name
	}
	return Read(z)
}

// read takes the most images from the caller so that tests can be small.
func read(fsys fs.FS, most int) (*data.Dataset, error) {
	paths, err := pictures(fsys, most)
	if err != nil {
		return nil, err
	}
	classes, sets, err := arrange(paths)
	if err != nil {
		return nil, err
	}
	d := &data.Dataset{Name: "own", Classes: classes}
	for s, m := range []*data.Images{&d.Train, &d.Test} {
		n := 0
		for _, list := range sets[s] {
			n += len(list)
		}
		pixels := make(data.Memory, n*3*side*side)
		*m = data.Images{Size: side, Pixels: pixels, Labels: make([]int, 0, n)}
		for c, class := range classes {
			for _, p := range sets[s][class] {
				m.Labels = append(m.Labels, c)
				if err := picture(pixels.At(m.Len()-1, side), fsys, p); err != nil {
					return nil, err
				}
			}
		}
	}
	return d, nil
}

// pictures lists the paths of all images as a walk meets them, which is by name.
func pictures(fsys fs.FS, most int) ([]string, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil && !utf8.ValidString(err.Error()) {
			return fmt.Errorf("folder: %q: %s", err, encoding) // so a zip says it
		}
		if err != nil {
			return fmt.Errorf("folder: %w", err)
		}
		if name := e.Name(); p != "." && (strings.HasPrefix(name, ".") || name == "__MACOSX") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		image := slices.Contains(endings, strings.ToLower(path.Ext(p)))
		switch link := e.Type() == fs.ModeSymlink; {
		case (e.IsDir() || image) && !fs.ValidPath(p):
			return fmt.Errorf("folder: %q: %s", p, encoding)
		case link && isDir(fsys, p):
			return fmt.Errorf("%s: a link to a folder, which is not followed: put the folder itself here", p)
		case !image || !link && !e.Type().IsRegular():
			return nil
		}
		if len(paths) == most {
			return fmt.Errorf("folder: more than %d images: take some out", most)
		}
		paths = append(paths, p)
		return nil
	})
	return paths, err
}

func isDir(fsys fs.FS, p string) bool {
	info, err := fs.Stat(fsys, p)
	return err == nil && info.IsDir()
}

// What a folder above the classes may be.
const (
	noSet = iota
	trainSet
	validSet
	testSet
)

// setOf knows the usual names of such folders.
func setOf(name string) int {
	switch strings.ToLower(name) {
	case "train", "training":
		return trainSet
	case "val", "valid", "validation":
		return validSet
	case "test", "testing":
		return testSet
	}
	return noSet
}

// arrange finds the classes in the paths of a walk and gives the paths of the training and of the test set
// by class.
func arrange(paths []string) (classes []string, sets [2]map[string][]string, err error) {
	sets = [2]map[string][]string{{}, {}}
	fail := func(format string, args ...any) ([]string, [2]map[string][]string, error) {
		return nil, sets, fmt.Errorf(format, args...)
	}
	if len(paths) == 0 {
		return fail("folder: no images here: %s", layout)
	}
	cut := len(parent(paths))
	var have [testSet + 1]bool
	for _, p := range paths {
		top, _, _ := strings.Cut(p[cut:], "/")
		have[setOf(top)] = true
	}
	// One of them alone is a class of that name.
	split := have[trainSet] && (have[testSet] || have[validSet])
	for _, p := range paths {
		rel, s := p[cut:], 0
		if split {
			top, rest, _ := strings.Cut(rel, "/")
			switch set := setOf(top); {
			case set == noSet:
				return fail("%s: beside the training and the test folder: move it into one of them or take it out", p)
			case set == validSet && have[testSet]:
				continue
			case set != trainSet:
				s = 1
			}
			rel = rest
		}
		class, _, ok := strings.Cut(rel, "/")
		if !ok {
			return fail("%s: in no class's folder: move it into one or take it out; %s", p, layout)
		}
		sets[s][class] = append(sets[s][class], p)
	}
	all := maps.Clone(sets[0])
	maps.Copy(all, sets[1])
	classes = slices.Sorted(maps.Keys(all))
	if n := len(classes); n < 2 {
		return fail("folder: only the class %q has images: %s", classes[0], layout)
	} else if n > maxClasses {
		return fail("folder: %d classes: %s", n, layout)
	}
	for _, c := range classes {
		train, test := len(sets[0][c]), len(sets[1][c])
		switch {
		case split && train == 0:
			return fail("class %q: no images in the training folder: add some, or take the class out of the test folder", c)
		case split && test == 0:
			return fail("class %q: no images in the test folder: add some, or take the class out of the training folder", c)
		case train+test < 3:
			return fail("class %q: %d images, and at least 3 are needed: add some or take its folder out", c, train+test)
		case !split:
			kept := train - max(1, train/5)
			sets[0][c], sets[1][c] = sets[0][c][:kept], sets[0][c][kept:]
		}
	}
	return classes, sets, nil
}

// parent is the folder, its slash included, that all paths of a walk have in common, for which its
// first and last speak; the folder of a single class is none.
func parent(paths []string) string {
	first, last, cut := paths[0], paths[len(paths)-1], 0
	for {
		n := strings.Index(first[cut:], "/") + 1
		if n == 0 || !strings.HasPrefix(last, first[:cut+n]) {
			return first[:cut]
		}
		deeper := func(p string) bool { return strings.Contains(p[cut+n:], "/") }
		if !slices.ContainsFunc(paths, deeper) {
			return first[:cut]
		}
		cut += n
	}
}

// picture reads one image into dst.
func picture(dst []uint8, fsys fs.FS, p string) error {
	err := reading(fsys, p, func(r io.Reader) error {
		c, _, err := image.DecodeConfig(r)
		if err == nil && int64(c.Width)*int64(c.Height) > maxArea {
			err = errTooLarge(image.Pt(c.Width, c.Height))
		}
		return err
	})
	// Read from the start once more, for what is read twice must not be kept.
	if err == nil {
		err = reading(fsys, p, func(r io.Reader) error {
			img, err := imaging.Decode(r, imaging.AutoOrientation(true))
			if err != nil {
				return err
			}
			from, ok := img.(image.RGBA64Image) // as all that it gives are
			if !ok || img.Bounds().Empty() {
				return errors.New("no pixels in it")
			}
			shrink(dst, from)
			_, err = io.Copy(io.Discard, r) // a zip knows its checksum at the end
			return err
		})
	}
	if large, ok := errors.AsType[errTooLarge](err); ok {
		return fmt.Errorf("%s: %w: scale it down or take it out", p, large)
	}
	if err != nil {
		return fmt.Errorf("%s: not a sound PNG, JPEG, GIF, BMP or TIFF (%w): convert it, replace it or take it out", p, err)
	}
	return nil
}

// errTooLarge is the size of a refused image.
type errTooLarge image.Point

func (e errTooLarge) Error() string {
	return fmt.Sprintf("%d × %d pixels, more than %d megapixels", e.X, e.Y, maxArea/1_000_000)
}

func reading(fsys fs.FS, p string, do func(io.Reader) error) error {
	f, err := fsys.Open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	return do(f)
}

// shrink lays the largest centred square of img on white and averages it to side × side, each new
// pixel the mean, rounded half up, of what it covers, parts of pixels included; of a smaller square
// it takes the nearest pixels. All is in integers, so an image gives the same bytes everywhere.
func shrink(dst []uint8, img image.RGBA64Image) {
	b := img.Bounds()
	n := min(b.Dx(), b.Dy())
	left, top := b.Min.X+(b.Dx()-n)/2, b.Min.Y+(b.Dy()-n)/2
	for i := range side * side {
		var sum [3]uint64
		var area uint64
		firstY, lastY := covered(i/side, n)
		firstX, lastX := covered(i%side, n)
		for y := firstY; y <= lastY; y++ {
			high := overlap(i/side, y, n)
			for x := firstX; x <= lastX; x++ {
				weight := high * overlap(i%side, x, n)
				c := img.RGBA64At(left+x, top+y)
				white := 0xffff - uint64(c.A) // colours come multiplied by alpha
				sum[0] += weight * (uint64(c.R) + white)
				sum[1] += weight * (uint64(c.G) + white)
				sum[2] += weight * (uint64(c.B) + white)
				area += weight
			}
		}
		for c, v := range sum {
			dst[c*side*side+i] = uint8((2*v + area*257) / (2 * area * 257)) // 16 bits to 8
		}
	}
}

// covered are the first and the last of n pixels that new pixel i covers.
func covered(i, n int) (first, last int) {
	if n < side {
		middle := (2*i + 1) * n / (2 * side)
		return middle, middle
	}
	return i * n / side, ((i+1)*n - 1) / side
}

// overlap is how much of old pixel x the new pixel i covers, in parts of 1/side.
func overlap(i, x, n int) uint64 {
	if n < side {
		return 1
	}
	return uint64(min((x+1)*side, (i+1)*n) - max(x*side, i*n))
}
