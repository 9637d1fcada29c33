package ui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/data"
	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// The first screen: what goes in, the two branches, the search, and what it came to.

// The pictures of thumbnails that come with the page, by set: a row of images for each of its classes.
var sheets = map[string]string{"cifar10": "public/tail.jpg", "toy": "public/toy.jpg"}

const (
	sheetColumns = 6
	sheetRows    = 10
)

// thumbnails are images of a class on a sheet, from one on, in a row of that height; the last may be cut off.
func thumbnails(sheet string, x, y, width, height float64, class, from int) string {
	const side = data.PageSide
	return fmt.Sprintf(`<svg x="%.1f" y="%.1f" width="%.1f" height="%g" viewBox="%d %d %.2f %d"><image href="%s" width="%d" height="%d"/></svg>`,
		x, y, width, height, side*from, side*class, side*width/height, side, sheet, side*sheetColumns, side*sheetRows)
}

// sheet has the thumbnails of the images of the run in focus; it is empty where there are none.
func (l *Lab) sheet() string { return sheets[l.Run().experiment().Dataset] }

// lead says what there is to learn from.
func (l *Lab) lead() string {
	counts, order, err := l.counts()
	if err != nil {
		return escape(err.Error())
	}
	head, tail := order[0], order[len(order)-1]
	return escape(fmt.Sprintf(Text.Lead, counts[head], l.class(head), counts[tail], l.class(tail)))
}

// tail is the images of each class, from head to tail: as many as there are, to scale.
func (l *Lab) tail() string {
	counts, order, err := l.counts()
	if err != nil {
		return note(escape(err.Error()))
	}
	const room, tile = 144., 24.
	shown := order[:min(len(order), 12)]
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="counts" role="img" aria-label="%s">`, escape(Text.ClassesDrawn))
	for _, c := range shown {
		width := max(2, room*float64(counts[c])/float64(max(1, counts[order[0]])))
		strip := fmt.Sprintf(`<rect class="count" width="%.1f" height="%g"/>`, width, tile)
		if sheet := l.sheet(); sheet != "" {
			strip = thumbnails(sheet, 0, 0, width, tile, c, 0)
		}
		fmt.Fprintf(&b, `<span>%s</span><svg viewBox="0 0 %g %g" preserveAspectRatio="xMinYMid">%s</svg><span>%d</span>`, escape(l.class(c)), room, tile, strip, counts[c])
	}
	b.WriteString(`</div>`)
	return b.String() + note(escape(Text.TestAlike))
}

// shares are the chances of the classes in a sampler's batches, by the counts of their images, in the middle of a run.
func shares(sampler string, counts []int) []float64 {
	m := data.Images{}
	var all []int
	for c, n := range counts {
		for range n {
			all = append(all, len(m.Labels))
			m.Labels = append(m.Labels, c)
		}
	}
	s, err := data.NewSampler(sampler, &m, all, 3, rand.NewPCG(1, 1))
	if err != nil {
		return nil
	}
	s.Epoch(1)
	p := s.Probabilities()
	if sampler == data.Samplers[0].ID { // which goes through a shuffled epoch
		for c, n := range counts {
			p[c] = float64(n) / float64(len(all))
		}
	}
	return p
}

// deal shares n images out, by the largest remainders.
func deal(shares []float64, order []int, n int) (classes []int) {
	count, left := make([]int, len(shares)), n
	for c, p := range shares {
		count[c] = int(p * float64(n))
		left -= count[c]
	}
	rest := slices.Clone(order)
	slices.SortStableFunc(rest, func(a, b int) int {
		ra, rb := shares[a]*float64(n)-float64(count[a]), shares[b]*float64(n)-float64(count[b])
		switch {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return 0
	})
	for _, c := range rest[:min(max(left, 0), len(rest))] {
		count[c]++
	}
	for _, c := range order {
		for range count[c] {
			classes = append(classes, c)
		}
	}
	return classes
}

// batchesOf shows what a batch of each branch is made of.
func (l *Lab) batchesOf() string {
	r := l.Run()
	counts, order, err := l.counts()
	if err != nil {
		return ""
	}
	c := r.experiment()
	two, sheet := field("mix").Counts(c), l.sheet()
	var b strings.Builder
	branch := func(name, sampler string) {
		const columns, tile, gap = 6, 30., 3.
		dealt := deal(shares(sampler, counts), order, 2*columns)
		fmt.Fprintf(&b, `<h4>%s</h4><svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, escape(name), columns*(tile+gap), 2*(tile+gap), escape(l.madeOf(dealt)))
		seen := map[int]int{}
		for i, c := range dealt {
			x, y := float64(i%columns)*(tile+gap), float64(i/columns)*(tile+gap)
			if sheet != "" {
				b.WriteString(thumbnails(sheet, x, y, tile, tile, c, seen[c]%sheetColumns))
				seen[c]++
			} else {
				fmt.Fprintf(&b, `<rect class="whole" x="%g" y="%g" width="%g" height="%g"/><text x="%g" y="%g" text-anchor="middle">%d</text>`, x, y, tile, tile, x+tile/2, y+tile/2+4, slices.Index(order, c)+1)
			}
		}
		b.WriteString(`</svg>`)
	}
	if two {
		branch(Text.BranchAsIs, c.Sampler)
		branch(Text.BranchRare, c.Rebalance)
	} else {
		branch(Text.OneBranch, c.Sampler)
	}
	if sheet == "" {
		b.WriteString(note(escape(Text.Ranks)))
	}
	return b.String()
}

// madeOf counts images by class, in words.
func (l *Lab) madeOf(classes []int) string {
	var parts []string
	for i := 0; i < len(classes); {
		n := i
		for n < len(classes) && classes[n] == classes[i] {
			n++
		}
		parts = append(parts, fmt.Sprintf("%d %s", n-i, l.class(classes[i])))
		i = n
	}
	return strings.Join(parts, ", ")
}

