package tensorboard

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"hlrslab/core/run"
)

// frames reads a TFRecord file, checksums and all.
func frames(t *testing.T, raw []byte) (all [][]byte) {
	t.Helper()
	check := func(data, sum []byte) {
		unmasked := binary.LittleEndian.Uint32(sum) - 0xa282ead8
		if got := unmasked>>17 | unmasked<<15; got != crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) {
			t.Fatalf("the checksum of %x is %x", data, sum)
		}
	}
	for len(raw) > 0 {
		n := binary.LittleEndian.Uint64(raw)
		check(raw[:8], raw[8:12])
		check(raw[12:12+n], raw[12+n:16+n])
		all, raw = append(all, raw[12:12+n]), raw[16+n:]
	}
	return all
}

// fields reads a message: the values of each field, as bytes, or as a number's.
func fields(t *testing.T, message []byte) map[protowire.Number][][]byte {
	t.Helper()
	all := map[protowire.Number][][]byte{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		n = protowire.ConsumeFieldValue(number, kind, message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		value := message[:n]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		all[number], message = append(all[number], value), message[n:]
	}
	return all
}

// TestKnown: TensorFlow's own files begin with a record of 24 bytes, thus: 18 00 00 00 00 00 00 00 a3 7f 4b 22.
func TestKnown(t *testing.T) {
	if got := masked([]byte{0x18, 0, 0, 0, 0, 0, 0, 0}); got != 0x224b7fa3 {
		t.Errorf("the checksum of 24 is %x", got)
	}
}

func TestWrite(t *testing.T) {
	c := run.Default()
	report := func(accuracy float64) *run.Report {
		return &run.Report{Accuracy: accuracy, Tail: accuracy / 2, TestLoss: 2, Counts: map[string]int{"skip": 3}}
	}
	search := run.Record{Config: c, Events: []run.Event{
		{Kind: run.StepDone, Loss: 9},
		{Kind: run.EpochDone, Epoch: 0, Loss: 2, ArchLoss: 3, ArchRate: 0.25, Mix: 1, Report: report(0.25)},
		{Kind: run.EpochDone, Epoch: 1, Loss: 1, Report: report(0.75)},
	}}
	training := search
	training.Config.Task, training.Config.Branches = run.Train, "none"
	for _, r := range []run.Record{search, training} {
		var b bytes.Buffer
		if err := Write(&b, r); err != nil {
			t.Fatal(err)
		}
		all := frames(t, b.Bytes())
		if len(all) != 3 || string(fields(t, all[0])[3][0]) != "brain.Event:2" {
			t.Fatalf("%d records, the first of which is %q", len(all), all[0])
		}
		for i, event := range all[1:] {
			f := fields(t, event)
			if step, _ := protowire.ConsumeVarint(f[2][0]); step != uint64(i+1) {
				t.Errorf("step %d of epoch %d", step, i+1)
			}
			got := map[string]float32{}
			for _, value := range fields(t, f[5][0])[1] {
				v := fields(t, value)
				got[string(v[1][0])] = math.Float32frombits(binary.LittleEndian.Uint32(v[2][0]))
			}
			e := r.Events[i+1]
			if got["accuracy/all"] != float32(e.Report.Accuracy) || got["accuracy/tail"] != float32(e.Report.Tail) || got["loss/weights"] != float32(e.Loss) || got["loss/test"] != 2 {
				t.Errorf("epoch %d has %v", i+1, got)
			}
			arch, has := got["loss/architecture"]
			if has != (r.Config.Task == run.Search) || arch != float32(e.ArchLoss) && has {
				t.Errorf("the architecture's loss is %v, %v", arch, has)
			}
			if _, has := got["mix"]; has != (r.Config.Branches != "none") {
				t.Errorf("mix: %v", got)
			}
		}
	}
}
