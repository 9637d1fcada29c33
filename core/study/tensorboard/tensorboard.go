// Package tensorboard writes a run's curves as TensorBoard reads them.
package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"hlrslab/core/run"
)

// Name is that of a run's file within a folder of its own: TensorBoard looks for the word in the middle.
const Name = "events.out.tfevents.hlrs"

// The numbers of fields in TensorFlow's event.proto and summary.proto.
const (
	eventStep        = 2
	eventFileVersion = 3
	eventSummary     = 5
	summaryValue     = 1
	valueTag         = 1
	valueSimple      = 2
)

// scalars are what each epoch has, by the tags that TensorBoard sorts into groups.
var scalars = []struct {
	tag string
	has func(run.Config, run.Event) bool // nil is always
	of  func(run.Event) float64
}{
	{"accuracy/all", nil, func(e run.Event) float64 { return e.Report.Accuracy }},
	{"accuracy/head", nil, func(e run.Event) float64 { return e.Report.Head }},
	{"accuracy/medium", nil, func(e run.Event) float64 { return e.Report.Medium }},
	{"accuracy/tail", nil, func(e run.Event) float64 { return e.Report.Tail }},
	{"accuracy/discrete", searching, func(e run.Event) float64 { return e.Report.Discrete }},
	{"loss/weights", nil, func(e run.Event) float64 { return e.Loss }},
	{"loss/architecture", moving, func(e run.Event) float64 { return e.ArchLoss }},
	{"loss/test", tested, func(e run.Event) float64 { return e.Report.TestLoss }},
	{"calibration", tested, func(e run.Event) float64 { return e.Report.Calibration }},
	{"rate/weights", nil, func(e run.Event) float64 { return e.Rate }},
	{"rate/architecture", searching, func(e run.Event) float64 { return e.ArchRate }},
	{"mix", func(c run.Config, _ run.Event) bool { return c.Branches != "none" }, func(e run.Event) float64 { return e.Mix }},
	{"entropy", searching, func(e run.Event) float64 { return e.Report.Entropy }},
	{"operations/skip", searching, func(e run.Event) float64 { return float64(e.Report.Counts["skip"]) }},
	{"operations/pool", searching, func(e run.Event) float64 { return float64(e.Report.Counts["pool"]) }},
	{"operations/conv", searching, func(e run.Event) float64 { return float64(e.Report.Counts["conv"]) }},
}

func searching(c run.Config, _ run.Event) bool { return c.Task == run.Search }
func moving(c run.Config, e run.Event) bool    { return c.Task == run.Search && !c.Frozen(e.Epoch) }
func tested(_ run.Config, e run.Event) bool    { return e.Report.TestLoss != 0 } // older reports have a 0

// Write writes a run's epochs, counted from 1, as an event file. A record knows no times: all events are of time 0, and the horizontal
// axis is the steps.
func Write(w io.Writer, r run.Record) error {
	version := protowire.AppendTag(nil, eventFileVersion, protowire.BytesType)
	if err := frame(w, protowire.AppendString(version, "brain.Event:2")); err != nil {
		return err
	}
	config := r.Config
	for _, e := range r.Events {
		if e.Config != nil {
			config = *e.Config
		}
		if e.Kind != run.EpochDone || e.Report == nil {
			continue
		}
		var summary []byte
		for _, s := range scalars {
			if s.has != nil && !s.has(config, e) {
				continue
			}
			value := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), s.tag)
			value = protowire.AppendFixed32(protowire.AppendTag(value, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(s.of(e))))
			summary = protowire.AppendBytes(protowire.AppendTag(summary, summaryValue, protowire.BytesType), value)
		}
		event := protowire.AppendVarint(protowire.AppendTag(nil, eventStep, protowire.VarintType), uint64(e.Epoch+1))
		event = protowire.AppendBytes(protowire.AppendTag(event, eventSummary, protowire.BytesType), summary)
		if err := frame(w, event); err != nil {
			return err
		}
	}
	return nil
}

// frame writes a record of a TFRecord file: its length and itself, each with a checksum behind it.
func frame(w io.Writer, data []byte) error {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	_, err := w.Write(binary.LittleEndian.AppendUint32(b, masked(data)))
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is a checksum as TFRecord has it, so that one of data with checksums within is no trap.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
