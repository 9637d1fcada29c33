package ui

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hlrslab/core/data"
	"hlrslab/core/run"
)

// Own is what there is of the person's own images.
type Own struct {
	Name             string // "own", or "cifar10" where it is that
	Classes          []string
	Size             int // side in pixels
	Train, Test      int // images in all
	Least, LeastTest int // of the smallest class
}

// holding is what a set of images at hand has: the side, and images of every class.
type holding struct{ side, train, test int }

// holds says what there is of a set of images, if it is at hand.
func (l *Lab) holds(dataset string) (h holding, ok bool) {
	switch {
	case l.Own != nil && dataset == l.Own.Name:
		return holding{l.Own.Size, l.Own.Least, l.Own.LeastTest}, true
	case dataset == "toy":
		return holding{data.ToySide, data.ToyTrain, data.ToyTest}, true
	case dataset == "cifar10":
		return holding{data.PageSide, data.PageTrain, data.PageTest}, l.pack != ""
	}
	return holding{}, false
}

// mixed says whether the runs on the page that have something to show are on different images.
func (l *Lab) mixed() bool {
	set := ""
	return slices.ContainsFunc(l.Runs, func(r *Run) bool {
		if len(r.Epochs) == 0 {
			return false
		}
		set = cmp.Or(set, r.experiment().Dataset)
		return r.experiment().Dataset != set
	})
}

// nameOf is a run's name, with its images where those of the runs on the page differ.
func (l *Lab) nameOf(r *Run) string {
	if !l.mixed() {
		return r.Name
	}
	return fmt.Sprintf(Text.OnImages, r.Name, Text.Sets[r.experiment().Dataset])
}

// choose is the set that a new run of the controls would train on: what they ask for, or, until that is at hand, the best there
// is. Nothing stands for a person's own images.
func (l *Lab) choose(c run.Config) string {
	if _, ok := l.holds(c.Dataset); ok || c.Dataset == "own" {
		return c.Dataset
	}
	if _, ok := l.holds("cifar10"); ok {
		return "cifar10"
	}
	return "toy"
}

// settle gives the runs that can begin anew the real images, unless the person has picked others.
func (l *Lab) settle() {
	for _, r := range l.Runs {
		if _, real := l.holds("cifar10"); real && !r.Picked && !r.Fixed() && !r.Recorded && r.Config.Dataset == "toy" {
			r.Config.Dataset = "cifar10"
		}
		l.check(r, "")
	}
}

// classes is how many classes a set of images has.
func (l *Lab) classes(dataset string) int {
	if l.Own != nil && dataset == l.Own.Name {
		return len(l.Own.Classes)
	}
	return 10
}

// lacks says what a run asks for that its images, if they are at hand, do not have. The page has a part of CIFAR-10; from a larger
// pool than that, the command line would choose other images.
func (l *Lab) lacks(c run.Config) error {
	h, here := l.holds(c.Dataset)
	short := func(name string, asks, has int) error {
		if asks <= has {
			return nil
		}
		return run.FieldError{Field: name, Err: fmt.Errorf(Text.TooFew, asks, has)}
	}
	switch {
	case c.Dataset == "own" && !here:
		return run.FieldError{Field: "dataset", Err: errors.New(Text.NoOwn)}
	case !here:
		return nil
	case c.Dataset == "cifar10":
		if err := short("pool", c.Pool, h.train); err != nil {
			return err
		}
	}
	return cmp.Or(short("size", c.Size, h.side), short("n-max", c.NMax, h.train), short("test-images", c.TestImages, h.test*l.classes(c.Dataset)))
}

