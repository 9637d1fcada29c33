// Package figure draws the curves of runs for a publication: as SVG, and as PNG of 300 dots per inch.
package figure

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"io"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"hlrslab/core/run"
)

// Most is how many runs a figure compares at most.
const Most = 6

// SVG draws the runs over their epochs, 20 cm wide. One run's figure has its losses, accuracies, learning rates and mixing, or a
// training's its test losses and calibration error, too, and its name above them unless that is empty; a figure of several, up to Most,
// compares them, with one curve a run. Every run has a name; one of which no epoch has ended is an error.
func SVG(w io.Writer, records []run.Record, names []string) error {
	s, err := layOut(records, names)
	if err != nil {
		return err
	}
	canvas := vgsvg.New(width, s.height)
	s.draw(draw.New(canvas))
	_, err = canvas.WriteTo(w)
	return err
}

// PNG is SVG's figure with 300 dots per inch.
func PNG(w io.Writer, records []run.Record, names []string) error {
	s, err := layOut(records, names)
	if err != nil {
		return err
	}
	const dpi = 300
	canvas := vgimg.NewWith(vgimg.UseWH(width, s.height), vgimg.UseDPI(dpi))
	s.draw(draw.New(canvas))
	var b bytes.Buffer
	if err := png.Encode(&b, canvas.Image()); err != nil {
		return err
	}
	// Go's encoder does not say how large a dot is, and without that a figure is set in any size. The chunk goes behind the
	// header, which ends at byte 33.
	size := binary.BigEndian.AppendUint32([]byte("pHYs"), dpi*10000/254) // dots per metre
	size = append(binary.BigEndian.AppendUint32(size, dpi*10000/254), 1)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(size)-4)), size...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(size))
	for _, part := range [][]byte{b.Bytes()[:33], chunk, b.Bytes()[33:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
