package ui

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"hlrslab/core/folder"
	"hlrslab/core/run"
	"hlrslab/core/table"
)

// Kept is a run kept on this machine, without its file.
type Kept struct {
	Key      string     `json:"key"`
	Name     string     `json:"name"`
	When     int64      `json:"when"` // Unix time in milliseconds
	Config   run.Config `json:"config"`
	Epochs   int        `json:"epochs"` // done
	Accuracy float64    `json:"accuracy"`
	Head     float64    `json:"head,omitempty"`
	Tail     float64    `json:"tail"`
	Energy   float64    `json:"energy,omitempty"` // of its products; 0 in single precision
	Entropy  float64    `json:"entropy"`
	Skips    int        `json:"skips"`
	Devices  string     `json:"devices,omitempty"` // that computed it, if a GPU was among them
	Done     bool       `json:"done"`
	Away     bool       `json:"away,omitempty"` // the person took it off the page, or reset it

	Elsewhere bool `json:"-"` // another tab has it open
}

// settings are what sets a run apart from others.
func (k Kept) settings() string {
	text := differences(k.Config)
	if k.Devices != "" {
		text += ", " + fmt.Sprintf(Text.KeptOn, k.Devices)
	}
	return text
}

// keep keeps a run as it stood at the end of its last epoch.
func (l *Lab) keep(r *Run) {
	if k, ok := r.entry(); ok {
		l.Host.Keep(k, r.File)
	}
}

// entry is what the store is to know of a run.
func (r *Run) entry() (k Kept, ok bool) {
	e := r.last()
	if e == nil {
		return k, false
	}
	return Kept{
		Key: r.Key, Name: r.Name, When: time.Now().UnixMilli(), Config: r.Config, Epochs: len(r.Epochs),
		Accuracy: e.Report.Accuracy, Head: e.Report.Head, Tail: e.Report.Tail, Energy: e.Report.Energy, Entropy: e.Report.Entropy, Skips: e.Report.Counts["skip"],
		Devices: r.devices().String(), Done: r.Record.Done(),
	}, true
}

// putAway notes of a kept run that the person is done with it for now, though it is not finished.
func (l *Lab) putAway(r *Run) {
	k, ok := r.entry()
	if !ok || r.File == nil || r.Key == "" || k.Done {
		return
	}
	delete(l.left, r.Key)
	k.Away, k.When = true, cmp.Or(l.kept(r.Key).When, k.When)
	l.Host.Keep(k, r.File)
}

// kept is what is known of a run in the store.
func (l *Lab) kept(key string) Kept {
	i := slices.IndexFunc(l.Kept, func(k Kept) bool { return k.Key == key })
	if i < 0 {
		return Kept{}
	}
	return l.Kept[i]
}

// Stored takes what the store has.
func (l *Lab) Stored(kept []Kept) {
	first := l.left == nil
	l.Kept = kept
	if l.turns++; !first {
		return
	}
	l.left = map[string]bool{}
	for _, k := range kept {
		l.left[k.Key] = true
	}
	for _, r := range l.Runs { // what has its name from this page, which did not know those that are taken
		if name := r.Name; r.fresh() && r.Key == "" {
			r.Name = ""
			if r.Name = l.unique(name, ""); r.Name != name && len(name) == 1 {
				r.Name = l.letter()
			}
		}
	}
}

// sitting is how long before the latest run another one was left with it.
const sitting = time.Hour

// Unfinished are the runs that were left before their end when the page was left, the latest first: they are offered again, unless they
// are open here or in another tab.
func (l *Lab) Unfinished() (left []Kept) {
	var last int64
	for _, k := range l.Kept {
		last = max(last, k.When)
	}
	for _, k := range l.Kept {
		here := slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Key == k.Key })
		if l.left[k.Key] && !k.Away && !k.Done && k.Epochs < k.Config.Epochs && last-k.When < sitting.Milliseconds() && !k.Elsewhere && !here {
			left = append(left, k)
		}
	}
	slices.SortStableFunc(left, func(a, b Kept) int { return cmp.Compare(b.When, a.When) })
	return left
}

// offered is how many runs an offer names.
const offered = 3

