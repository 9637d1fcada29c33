package ui

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hlrslab/core/run"
)

// shelf is how the table of the runs on this machine stands.
type shelf struct {
	order    string // the column that it is sorted by
	reversed bool   // against the order in which that column is first sorted
	filter   string // words that a run's name and settings have
	grouped  bool   // runs that differ by their seeds alone stand together
	ticked   map[string]bool
}

// column is one of the table's; less puts first what matters most, which is the least if it rises.
type column struct {
	id, name string
	rises    bool
	less     func(a, b Kept) int
	text     func(k Kept) string
}

func columnsOf() []column {
	falling := func(v func(Kept) float64) func(a, b Kept) int {
		return func(a, b Kept) int { return cmp.Compare(v(b), v(a)) }
	}
	percent := func(v func(Kept) float64) func(Kept) string {
		return func(k Kept) string { return fmt.Sprintf("%.1f", 100*v(k)) }
	}
	accuracy, tail := func(k Kept) float64 { return k.Accuracy }, func(k Kept) float64 { return k.Tail }
	return []column{
		{"name", Text.Run, true, func(a, b Kept) int { return cmp.Compare(a.Name, b.Name) }, nil},
		{"accuracy", Text.AccuracyHead, false, falling(accuracy), percent(accuracy)},
		{"tail", Text.TailHead, false, falling(tail), percent(tail)},
		{"skips", Text.SkipsHead, false, falling(func(k Kept) float64 { return float64(k.Skips) }), func(k Kept) string { return fmt.Sprint(k.Skips) }},
		{"entropy", Text.EntropyHead, false, falling(func(k Kept) float64 { return k.Entropy }), entropyText},
		{"epochs", Text.Epochs, false, falling(func(k Kept) float64 { return float64(k.Epochs) }), func(k Kept) string { return fmt.Sprintf(Text.Of, k.Epochs, k.Config.Epochs) }},
		{"when", Text.When, false, falling(func(k Kept) float64 { return float64(k.When) }), func(k Kept) string { return time.UnixMilli(k.When).Format(Text.TimeLayout) }},
	}
}

// sort has the table sorted by a column, the other way round if it is that already.
func (s *shelf) sort(by string) {
	s.order, s.reversed = by, s.order == by && !s.reversed
}

// shelved are the runs that pass the filter, in the order of the table.
func (l *Lab) shelved() (kept []Kept) {
	words := strings.Fields(strings.ToLower(l.shelf.filter))
	for _, k := range l.Kept {
		text := strings.ToLower(k.Name + " " + k.settings())
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			kept = append(kept, k)
		}
	}
	for _, c := range columnsOf() {
		if c.id == l.shelf.order {
			slices.SortStableFunc(kept, c.less)
		}
	}
	if l.shelf.reversed {
		slices.Reverse(kept)
	}
	return kept
}

// bySeeds are runs of one configuration but for the seed, together, in the order of their first ones.
func bySeeds(kept []Kept) (groups [][]Kept) {
	for _, k := range kept {
		c := k.Config
		c.Seed = 0
		i := slices.IndexFunc(groups, func(g []Kept) bool {
			other := g[0].Config
			other.Seed = 0
			return other.Equal(c)
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], k)
	}
	return groups
}

