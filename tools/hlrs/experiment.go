package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

// Experiment is a configuration: the default gives way to a preset, that to the images of the run whose genotype is trained, those to
// a file, that to a flag, whatever their order.
type Experiment struct {
	run.Config `embed:""`

	Preset string `placeholder:"NAME" help:"Configuration to start from."`
	File   string `name:"config" type:"existingfile" placeholder:"FILE" help:"Configuration to start from, as a run folder's config.json."`

	origin *origin // of the genotype on the command line
}

// base gives the flags of a configuration that are not on the command line their values, and the fields that a command has no
// flags of. Its error comes before kong's own.
type base struct {
	experiments map[string]*Experiment // by command
	origin      *origin                // of the genotype on the command line, if there is one
	config      run.Config
	err         error
	known       bool
}

func (b *base) resolve(k *kong.Context, at *kong.Path, flag *kong.Flag) (any, error) {
	if at.Command == nil || b.experiments[at.Command.Name] == nil {
		return nil, nil
	}
	if !b.known {
		b.known = true
		kind, e := kindOf(run.TaskName(at.Command.Name)), b.experiments[at.Command.Name]
		from := b.origin
		if like := given(k, "like"); like != "" {
			record, err := runfolder.Record(like)
			if err != nil {
				b.err = fmt.Errorf("--like %w", err)
				return nil, nil
			}
			config := record.InForce()
			from = &origin{config: &config}
		}
		b.config, b.err = read(kind, given(k, "preset"), given(k, "config"), from)
		if way := given(k, "way"); way != "" && b.err == nil {
			if epochs, _ := run.FieldOf("epochs"); given(k, "epochs") != "" { // by which a way may go
				b.err = epochs.Set(&b.config, given(k, "epochs"))
			}
		}
		if way := given(k, "way"); way != "" && b.err == nil {
			if b.config, b.err = b.config.Goes(way); b.err != nil {
				b.err = fmt.Errorf("--%w", b.err)
			}
		}
		for _, f := range run.Fields() {
			if !offered(f, kind.task) {
				b.err = errors.Join(b.err, f.Set(&e.Config, f.Value(b.config)))
			}
		}
		e.origin = b.origin
	}
	if f, is := run.FieldOf(flag.Name); is && b.err == nil {
		if v := f.Value(b.config); v != "" {
			return v, nil
		}
	}
	return nil, nil
}

// Decode implements kong.Mapper, for --genotype.
func (b *base) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("genotype", &text); err != nil {
		return err
	}
	if !b.known { // on the command line, and not what has been read
		o, err := readOrigin(text)
		if err != nil {
			b.err = err
			return err
		}
		b.origin, text = o, o.genotype
	}
	target.SetString(text)
	return nil
}

// offered says whether a field is a flag of a task's commands.
func offered(f run.Field, task run.TaskName) bool { return f.Of(task) && f.Name != "task" }

// offer leaves each command the flags of its task, with the values they have without a preset.
func (b *base) offer(app *kong.Application) error {
	for _, command := range app.Children {
		if b.experiments[command.Name] == nil {
			continue
		}
		kind := kindOf(run.TaskName(command.Name))
		c, err := kind.preset("full")
		if err != nil {
			return err
		}
		command.Flags = slices.DeleteFunc(command.Flags, func(flag *kong.Flag) bool {
			f, is := run.FieldOf(flag.Name)
			if is {
				flag.Default = f.Value(c)
				flag.HasDefault = flag.Default != ""
			}
			switch flag.Name {
			case "preset":
				flag.Help = kind.starts
			case "genotype":
				flag.Help, flag.PlaceHolder, flag.HasDefault, flag.Mapper = fmt.Sprintf("%s By default %s.", genotypes, c.Genotype), "RUN|FILE|NAME", false, b
			}
			return is && !offered(f, kind.task)
		})
	}
	return nil
}

// given is the value of a flag on the command line.
func given(k *kong.Context, name string) string {
	for _, p := range k.Path {
		if p.Flag != nil && !p.Resolved && p.Flag.Name == name {
			return fmt.Sprint(k.FlagValue(p.Flag))
		}
	}
	return ""
}

