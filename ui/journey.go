package ui

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// trains says whether the run trains a network; otherwise it searches.
func (r *Run) trains() bool { return r.experiment().Task == run.Train }

// genotype is that of an epoch of a search, or that which the run trains: this one is known before the first.
func (r *Run) genotype(epoch int) (g darts.Genotype, ok bool) {
	if c := r.experiment(); c.Task == run.Train {
		g, err := darts.ReadGenotype(c.Genotype)
		return g, err == nil && c.Network == run.CellNetwork
	}
	if e := r.at(epoch); e != nil {
		return e.Report.Genotype, true
	}
	return g, false
}

// training is a configuration that trains a genotype on the images of a run, as the small preset trains.
func training(of run.Config, genotype string) run.Config {
	c := of
	if of.Task != run.Train {
		var err error
		if c, err = run.TrainingPreset("small"); err != nil {
			panic(err)
		}
		c = c.After(of)
	}
	c.Genotype = genotype
	return c
}

// Cells are what can be trained beside each other at a press: the cell at the epoch shown, and those that it has to be better than.
// A training is offered the others.
func (l *Lab) Cells() (cells []Trial) {
	r := l.Run()
	add := func(name, note, genotype string) {
		cells = append(cells, Trial{Name: name, Note: note, Set: map[string]string{"genotype": genotype}})
	}
	if e := r.at(l.Epoch); e != nil && !r.trains() {
		add(fmt.Sprintf(Text.CellOf, r.Name, e.Epoch+1), Text.CellNote, e.Report.Genotype.String())
	}
	add(Text.RandomCell, Text.RandomCellNote, fmt.Sprint("random:", r.experiment().Seed))
	add(Text.DARTSCell, Text.DARTSCellNote, "DARTS_V2")
	add(Text.SkipCell, Text.SkipCellNote, "all:skip_connect")
	return cells
}

// train trains one of Cells.
func (l *Lab) train(n int) {
	r, cells := l.Run(), l.Cells()
	if n >= len(cells) {
		return
	}
	of := r.experiment()
	c := training(of, cells[n].Set["genotype"])
	if r.Of != nil {
		of = *r.Of
	}
	l.oneOf(cells[n].Name, c, r.Picked, &of, func(r *Run) bool { return r.trains() && r.experiment().Equal(c) })
}

// trainings are the buttons that train cells.
func (l *Lab) trainings() string {
	var b strings.Builder
	b.WriteString(`<p>`)
	for i, c := range l.Cells() {
		label := fmt.Sprintf(Text.Train, c.Name)
		if i == 0 && !l.Run().trains() && l.Run().at(l.Epoch) != nil {
			label = Text.TrainThis
		}
		fmt.Fprintf(&b, `<button type="button" data-act="train:%d" title="%s">%s</button> `, i, escape(c.Note), escape(label))
	}
	return b.String() + `</p>`
}

// trained is the training of a cell that the run in focus found, if it is on the page, or -1; searched the search that the run in
// focus trains a cell of.
func (l *Lab) trained() int {
	r := l.Run()
	return slices.IndexFunc(l.Runs, func(other *Run) bool {
		return other.trains() && other.Of != nil && !r.trains() && other.Of.Equal(r.experiment())
	})
}

func (l *Lab) searched() int {
	r := l.Run()
	return slices.IndexFunc(l.Runs, func(other *Run) bool { return r.Of != nil && !other.trains() && other.experiment().Equal(*r.Of) })
}

// count is a number of things, in words.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// journey is the way from images to a result, and where the run in focus is on it.
func (l *Lab) journey() string {
	r := l.Run()
	search, training := l.Focus, l.trained()
	if r.trains() {
		search, training = l.searched(), l.Focus
	}
	stand := func(i int, none string) string {
		switch {
		case i < 0:
			return none
		case !l.Runs[i].Started && !l.Runs[i].seen():
			return Text.NotYet
		}
		o := l.Runs[i]
		return fmt.Sprintf(Text.Of, len(o.Epochs), o.experiment().Epochs) + " " + Text.EpochsSmall
	}
	var b strings.Builder
	step := func(name, says, act string, here bool) {
		current := ""
		if here {
			current = ` aria-current="step"`
		}
		fmt.Fprintf(&b, `<li%s><button type="button" data-act="%s">%s</button> <span>%s</span></li>`, current, act, escape(name), escape(says))
	}
	b.WriteString(`<ol>`)
	data := ""
	if counts, order, err := l.counts(); err == nil {
		data = fmt.Sprintf(Text.JourneyCounts, counts[order[0]], counts[order[len(order)-1]])
	}
	step(Text.JourneyData, data, "look:classes", false)
	step(Text.JourneySearch, stand(search, Text.NoSearch), fmt.Sprint("go:", search), !r.trains())
	cell := Text.NotYet
	if g, ok := r.genotype(l.Epoch); ok {
		n := g.Counts()
		cell = fmt.Sprintf(Text.JourneyCell, count(n["skip"], "skip"), count(n["pool"], "pool"), count(n["conv"], "convolution"))
	}
	step(Text.JourneyCellName, cell, "look:cells", false)
	act, trained, result := fmt.Sprint("go:", training), stand(training, Text.NoTraining), Text.NotYet
	look := "look:accuracy"
	if len(l.Runs) > 1 {
		look = "look:compare"
	}
	if training < 0 {
		act = "look:cells"
		if v := l.variant(); v >= 0 {
			_, mean := l.accuracies(v, true)
			act, look = "look:results", "look:results"
			trained, result = fmt.Sprintf(Text.JourneyRecorded, len(l.Recording.Seeds)), fmt.Sprintf(Text.JourneyMean, mean)
		}
	}
	step(Text.JourneyTraining, trained, act, r.trains())
	if training >= 0 {
		if e := l.Runs[training].last(); e != nil {
			result = fmt.Sprintf(Text.JourneyAccuracy, 100*e.Report.Accuracy)
		}
	}
	step(Text.JourneyResult, result, look, false)
	return b.String() + `</ol>`
}
