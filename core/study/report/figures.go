package report

import (
	"bytes"
	"image/color"
	"io"
	"slices"
	"strconv"

	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"hlrslab/core/study"
)

// Figure is a plot, or the drawing of a cell.
type Figure struct {
	Name           string // of its files, without their ending
	Title, Caption string

	width, height vg.Length
	draw          func(draw.Canvas)
	cell          string // SVG of a cell
}

// Plot says whether the figure is one, which has a PDF, too.
func (f Figure) Plot() bool { return f.draw != nil }

// SVG writes the figure on white.
func (f Figure) SVG(w io.Writer) error {
	svg, err := f.svg(true)
	if err == nil {
		_, err = w.Write(svg)
	}
	return err
}

// svg is the figure on white, or on nothing.
func (f Figure) svg(white bool) ([]byte, error) {
	if !f.Plot() {
		return []byte(f.cell), nil
	}
	canvas := vgsvg.New(f.width, f.height)
	c := draw.New(canvas)
	if white {
		c.SetColor(color.White)
		c.Fill(c.Rectangle.Path())
	}
	f.draw(c)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// Liberation Sans is what it was laid out by; the others are as wide.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif")), nil
}

// PDF writes a plot.
func (f Figure) PDF(w io.Writer) error {
	canvas := paper{vgpdf.New(f.width, f.height)}
	f.draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}

// paper is a vgpdf canvas with what that expects: texts in its fonts' encoding, and colours that are not multiplied by their alpha.
type paper struct{ *vgpdf.Canvas }

// SetColor implements vg.Canvas.
func (c paper) SetColor(of color.Color) {
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(of).(color.NRGBA)))
}

type straight color.NRGBA

// RGBA is what vgpdf reads.
func (c straight) RGBA() (r, g, b, a uint32) {
	return 0x101 * uint32(c.R), 0x101 * uint32(c.G), 0x101 * uint32(c.B), 0x101 * uint32(c.A)
}

// FillString implements vg.Canvas.
func (c paper) FillString(f font.Face, at vg.Point, text string) {
	var b []byte
	for _, r := range text {
		k, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			k = '?'
		}
		b = append(b, k)
	}
	c.Canvas.FillString(f, at, string(b))
}

// figures are all that there is something to draw for.
func (r *Report) figures() (all []Figure) {
	add := func(f Figure, ok bool) {
		if ok {
			all = append(all, f)
		}
	}
	add(r.points())
	all = append(all, r.fields()...)
	add(r.differences())
	add(r.profiles())
	add(r.classes())
	add(r.against("parameters", "Accuracy and parameters", "parameters of the network, thousands", "Each point is a "+r.one()+"’s last network.", number, parameters, r.Measure))
	add(r.against("skips", "Accuracy and skip connections", "skip connections of both cells", "Each point is a "+r.one()+"; points of one number stand side by side.", whole, skips, r.Measure))
	if search, err := r.Plan.MeasureOf("search"); err == nil {
		if trained, err := r.Plan.MeasureOf("trained"); err == nil {
			add(r.against("ranks", "Search-time and trained accuracy", "accuracy of the search network, %", "Each point is a "+r.one()+": what its search network came to, and the cell that it found, trained from scratch.", number, search.Of, trained))
		}
	}
	add(r.epochs())
	add(r.schedules())
	return append(all, r.cells()...)
}

// fields are the measure against each field of a sample that is a number.
func (r *Report) fields() (all []Figure) {
	for _, f := range r.Plan.Sampled() {
		axis := func(variant string) (study.Axis, bool) { return r.Plan.Study.Axis(variant, f.Name) }
		kind := factors
		if slices.ContainsFunc(r.Plan.Variants(), func(v string) bool { a, ok := axis(v); return ok && !a.Log }) {
			kind = number
		}
		of := func(result study.Result) (float64, bool) {
			_, ok := axis(result.Variant)
			v, err := strconv.ParseFloat(f.Value(result.Config), 64)
			return v, ok && err == nil
		}
		x := f.Name
		if f.Unit != "" {
			x += ", " + f.Unit
		}
		if figure, ok := r.against("field-"+f.Name, r.Measure.Title+" and "+f.Name, x,
			"Each point is a run. Its seed and the other fields that were sampled differ, too, so that points scatter by these, as well.", kind, of, r.Measure); ok {
			all = append(all, figure)
		}
	}
	return all
}

// along are the names of such figures.
func (r *Report) along() (names []string) {
	for _, f := range r.Plan.Sampled() {
		names = append(names, "field-"+f.Name)
	}
	return names
}

// parameters are the last network's, in thousands; skips the found cells' skip connections.
func parameters(r study.Result) (float64, bool) {
	final := r.Final()
	if final == nil {
		return 0, false
	}
	return float64(final.Facts.Params) / 1000, true
}

func skips(r study.Result) (float64, bool) {
	g, ok := r.Genotype()
	return float64(g.Counts()["skip"]), ok
}