// Images says what is trained on, or would be.
func (l *Lab) Images() string {
	r := l.Run()
	set, here := r.Config.Dataset, true
	if r.seen() || r.Fixed() {
		set = r.Record.Config.Dataset
	}
	var text string
	if _, here = l.holds(set); set == "own" {
		if !here {
			return Text.NoOwn
		}
		return fmt.Sprintf(Text.OwnCounts, l.Own.Train, l.Own.Test, len(l.Own.Classes))
	}
	switch {
	case set == "toy":
		text = Text.Toy
	case here:
		return Text.Reduced
	case r.Recorded:
		text = Text.AsRecorded
	default:
		text = Text.NotHere
	}
	switch _, real := l.holds("cifar10"); {
	case real:
	case l.data.State == "downloading":
		text += " " + fmt.Sprintf(Text.Downloading, float64(l.data.Done)/1e6, float64(l.data.Total)/1e6)
	case l.data.State == "error":
		text += " " + Text.NotHad
	}
	return text
}

// Why is why the real images are not at hand, if the server says so.
func (l *Lab) Why() string {
	if _, real := l.holds("cifar10"); real || l.data.State != "error" {
		return ""
	}
	return l.data.Error
}

// OtherSet is what is trained on where that is not CIFAR-10: it is said where there is no room for the head of the page.
func (l *Lab) OtherSet() string {
	if text := l.Images(); text != Text.Reduced {
		return text
	}
	return ""
}

// Status takes the server's word on the real images; it says whether to ask again.
func (l *Lab) Status(raw []byte) bool {
	if json.Unmarshal(raw, &l.data) != nil {
		return false // a static host: there is no server to ask
	}
	if l.data.State == "ready" && l.pack == "" {
		l.pack = l.data.Pack
		l.settle()
	}
	return l.data.State == "downloading" || l.data.State == "error" // it is tried again
}

// Take takes the person's own images, for all runs of which nothing was made yet; where there is none, it offers to add one.
func (l *Lab) Take(own Own) {
	l.Own = &own
	text := fmt.Sprintf(Text.OwnRead, own.Train+own.Test, len(own.Classes))
	chosen := false
	for i, r := range l.Runs {
		if !r.fresh() {
			l.check(r, "")
			continue
		}
		if l.takes(r); !chosen && !l.Run().fresh() {
			l.FocusOn(i)
		}
		chosen = true
	}
	if chosen {
		l.say(text + " " + Text.OwnChosen)
		return
	}
	l.propose(text, Text.OwnRun, func() {
		if r := l.beside(l.Run(), ""); r != nil {
			l.takes(r)
		}
	})
}

// takes has a run be on the person's own images.
func (l *Lab) takes(r *Run) {
	r.Config.Dataset, r.Picked = l.Own.Name, true
	r.Config = l.fit(r.Config)
	l.check(r, "dataset")
}

// fit lowers what a configuration asks for to what its images have: a step with images of every class on both sides of the split.
func (l *Lab) fit(c run.Config) run.Config {
	h, here := l.holds(c.Dataset)
	if !here {
		return c
	}
	classes := l.classes(c.Dataset)
	c.Size = min(c.Size, h.side)
	c.NMax = min(c.NMax, h.train)
	c.TestImages = min(c.TestImages, h.test*classes) / classes * classes
	c.Imbalance = min(c.Imbalance, max(1, float64(c.NMax/2)))
	counts, err := c.Counts(classes)
	for least := int(field("batch").Min); err == nil && c.Batch/2 >= least; c.Batch /= 2 {
		if _, err := c.Steps(counts); err == nil {
			break
		}
	}
	return c
}

// without goes on where the images of a run that was to begin cannot be had: on the toy set, and that is said.
func (l *Lab) without(r *Run, why string) {
	did, asked := r.did, r.asked
	if r.File != nil { // it was to go on, which it can on its own images alone
		r.Started, r.Running, r.asked, r.Recorded = false, false, false, true
		l.say(fmt.Sprintf(Text.CannotGoOn, r.Name, why))
		return
	}
	r.clear()
	r.Config.Dataset = "toy"
	if l.check(r, "dataset"); r.Wrong.Text != "" {
		return
	}
	l.start(r)
	l.say(fmt.Sprintf(Text.InsteadOf, r.Name, why))
	r.asked, r.Running, r.did = asked, true, did
	l.Host.Send(r.slot, command(did, r.live), nil)
}
