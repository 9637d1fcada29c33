package run_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"hlrslab/core/ckpt"
	. "hlrslab/core/run"
	"hlrslab/core/task"
)

// few is a configuration whose snapshot has all there is in one, and little of it.
func few(t testing.TB) Config {
	c := tiny(t)
	c.NMax, c.Imbalance, c.TestImages, c.Batch, c.Epochs, c.Nodes = 12, 2, 10, 8, 3, 1
	return c
}

// midway is a run of few with a change behind it, a change before it, and a part of an epoch's test done.
func midway(t testing.TB) *Run {
	r := start(t, few(t), 1)
	step := func(until func() bool) {
		for !until() {
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(mix string) {
		c := r.Config()
		c.Mix = mix
		if err := r.Change(c); err != nil {
			t.Fatal(err)
		}
	}
	change("linear")
	step(func() bool { return r.Epoch == 1 })
	change("equal")
	step(func() bool { return r.Tested > 10 })
	change("increment")
	return r
}

// edited is a snapshot with another JSON part, and a checksum that is right.
func edited(t testing.TB, raw []byte, run func(string) string, history []byte) []byte {
	f, err := ckpt.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	f.Meta["run"] = run(f.Meta["run"])
	if history != nil {
		h, err := f.Find("history")
		if err != nil {
			t.Fatal(err)
		}
		h.Data, h.Shape = history, []int{len(history)}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil // as of a text that is no UTF-8
	}
	return b.Bytes()
}

// tried goes on with what Restore takes, for a whole epoch and more: it must not panic.
func tried(t testing.TB, raw []byte) (taken bool) {
	r, err := task.Restore(bytes.NewReader(raw), toy(), on(1))
	if err != nil {
		return false
	}
	defer r.Close()
	if err := r.Record().Validate(); err != nil {
		t.Errorf("restored, the record is not valid: %v", err)
	}
	for range 8 {
		if _, err := r.Step(); err != nil {
			break
		}
	}
	return true
}

// leaves calls f with a tree of JSON in which each value in turn is each of others.
func leaves(root map[string]any, others []any, f func(path string)) {
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				walk(path+"."+k, v[k], func(x any) { v[k] = x })
			}
		case []any:
			for i := range v {
				if i < 3 || i == len(v)-1 {
					walk(fmt.Sprint(path, "[", i, "]"), v[i], func(x any) { v[i] = x })
				}
			}
		}
		for _, x := range others {
			if !reflect.DeepEqual(x, v) {
				set(x)
				f(fmt.Sprintf("%s = %v", path, x))
			}
		}
		set(v)
	}
	for k, v := range root {
		walk("."+k, v, func(x any) { root[k] = x })
	}
}

var others = []any{-1.0, 0.0, 7.0, 1e300, nil, "", []any{}, map[string]any{}}

// TestRestoreTrustsNothing changes every value of a snapshot to others of all kinds.
func TestRestoreTrustsNothing(t *testing.T) {
	natively(t)
	raw := snapshot(t, midway(t))
	if !tried(t, raw) {
		t.Fatal("the snapshot itself is refused")
	}
	f, err := ckpt.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal([]byte(f.Meta["run"]), &root); err != nil {
		t.Fatal(err)
	}
	taken, all := map[string]bool{}, 0
	leaves(root, others, func(path string) {
		all++
		if tried(t, edited(t, raw, func(string) string { return text(t, root) }, nil)) {
			taken[path] = true
		}
	})
	// A run could have had other schedules before its change or after the next one, and other rates; and null is what was 0.
	could := regexp.MustCompile(`^\.(Next|Record\.config\.(arch-|rate|mix)|Record\.events\[\d\]\.(arch-)?rate|Record\.events\[\d\]\.mix|Position\.(Failed|Discrete|Seen\.(Loss|Sure\[\d+\])))| = <nil>$`)
	for path := range taken {
		if !could.MatchString(path) {
			t.Errorf("%s is taken", path)
		}
	}
	t.Logf("%d changed values, %d of them taken", all, len(taken))
}

