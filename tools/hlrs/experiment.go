package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// Experiment is a configuration: the default gives way to a preset, that to a file, that to a flag, whatever their order.
type Experiment struct {
	run.Config `embed:""`

	Preset string `placeholder:"NAME" help:"Start from tiny (seconds), small (a minute or two) or full (the base of the paper; the default)."`
	File   string `name:"config" type:"existingfile" placeholder:"FILE" help:"Configuration to start from, as a run folder's config.json."`
}

// base gives the flags of a configuration that are not on the command line their values. Its error comes before kong's own.
type base struct {
	config run.Config
	err    error
	known  bool
}

func (b *base) resolve(k *kong.Context, at *kong.Path, flag *kong.Flag) (any, error) {
	if at.Command == nil || at.Command.Name != "search" && at.Command.Name != "bench" {
		return nil, nil
	}
	for _, f := range run.Fields() {
		if f.Name != flag.Name {
			continue
		}
		if !b.known {
			b.known = true
			b.config, b.err = read(given(k, "preset"), given(k, "config"))
		}
		if v := f.Value(b.config); v != "" && b.err == nil {
			return v, nil
		}
	}
	return nil, nil
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

// read reads a file over a preset over the default; either may be missing.
func read(preset, file string) (c run.Config, err error) {
	c = run.Default()
	if preset != "" {
		if c, err = run.Preset(preset); err != nil {
			return c, err
		}
	}
	if file == "" {
		return c, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if err := c.Decode(f); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
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
		for name := range keys {
			key = key || strings.EqualFold(name, f.Name) // as encoding/json reads it
		}
		switch {
		case flags[f.Name] && f.Kind == reflect.Bool:
			all = append(all, asked{f, "--" + f.Name + "=" + value, true})
		case flags[f.Name]:
			all = append(all, asked{f, "--" + f.Name + " " + value, true})
		case key:
			all = append(all, asked{f, fmt.Sprintf("--config %s (%s %s)", e.File, f.Name, value), false})
		case e.Preset != "":
			all = append(all, asked{f, fmt.Sprintf("--preset %s (%s %s)", e.Preset, f.Name, value), false})
		}
	}
	return all, nil
}

// useful refuses a flag that would change nothing: who gives it expects something of it.
func (c *searchCommand) useful() error {
	for _, a := range c.asked {
		if why := a.field.Idle(c.Config); a.flag && why != "" {
			return fmt.Errorf("%s: it would change nothing, for %s; leave it out, or change that", a.how, why)
		}
	}
	return nil
}

// unchanged reports the first thing asked for that the run to resume has not.
func (c *searchCommand) unchanged(record run.Record) error {
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
	for _, f := range run.Fields() {
		if f.Name != v.Name || !v.Target.IsValid() {
			continue
		}
		families := map[string][]sched.Family{"arch-param": sched.Families, "mix-param": sched.Mixes}[f.Name]
		switch {
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
		if name, value, _ := strings.Cut(f.Needs, "="); f.Needs != "" {
			is := "is"
			if name, _ = strings.CutSuffix(name, "!"); strings.Contains(f.Needs, "!=") {
				is = "is not"
			}
			help += fmt.Sprintf(" Only where %s %s %s.", name, is, value)
		}
	}
	return help
}