// forming is the normal cell of the shown epoch.
func (l *Lab) forming() string {
	r := l.Run()
	if e := r.at(l.Epoch); e != nil && !r.trains() {
		g := e.Report.Genotype
		key := `<p class="key">`
		for _, op := range darts.Primitives {
			if slices.ContainsFunc(g.Normal, func(e darts.Edge) bool { return e.Op == op }) {
				key += swatch("op", draw.Colours[op], draw.Short(op))
			}
		}
		return draw.Forming(Text.NormalCell, e.Report.Normal, g.Normal, g.NormalConcat) + key + `</p>` + note(escape(fmt.Sprintf(Text.Wide, r.Name)))
	}
	if g, ok := r.genotype(l.Epoch); ok {
		return draw.Cell(Text.NormalCell, g.Normal, g.NormalConcat)
	}
	return note(Text.NoCells)
}

// rival is the run that the one in focus is held against: the other recorded one, or else the one before or after it; nil if none
// has anything to see of the same images.
func (l *Lab) rival() *Run {
	var best *Run
	for i, r := range l.Runs {
		if i == l.Focus || len(r.Epochs) == 0 || r.trains() != l.Run().trains() || r.experiment().Dataset != l.Run().experiment().Dataset {
			continue
		}
		if best == nil || r.Story != "" && l.Run().Story != "" {
			best = r
		}
	}
	return best
}

// outcomes is what the run in focus came to at the shown epoch, beside its rival, and the cells of the recorded searches.
func (l *Lab) outcomes() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	other := l.rival()
	var b strings.Builder
	of := func(r *Run) string { return fmt.Sprint("run", slices.Index(l.Runs, r)) }
	while := Text.WhileSearching
	if r.trains() {
		while = Text.WhenTrained
	}
	fmt.Fprintf(&b, `<h4>%s</h4>`, escape(while))
	headline := func(r *Run, e *run.Event, others int) {
		name := r.Name
		if e.Epoch != others { // the numbers are of different times
			name = fmt.Sprintf(Text.AtEpoch, name, e.Epoch+1)
		}
		fmt.Fprintf(&b, `<p class="headline %s"><b>%.1f %%</b> %s</p>`, of(r), 100*e.Report.Accuracy, escape(name))
	}
	var against []float64
	if other == nil {
		headline(r, e, e.Epoch)
	} else {
		o := other.at(l.Epoch)
		headline(r, e, o.Epoch)
		headline(other, o, e.Epoch)
		if slices.Equal(o.Report.Classes, e.Report.Classes) {
			against = o.Report.PerClass
		}
	}
	if other != nil {
		if names := beyond(r.experiment(), other.experiment()); names != nil {
			b.WriteString(note(escape(fmt.Sprintf(Text.ElseDiffers, strings.Join(names, ", ")))))
		}
	}
	fmt.Fprintf(&b, `<p class="note">%s</p>`, escape(fmt.Sprintf(Text.AccuracyOf, 100/float64(len(e.Report.Classes)))))
	const left, width, row = 76., 126., 16.
	classes := e.Report.Classes[:min(len(e.Report.Classes), 12)]
	fmt.Fprintf(&b, `<svg viewBox="0 0 264 %g" role="img" aria-label="%s">`, row*float64(len(classes)), escape(Text.ByClass))
	for i, c := range classes {
		y := row * float64(i)
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text><rect class="%s bar" x="%g" y="%g" width="%.1f" height="7"/><text x="%.1f" y="%g"><tspan class="%s">%.0f</tspan>`, left-6, y+11, escape(l.class(c)), of(r), left, y+1, width*e.Report.PerClass[i],
			left+width*max(e.Report.PerClass[i], maxOf(against, i))+5, y+11, of(r), 100*e.Report.PerClass[i])
		if against != nil {
			fmt.Fprintf(&b, ` · <tspan class="%s">%.0f</tspan></text><rect class="%[1]s bar faint" x="%[3]g" y="%[4]g" width="%.1[5]f" height="5"/>`, of(other), 100*against[i], left, y+9, width*against[i])
		} else {
			b.WriteString(`</text>`)
		}
	}
	b.WriteString(`</svg>`)
	if l.variant() >= 0 {
		fmt.Fprintf(&b, `<h4>%s</h4><p class="verdict">%s</p>%s`, escape(Text.Worth), escape(l.found()), l.dots(Text.ResultTrained, true, 264))
	}
	return b.String()
}

// beyond are the labels of settings in which two experiments differ beside the curves of their schedules, and their seeds.
func beyond(a, b run.Config) (labels []string) {
	for _, f := range run.Fields() {
		curve := strings.HasPrefix(f.Name, "arch-") || f.Name == "mix" || strings.HasPrefix(f.Name, "mix-")
		if !curve && f.Group != "seeds" && (f.Counts(a) || f.Counts(b)) && f.Value(a) != f.Value(b) {
			labels = append(labels, f.Label)
		}
	}
	return labels
}

// maxOf is a value that may not be there.
func maxOf(y []float64, i int) float64 {
	if i < len(y) {
		return y[i]
	}
	return 0
}

// found says what the recorded cells were worth when trained: which are better than others, or that none can be told apart.
func (l *Lab) found() string {
	n := len(l.Recording.Seeds)
	for _, p := range l.Recording.Pairs {
		if a, b, told := p.Better(); told {
			return fmt.Sprintf(Text.FoundBetter, n, l.Recording.Variants[a].Name, l.Recording.Variants[b].Name)
		}
	}
	return fmt.Sprintf(Text.FoundAlike, n)
}