// runs is the table of what is kept.
func (l *Lab) runs() string {
	if len(l.Kept) == 0 {
		return note(Text.NoKept)
	}
	kept := l.shelved()
	var b strings.Builder
	fmt.Fprintf(&b, `<p class="buttons"><label>%s <input type="search" data-typed="filter" value="%s"></label><button type="button" data-act="group:" aria-pressed="%v">%s</button><button type="button" data-act="compare:">%s</button></p>`,
		escape(Text.Filter), escape(l.shelf.filter), l.shelf.grouped, escape(Text.GroupSeeds), escape(Text.CompareTicked))
	fmt.Fprintf(&b, `<table><caption>%s</caption><thead><tr><td></td>`, escape(fmt.Sprintf(Text.KeptTable, len(kept), len(l.Kept))))
	columns := columnsOf()
	for _, c := range columns {
		sorted := "none"
		switch {
		case c.id != l.shelf.order:
		case c.rises != l.shelf.reversed:
			sorted = "ascending"
		default:
			sorted = "descending"
		}
		fmt.Fprintf(&b, `<th scope="col" aria-sort="%s">%s</th>`, sorted, button("sort:"+c.id, c.name))
	}
	fmt.Fprintf(&b, `<th scope="col">%s</th><th scope="col">%s</th></tr></thead><tbody>`, escape(Text.SettingsHead), escape(Text.Do))
	groups := [][]Kept{kept}
	if l.shelf.grouped {
		groups = bySeeds(kept)
	}
	alone := l.shelf.grouped && len(groups) == len(kept)
	for _, g := range groups {
		if l.shelf.grouped && len(g) > 1 {
			b.WriteString(together(g, kept))
		}
		for _, k := range g {
			checked := ""
			if l.shelf.ticked[k.Key] {
				checked = " checked"
			}
			fmt.Fprintf(&b, `<tr data-key="%s"><td><input type="checkbox" data-choose="tick:%[1]s" aria-label="%[2]s"%[3]s></td>`, escape(k.Key), escape(fmt.Sprintf(Text.Tick, k.Name)), checked)
			for _, c := range columns {
				if c.text == nil {
					fmt.Fprintf(&b, `<th scope="row"><input type="text" data-choose="rename:%s" value="%s" aria-label="%s"></th>`, escape(k.Key), escape(k.Name), escape(fmt.Sprintf(Text.NameOf, k.Name)))
					continue
				}
				fmt.Fprintf(&b, `<td data-head="%s">%s</td>`, escape(c.name), escape(c.text(k)))
			}
			fmt.Fprintf(&b, `<td class="settings">%s</td><td>%s%s%s</td></tr>`, escape(k.settings()),
				named("open:"+k.Key, Text.Open, fmt.Sprintf(Text.OpenNamed, k.Name)), named("file:"+k.Key, Text.Export, fmt.Sprintf(Text.ExportNamed, k.Name)), named("forget:"+k.Key, Text.Delete, fmt.Sprintf(Text.DeleteNamed, k.Name)))
		}
	}
	b.WriteString("</tbody></table>")
	if alone {
		b.WriteString(note(escape(Text.NoSeeds)))
	}
	b.WriteString(energies(kept))
	return b.String()
}