// TestRestoreNames says of some of them what is wrong.
func TestRestoreNames(t *testing.T) {
	raw := snapshot(t, midway(t))
	for _, c := range []struct{ from, to, want string }{
		{`"Tested":18`, `"Tested":-1`, "-1 images of 2 × 10 tested"},
		{`"Tested":18`, `"Tested":8`, "confusion"},
		{`"Adam":`, `"Adam":1`, "steps of Adam"},
		{`"Epoch":1`, `"Epoch":7`, "epoch 7, step"},
		{`"Position":{`, `"Position":{"Epoch":1,`, "duplicate"},
		{`"Position":{`, `"Position":{"Place":1,`, "Place"},
		{`"Next":{"task":"search","dataset":"toy","size":16`, `"Next":{"task":"search","dataset":"toy","size":8`, "next configuration: size: cannot change"},
		{`"Next":{`, `"Next":{"epochs":4,`, "epochs"},
		{`"order":[0,1`, `"order":[1,1`, "order"},
	} {
		_, err := task.Restore(bytes.NewReader(edited(t, raw, func(s string) string {
			if !strings.Contains(s, c.from) {
				t.Fatalf("%s: not in %s", c.from, s)
			}
			return strings.Replace(s, c.from, c.to, 1)
		}, nil)), toy(), on(1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.to, err, c.want)
		}
	}
}

// TestRecordTrustsNothing changes every value of a record, reports included.
func TestRecordTrustsNothing(t *testing.T) {
	r := midway(t)
	finish(t, r)
	var root map[string]any
	if err := json.Unmarshal([]byte(text(t, r.Record())), &root); err != nil {
		t.Fatal(err)
	}
	taken := 0
	leaves(root, others, func(path string) {
		var record Record
		if json.Unmarshal([]byte(text(t, root)), &record) != nil || record.Validate() != nil {
			return
		}
		taken++
		for _, what := range []string{"epoch", "step", "steps", "classes", "confusion", "normal", "reduce", "genotype", "counts", "order", "params", "kind", "epochs"} {
			if at := path[:strings.Index(path, " = ")]; strings.HasSuffix(at, "."+what) && !strings.HasSuffix(path, "params = 7") && !strings.HasSuffix(path, "<nil>") && at != ".config.epochs" {
				t.Errorf("%s is taken", path)
			}
		}
	})
	if taken == 0 {
		t.Error("none is taken: a record that could be is none")
	}
}

// TestFlips turns a bit of every n-th byte of a snapshot: none is a run.
func TestFlips(t *testing.T) {
	raw := snapshot(t, midway(t))
	n := max(1, len(raw)/500) | 1
	for i := 0; i < len(raw); i += n {
		raw[i] ^= 1 << (i % 8)
		if _, err := ReadRecord(bytes.NewReader(raw)); err == nil {
			t.Errorf("byte %d of %d altered, and read", i, len(raw))
		}
		raw[i] ^= 1 << (i % 8)
	}
	for i := 0; i < len(raw); i += n {
		if _, err := ReadRecord(bytes.NewReader(raw[:i])); err == nil {
			t.Errorf("cut to %d of %d bytes, and read", i, len(raw))
		}
	}
	if _, err := ReadRecord(bytes.NewReader(raw)); err != nil {
		t.Error(err)
	}
}

func TestOldSnapshotIsNamed(t *testing.T) {
	f, err := ckpt.Read(bytes.NewReader(snapshot(t, midway(t))))
	if err != nil {
		t.Fatal(err)
	}
	f.Meta["format"] = "hlrs-run-3"
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRecord(&b); err == nil || !strings.Contains(err.Error(), `"hlrs-run-3", of another version`) || !strings.Contains(err.Error(), "start it again") {
		t.Error(err)
	}
}

// TestBomb gives histories that unpack to far more than a run has.
func TestBomb(t *testing.T) {
	raw := snapshot(t, midway(t))
	for what, line := range map[string]string{
		"more than 4 MB":         strings.Repeat(" ", 1<<20),
		"epoch 0 of 5 steps was": `{"kind":"step","epoch":1,"steps":5}` + "\n",
		"event 0: ":              "\n",
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		for range 64 {
			if _, err := z.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRecord(bytes.NewReader(edited(t, raw, func(s string) string { return s }, b.Bytes()))); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
}
