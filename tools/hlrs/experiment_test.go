package main

import (
	"testing"

	"hlrslab/core/run"
)

// TestFlags: a command has a flag for each field of its task, under the field's name and with its value of no preset, and for no other.
func TestFlags(t *testing.T) {
	parser, b, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if b.experiments[command.Name] == nil {
			continue
		}
		kind := kindOf(run.TaskName(command.Name))
		c, err := kind.preset("full")
		if err != nil {
			t.Fatal(err)
		}
		has := map[string]string{}
		for _, f := range command.Flags {
			has[f.Name] = f.Default
		}
		for _, f := range run.Fields() {
			value, is := has[f.Name]
			if want := f.Of(kind.task) && f.Name != "task"; is != want {
				t.Errorf("%s: a flag %s: %v, not %v", command.Name, f.Name, is, want)
			}
			if is && value != f.Value(c) {
				t.Errorf("%s: --%s is %q, not %q", command.Name, f.Name, value, f.Value(c))
			}
		}
	}
}