// energies draws the accuracy of head and tail against what products take, of runs with a multiplier; it is empty where there are not two.
func energies(kept []Kept) string {
	kept = slices.DeleteFunc(slices.Clone(kept), func(k Kept) bool { return k.Energy == 0 })
	if len(kept) < 2 {
		return ""
	}
	var top float64
	for _, k := range kept {
		top = max(top, 10*math.Ceil(10*max(k.Head, k.Tail)))
	}
	p := plane{n: 101, top: max(top, 10), wide: chartW}
	var b strings.Builder
	fmt.Fprintf(&b, `<figure class="energies"><figcaption>%s</figcaption><p class="key"><span class="head">%s</span> <span class="tail">%s</span></p>`, escape(Text.EnergyTitle), escape(Text.Head), escape(Text.Tail))
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartX+p.wide+chartEnd, chartTall, escape(Text.EnergyTitle))
	for i := range 3 {
		v := p.top * float64(2-i) / 2
		fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%.3g</text>`, chartX, p.y(v), chartX+p.wide, chartX-10, p.y(v)+4, v)
	}
	for e := 0; e <= 100; e += 25 {
		fmt.Fprintf(&b, `<text x="%.1f" y="%g" text-anchor="middle">%d</text>`, p.x(float64(e)), chartY+chartH+16, e)
	}
	for _, k := range kept {
		for _, v := range []struct {
			name, class string
			accuracy    float64
		}{{Text.Head, "head", k.Head}, {Text.Tail, "tail", k.Tail}} {
			says := fmt.Sprintf(Text.EnergyPoint, k.Name, k.Config.Multiplier, 100*k.Energy, v.name, 100*v.accuracy)
			fmt.Fprintf(&b, `<circle class="seed %s" cx="%.1f" cy="%.1f" r="3.5"><title>%s</title></circle>`, v.class, p.x(min(100, 100*k.Energy)), p.y(100*v.accuracy), escape(says))
		}
	}
	return b.String() + `</svg></figure>`
}

// together is a row over runs that differ by their seeds: their mean, and a point for each on a scale that all rows share.
func together(group, all []Kept) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, k := range all {
		low, high = min(low, k.Accuracy), max(high, k.Accuracy)
	}
	const left, width = 6., 188.
	x := func(v float64) float64 { return left + width*(v-low)/max(high-low, 1e-9) }
	var mean, tail float64
	points, says := "", ""
	for _, k := range group {
		mean += k.Accuracy / float64(len(group))
		tail += k.Tail / float64(len(group))
		points += fmt.Sprintf(`<circle class="seed" cx="%.1f" cy="9" r="4"/>`, x(k.Accuracy))
		says += fmt.Sprintf(" %.1f", 100*k.Accuracy)
	}
	var square float64
	for _, k := range group {
		square += (k.Accuracy - mean) * (k.Accuracy - mean) / float64(len(group)-1)
	}
	points += fmt.Sprintf(`<path class="mean" d="M%.1f 1v16"/>`, x(mean))
	return fmt.Sprintf(`<tr class="group"><td></td><th scope="row">%s</th><td>%.1f ± %.1f</td><td>%.1f</td><td colspan="6"><svg viewBox="0 0 200 18" role="img" aria-label="%s">%s</svg></td></tr>`,
		escape(fmt.Sprintf(Text.Seeds, len(group))), 100*mean, 100*math.Sqrt(square), 100*tail, escape(fmt.Sprintf(Text.SeedsSay, says)), points)
}

// compareTicked puts the runs that are ticked on the page, alone but for those that train, and shows their comparison.
func (l *Lab) compareTicked() {
	var keys []string
	for _, k := range l.Kept {
		if l.shelf.ticked[k.Key] {
			keys = append(keys, k.Key)
		}
	}
	switch {
	case len(keys) < 2:
		l.say(Text.NoneTicked)
		return
	case len(keys) > Most:
		l.say(fmt.Sprintf(Text.NoRoom, Most))
		return
	}
	ticked := func(r *Run) bool { return slices.Contains(keys, r.Key) || slices.Contains(keys, r.copyOf) }
	gone, back := l.clear(func() bool { return false }, ticked)
	left := len(keys)
	for _, key := range keys {
		l.bring(key, func(there bool) {
			if left--; left > 0 || !there {
				return
			}
			last, again := l.clear(func() bool { return false }, ticked) // one stays until there is another
			if l.look("compare"); len(gone)+len(last) > 0 {
				l.canUndo(fmt.Sprintf(Text.MadeRoom, strings.Join(append(gone, last...), ", ")), func() {
					again()
					back()
				})
			}
		})
	}
}

// Rename names the run in focus; as nothing, it stays as it is.
func (l *Lab) Rename(name string) {
	r := l.Run()
	if name = strings.TrimSpace(name); name == "" || name == r.Name {
		return
	}
	r.Name = l.unique(name, r.Key)
	if r.File != nil && r.Key != "" {
		l.keep(r)
	}
}

// rename names a kept run: here, and on the page if it is there. One that another tab has open is that one's.
func (l *Lab) rename(key, name string) {
	k := l.kept(key)
	if name = strings.TrimSpace(name); name == "" || name == k.Name {
		return
	}
	l.Host.Fetch(key, func(file File, ours bool) {
		switch {
		case file == nil:
			l.say(Text.NoLonger)
		case !ours:
			l.say(fmt.Sprintf(Text.OpenElsewhere, k.Name))
		default:
			k.Name = name
			l.Host.Keep(k, file)
			for _, r := range l.Runs {
				if r.Key == key {
					r.Name = name
				}
			}
		}
	})
}

// entropyText is the entropy of a run's alphas, which a training has none of.
func entropyText(k Kept) string {
	if k.Config.Task == run.Train {
		return "–"
	}
	return fmt.Sprintf("%.3f", k.Entropy)
}

// named is a button whose label needs more words for who does not see where it stands.
func named(act, label, name string) string {
	return fmt.Sprintf(`<button type="button" data-act="%s" aria-label="%s">%s</button> `, escape(act), escape(name), escape(label))
}
