package run_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"hlrslab/core/ckpt"
	. "hlrslab/core/run"
)

// FuzzRestore goes beyond the checksum: of any JSON and any events in a sound file, Restore makes an error or a run that goes on.
func FuzzRestore(f *testing.F) {
	raw := snapshot(f, midway(f))
	file, err := ckpt.Read(bytes.NewReader(raw))
	if err != nil {
		f.Fatal(err)
	}
	h, err := file.Find("history")
	if err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(h.Data))
	if err != nil {
		f.Fatal(err)
	}
	events, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file.Meta["run"], events)
	f.Add(file.Meta["run"], events[:len(events)/2])
	f.Add("{}", []byte(nil))
	f.Fuzz(func(t *testing.T, run string, events []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(events); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if raw := edited(t, raw, func(string) string { return run }, b.Bytes()); raw != nil {
			tried(t, raw)
		}
	})
}

// FuzzSnapshot changes the file itself.
func FuzzSnapshot(f *testing.F) {
	f.Add(snapshot(f, start(f, few(f), 1)))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := ReadRecord(bytes.NewReader(raw)); err == nil && r.Validate() != nil {
			t.Error("read, and not valid")
		}
	})
}

// FuzzRecord reads any JSON as a record: a valid one is valid again when it was written.
func FuzzRecord(f *testing.F) {
	r := midway(f)
	f.Add([]byte(text(f, r.Record())))
	finish(f, r)
	f.Add([]byte(text(f, r.Record())))
	thin, err := r.Record().Thinned()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(text(f, thin)))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r, again Record
		if json.Unmarshal(raw, &r) != nil || r.Validate() != nil {
			return
		}
		if err := json.Unmarshal([]byte(text(t, r)), &again); err != nil {
			t.Fatal(err)
		}
		if err := again.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDecode reads any text as a configuration: what is taken says the same when it was written.
func FuzzDecode(f *testing.F) {
	for _, p := range Presets {
		c, err := Preset(p)
		if err != nil {
			f.Fatal(err)
		}
		c.ArchMilestones, c.ArchPoints = []float64{1, 2.5}, "0:1,1:0"
		var b strings.Builder
		if err := c.Encode(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.String())
	}
	f.Add(`{"dataset": ""}`)
	f.Add(`{"epochs": 1, "epochs": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, again := Default(), Default()
		if c.Decode(strings.NewReader(text)) != nil {
			return
		}
		_ = c.Validate() // must not panic
		var b bytes.Buffer
		if err := c.Encode(&b); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if err := again.Decode(&b); err != nil || !c.Equal(again) {
			t.Fatalf("%+v, written and read: %+v, %v", c, again, err)
		}
		for _, f := range Fields() {
			if err := f.Set(&again, f.Value(c)); err != nil || f.Value(again) != f.Value(c) {
				t.Fatalf("%s: %q cannot be set (%v)", f.Name, f.Value(c), err)
			}
		}
	})
}

// FuzzLinked reads any text as a record that a link carries: one that is read is valid, and what is written is read.
func FuzzLinked(f *testing.F) {
	r := midway(f)
	link, err := r.Record().Link()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(link)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Linked(text)
		if err == nil && r.Validate() != nil {
			t.Error("read, and not valid")
		}
		if text == link && (err != nil || len(r.Events) == 0) {
			t.Errorf("a link's record is not read: %v", err)
		}
	})
}