// offer asks, in a line above the laboratory itself, whether to go on with what was left.
func (l *Lab) offer() string {
	left := l.Unfinished()
	if len(left) == 0 || !l.Settings() {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<p class="offer">` + escape(Text.Offer) + " ")
	for _, k := range left[:min(len(left), offered)] {
		b.WriteString(button("open:"+k.Key, fmt.Sprintf(Text.GoOn, k.Name, k.Epochs, k.Config.Epochs)))
	}
	if more := len(left) - offered; more > 0 {
		b.WriteString(button("place:"+string(Shelf), fmt.Sprintf(Text.GoOnMore, more)))
	}
	return b.String() + button("later:", Text.Close) + `</p>`
}

// open puts a kept run on the page, and goes to where it is to be seen.
func (l *Lab) open(key string) {
	l.bring(key, func(there bool) {
		if there {
			l.visit(Explore, "")
		}
	})
}

// bring puts a kept run on the page, and then says whether it is there. One that another tab may write is shown as a copy, which is
// kept as a run of its own.
func (l *Lab) bring(key string, then func(there bool)) {
	l.Host.Fetch(key, func(file File, ours bool) {
		if file == nil {
			l.say(Text.NoLonger)
			then(false)
			return
		}
		name, as := l.kept(key).Name, key
		if !ours {
			as = ""
			if i := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.copyOf == key }); i >= 0 {
				l.FocusOn(i)
				then(true)
				return
			}
		}
		there := l.Import(name, as, file)
		if there && !ours {
			l.Run().copyOf = key
			l.say(fmt.Sprintf(Text.OtherTab, name))
		}
		then(there)
	})
}

// forget deletes a kept run, which can be taken back.
func (l *Lab) forget(key string) {
	k := l.kept(key)
	l.Host.Fetch(key, func(file File, ours bool) {
		switch {
		case file == nil:
			l.say(Text.NoLonger)
			return
		case !ours:
			l.say(fmt.Sprintf(Text.OpenElsewhere, k.Name))
			return
		}
		l.Host.Forget(key)
		l.canUndo(fmt.Sprintf(Text.WasDeleted, k.Name), func() { l.Host.Keep(k, file) })
	})
}

// Import puts a run's file on the page, in the place of a run of which nothing was made yet, or beside the others; one that is
// there already comes into focus. It says whether the run is there.
func (l *Lab) Import(name, key string, file File) bool {
	record, err := run.ReadRecord(bytes.NewReader(file.Bytes()))
	if err != nil {
		l.say(fmt.Sprintf(Text.NoRun, name, err))
		return false
	}
	if i := slices.IndexFunc(l.Runs, func(r *Run) bool { return key != "" && r.Key == key }); i >= 0 {
		l.FocusOn(i)
		return true
	}
	r := l.Run()
	if !r.fresh() {
		if r = l.beside(r, ""); r == nil {
			return false
		}
	}
	r.Name = ""
	r.Name = l.unique(name, key)
	l.fill(r, key, record, file)
	l.Epoch = -1
	return true
}

// OpenFile opens a run's file of the person's, by the name of which the run is called.
func (l *Lab) OpenFile(file string, raw File) {
	if l.Import(runOf(file), "", raw) {
		l.visit(Explore, "")
	}
}

// runOf is the run's name in that of a file: save's prefix and suffix, and a browser's number, are no part of it.
func runOf(file string) string {
	name := strings.TrimSuffix(file, ".safetensors")
	if i := strings.LastIndex(name, " ("); i > 0 && strings.HasSuffix(name, ")") {
		name = name[:i]
	}
	saved, ours := strings.CutSuffix(name, "-"+strings.TrimSuffix(folder.Snapshot, ".safetensors"))
	if saved, named := strings.CutPrefix(saved, "hlrs-"); ours && named && saved != "" {
		name = strings.ToUpper(saved[:1]) + strings.ReplaceAll(saved[1:], "-", " ")
	}
	return name
}

// fill has a run be what a file holds.
func (l *Lab) fill(r *Run, key string, record run.Record, file File) {
	r.show(record)
	r.File, r.Key, r.Recorded, r.Picked = file, key, true, true
	l.check(r, "")
}

// Show puts the searches of the recording that comes with the page on it, which have no files to go on from: those that were there
// before the page was loaded again, or all in the place of the run that awaits them.
func (l *Lab) Show(r run.Recording) {
	l.Recording = &r
	at := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.Story == Text.RecordedRun })
	for i := range r.Variants {
		v := &r.Variants[i]
		if v.Record == nil {
			continue
		}
		j := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.Story == v.Name && r.Coming })
		if j < 0 && at >= 0 {
			l.slots++
			j = at
			l.Runs = slices.Insert(l.Runs, at, &Run{slot: l.slots})
			at++
		}
		if j < 0 {
			continue
		}
		run := l.Runs[j]
		run.show(*v.Record)
		run.Name, run.Story, run.Recorded, run.Picked = v.Name, v.Name, true, false
		l.check(run, "")
	}
	if at >= 0 {
		l.Runs = slices.Delete(l.Runs, at, at+1)
		l.Focus = max(0, min(l.Focus, len(l.Runs)-1))
	}
}

// presetOf is a task's small preset.
func presetOf(task run.TaskName) run.Config {
	if task == run.Train {
		return training(preset, preset.Genotype)
	}
	return preset
}

// differences is what a configuration has other than the small preset of its task, in short, and its images where those are others.
func differences(c run.Config) string {
	var out []string
	base := presetOf(c.Task)
	if c.Dataset != base.Dataset {
		out = append(out, Text.Sets[c.Dataset])
	}
	if c.Task == run.Train {
		out = append(out, "train "+brief(field("genotype"), c))
	}
	for _, f := range run.Fields() {
		if v := f.Value(c); v != f.Value(base) && f.Name != "dataset" && f.Name != "task" && f.Name != "genotype" && f.Counts(c) {
			out = append(out, f.Name+" "+brief(f, c))
		}
	}
	if out == nil {
		return Text.SmallOnly
	}
	return strings.Join(out, ", ")
}

// brief is a field's value, but for a genotype's notation, which is long and drawn elsewhere.
func brief(f run.Field, c run.Config) string {
	v := f.Value(c)
	if f.Name == "genotype" && strings.Contains(v, "=") {
		return Text.FoundCell
	}
	return v
}

// export hands out a run: as a file that goes on elsewhere, its genotype, its cells, its numbers, its figures. What is of one run
// is the file of its folder, behind the run's name.
func (l *Lab) export(what string) {
	r := l.Run()
	switch what { // for which no epoch has to be over
	case "link":
		l.Host.Copy(l.Host.Page() + "#" + l.Address())
		l.say(Text.LinkCopied)
		return
	case "result":
		l.link(r)
		return
	case "command":
		l.Host.Copy(commandLine(r.experiment()))
		l.say(Text.CommandCopied)
		return
	}
	e := r.at(l.Epoch)
	if e == nil {
		l.say(Text.NothingYet)
		return
	}
	var b bytes.Buffer
	switch what {
	case "run": // which a recording does not offer
		l.save(r.Name, r.File)
	case "csv":
		records, names := l.records()
		if err := table.CSV(&b, records, names); err != nil {
			l.say(err.Error())
			return
		}
		l.Host.Save("hlrs-runs.csv", "text/csv", b.Bytes())
	case "svg", "png":
		records, names := l.records()
		of := "hlrs-"
		if len(names) == 1 {
			of, names[0] = prefix(names[0]), ""
		}
		l.Host.Figure(of+strings.TrimSuffix(folder.Curves, "svg")+what, records, names)
	default:
		for _, f := range folder.Genotype(e.Report.Genotype) {
			if f.Name == what {
				_ = f.Write(&b) // a buffer takes all
			}
		}
		if what == folder.GenotypeText {
			l.Host.Copy(b.String())
			l.say(Text.Copied)
			return
		}
		l.Host.Save(fmt.Sprintf("%sepoch-%d-%s", prefix(r.Name), e.Epoch+1, what), "image/svg+xml", b.Bytes())
	}
}

// link copies a link that carries what there is to see of a run: of its file, or of what is shown.
func (l *Lab) link(r *Run) {
	text := r.Link
	record, err := r.Record.Thinned() // of a recording there is no more
	if r.File != nil {
		record, err = run.ReadRecord(bytes.NewReader(r.File.Bytes()))
	}
	if err == nil && text == "" {
		text, err = record.Link()
	}
	if err != nil {
		l.say(err.Error())
		return
	}
	l.Host.Copy(l.Host.Page() + "#" + query(map[string]string{"name": r.Name, "record": text}))
	l.say(fmt.Sprintf(Text.ResultCopied, (len(text)+1023)/1024))
}

// commandLine runs a configuration natively, to the same numbers.
func commandLine(c run.Config) string {
	base, text := presetOf(c.Task), strings.Join([]string{"hlrs", string(c.Task), "--preset", "small"}, " ")
	for _, f := range run.Fields() {
		v := f.Value(c)
		if !f.Of(c.Task) || f.Name == "task" || v == f.Value(base) || !f.Counts(c) {
			continue
		}
		between := " "
		if strings.HasPrefix(v, "-") { // or it would be taken for a flag
			between = "="
		}
		if v == "" || strings.ContainsAny(v, " ()'<>&;|*?$#!~`\"\\") {
			v = "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
		}
		switch {
		case f.Kind == reflect.Bool && v == "false":
			text += " --no-" + f.Name
		case f.Kind == reflect.Bool:
			text += " --" + f.Name
		default:
			text += " --" + f.Name + between + v
		}
	}
	return text
}

// prefix begins the names of a run's files.
func prefix(run string) string {
	return "hlrs-" + strings.ReplaceAll(strings.ToLower(run), " ", "-") + "-"
}

// save hands the person a run's file.
func (l *Lab) save(run string, file File) {
	if file == nil { // it was deleted meanwhile
		l.say(Text.NotKept)
		return
	}
	l.Host.Save(prefix(run)+folder.Snapshot, "application/octet-stream", file.Bytes())
}

// records are those of all runs on the page that have come to the end of an epoch, by names that say on which images if those differ.
func (l *Lab) records() (records []run.Record, names []string) {
	for _, r := range l.Runs {
		if len(r.Epochs) > 0 {
			records, names = append(records, r.Record), append(names, l.nameOf(r))
		}
	}
	return records, names
}
