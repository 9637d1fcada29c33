package imagefolder

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"golang.org/x/image/bmp"
)

// FuzzReadZip reads any bytes as a zip of at most 20 images: what is read has its images and labels.
func FuzzReadZip(f *testing.F) {
	picture := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(40 * i)
	}
	for ending, encode := range map[string]func(io.Writer) error{
		"png": func(w io.Writer) error { return png.Encode(w, picture) },
		"jpg": func(w io.Writer) error { return jpeg.Encode(w, picture, nil) },
		"gif": func(w io.Writer) error { return gif.Encode(w, picture, nil) },
		"bmp": func(w io.Writer) error { return bmp.Encode(w, picture) },
	} {
		for _, method := range []uint16{zip.Store, zip.Deflate} {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			for i := range 6 {
				w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("c%d/%d.%s", i%2, i, ending), Method: method})
				if err == nil {
					err = encode(w)
				}
				if err != nil {
					f.Fatal(err)
				}
			}
			if err := z.Close(); err != nil {
				f.Fatal(err)
			}
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		if len(z.File) > 20 {
			z.File = z.File[:20]
		}
		d, err := ReadZip(z)
		if err != nil {
			return
		}
		for _, m := range []int{d.Train.Len(), d.Test.Len()} {
			if m < len(d.Classes) {
				t.Errorf("%d images of %d classes", m, len(d.Classes))
			}
		}
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
	})
}