// read reads a file over the images of a genotype's run over a preset; each of them may be missing.
func read(kind kind, preset, file string, from *origin) (c run.Config, err error) {
	if c, err = kind.preset(cmp.Or(preset, "full")); err != nil {
		return c, err
	}
	from.images(&c)
	if file == "" {
		return c, nil
	}
	f, err := disk.Open(file)
	if err != nil {
		return c, fmt.Errorf("--config %w", err)
	}
	defer f.Close()
	if err := c.Decode(f); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	if c.Task != kind.task {
		return c, fmt.Errorf("%s: task: it configures %s, not %s; give it to hlrs %s", file, kindOf(c.Task).one, kind.one, c.Task)
	}
	return c, nil
}

// asked is a field that the command line asks for, whatever its value, and how.
type asked struct {
	field run.Field
	how   string
	flag  bool
}

// asks lists what the command line says of the configuration: with a preset all of it, with a file its keys.
func (e *Experiment) asks(k *kong.Context) (all []asked, err error) {
	var keys map[string]json.RawMessage
	if e.File != "" {
		raw, err := os.ReadFile(e.File)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &keys); err != nil {
			return nil, fmt.Errorf("%s: %w", e.File, err)
		}
	}
	flags := map[string]bool{}
	for _, p := range k.Path {
		if p.Flag != nil && !p.Resolved {
			flags[p.Flag.Name] = true
		}
	}
	for _, f := range run.Fields() {
		value, key := f.Value(e.Config), false
		words := value
		if f.Name == "genotype" && e.origin != nil {
			words = e.origin.named
		}
		for name := range keys {
			key = key || strings.EqualFold(name, f.Name) // as encoding/json reads it
		}
		switch {
		case flags[f.Name] && f.Kind == reflect.Bool:
			all = append(all, asked{f, "--" + f.Name + "=" + value, true})
		case flags[f.Name]:
			all = append(all, asked{f, "--" + f.Name + " " + words, true})
		case key:
			all = append(all, asked{f, fmt.Sprintf("--config %s (%s %s)", e.File, f.Name, value), false})
		case e.Preset != "":
			all = append(all, asked{f, fmt.Sprintf("--preset %s (%s %s)", e.Preset, f.Name, value), false})
		}
	}
	return all, nil
}

// useful refuses a flag that would change nothing: who gives it expects something of it.
func (c *taskCommand) useful() error {
	for _, a := range c.asked {
		if why := a.field.Idle(c.Config); a.flag && why != "" {
			return fmt.Errorf("%s: it would change nothing, because %s; leave the flag out, or change that setting, too", a.how, why)
		}
	}
	return nil
}

// unchanged reports the first thing asked for that the run to resume has not.
func (c *taskCommand) unchanged(record run.Record) error {
	run := record.InForce()
	for _, a := range c.asked {
		if has := a.field.Value(run); a.field.Value(c.Config) != has {
			return fmt.Errorf("%s: the run in %s has %s and keeps it; leave the flag out, or start a new run with --out", a.how, c.Resume, has)
		}
	}
	return nil
}

// limits is a flag's help with the values it takes.
func limits(v *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(v)
	if f, is := run.FieldOf(v.Name); is && v.Target.IsValid() {
		switch families := f.ParamOf(); {
		case families != nil:
			var ranges []string
			for _, family := range families {
				if p := family.Param; p.Name != "" {
					ranges = append(ranges, fmt.Sprintf("%s %v to %v", family.ID, p.Min, p.Max))
				}
			}
			help += " Of " + strings.Join(ranges, ", ") + "."
		case f.Enum != nil:
			help += " One of " + strings.Join(f.Enum, ", ") + "."
		case !math.IsNaN(f.Min):
			help += fmt.Sprintf(" From %v to %v.", f.Min, f.Max)
		case f.Kind == reflect.Uint64:
			help += " A whole number from 0."
		}
		if wants := f.Wants(); len(wants) == 1 && wants[0].Other.Name != "task" {
			w, is := wants[0], "is"
			if w.Not {
				is = "is not"
			}
			help += fmt.Sprintf(" It counts only where %s %s %s.", w.Other.Name, is, w.Value)
		}
	}
	return help
}
