package run

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	jsonv2 "encoding/json/v2"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/nn"
)

// Record is all there is to see of a run: what a chart or a report needs, without the weights.
type Record struct {
	Config Config  `json:"config"` // as the run began; changes are among the events
	Facts  Facts   `json:"facts"`
	Events []Event `json:"events"`
	Next   *Config `json:"next,omitempty"`   // what it changes to when the next epoch begins
	Failed string  `json:"failed,omitempty"` // why it could not go on
	Thin   bool    `json:"thin,omitempty"`   // its steps are left out: there are epochs and changes alone

	Devices Devices `json:"devices,omitempty"` // that computed it, if a GPU was among them
}

// CPU is the name of the processor among devices.
const CPU = nn.CPU

// Devices are those that computed, by their names, one after the other.
type Devices []string

func (d Devices) String() string { return strings.Join(d, ", then ") }

// validate: what was computed on the processor alone names no device.
func (d Devices) validate() error {
	if slices.Contains(d, "") || len(slices.Compact(slices.Clone(d))) != len(d) || slices.Equal(d, Devices{CPU}) {
		return fmt.Errorf("the devices %.200q", d)
	}
	return nil
}

// On are the devices that computed what there is of the run.
func (r Record) On() Devices {
	if len(r.Devices) == 0 && len(r.Events) > 0 {
		return Devices{CPU}
	}
	return r.Devices
}

// computed notes on what a step was, which was the run's first or was not.
func (r *Record) computed(on string, first bool) {
	if len(r.Devices) == 0 && !first {
		r.Devices = Devices{CPU}
	}
	if r.Devices = slices.Compact(append(r.Devices, on)); slices.Equal(r.Devices, Devices{CPU}) {
		r.Devices = nil
	}
}

// InForce is the configuration that the run had last: it may have changed on the way.
func (r Record) InForce() Config {
	c := r.Config
	for _, e := range r.Events {
		if e.Config != nil {
			c = *e.Config
		}
	}
	return c
}

// Last is the event that closed the last whole epoch, or nil.
func (r Record) Last() *Event {
	for i := len(r.Events) - 1; i >= 0; i-- {
		if e := &r.Events[i]; e.Kind == EpochDone {
			return e
		}
	}
	return nil
}

// Ended says why the run ended before its last epoch; it is empty where it did not.
func (r Record) Ended() string {
	if e := r.Last(); e != nil {
		return e.Ended
	}
	return ""
}

// Done says whether the run has come to its end.
func (r Record) Done() bool {
	e := r.Last()
	return e != nil && (e.Ended != "" || e.Epoch == r.Config.Epochs-1)
}

// Facts are what a run found in its data and made of its configuration.
type Facts struct {
	Classes []string `json:"classes"`
	Counts  []int    `json:"counts"` // images of each class in the long-tailed set
	Order   []int    `json:"order"`  // the classes from head to tail
	Steps   int      `json:"steps"`  // of an epoch
	Params  int      `json:"params"` // weights of the search network
}

// after is the whole record, where r has only what came after h. It is valid, or the error says why not.
func (r Record) after(h history) (Record, stand, error) {
	if r.Thin {
		return r, stand{}, errors.New("a thin record, and a run has all its steps")
	}
	last := r.Events
	r.Events = nil
	at, err := r.walk() // the facts, by which events are judged
	if err != nil {
		return r, at, err
	}
	if r.Events, err = h.events(&at, r.Facts); err != nil {
		return r, at, err
	}
	if at.at > 0 || at.changed {
		return r, at, errors.New("history: ends within an epoch")
	}
	whole := at.epoch
	for i, e := range last {
		if err := at.take(e, r.Facts); err != nil {
			return r, at, fmt.Errorf("event %d of the last epoch: %w", i, err)
		}
	}
	if at.epoch > whole {
		return r, at, errors.New("a whole epoch beside the history")
	}
	r.Events = append(r.Events, last...)
	return r, at, nil
}

// history is what was seen in whole epochs: events as lines of JSON, a gzip member for each epoch. It only grows at its end, so
// that a run of a thousand epochs costs a tab a few megabytes, and each snapshot a copy.
type history []byte

// add closes an epoch.
func (h *history) add(events []Event) {
	b := bytes.NewBuffer(*h)
	z := gzip.NewWriter(b)
	enc := json.NewEncoder(z)
	for _, e := range events {
		if err := enc.Encode(e); err != nil {
			panic(err) // a run stops before it has a number that JSON lacks
		}
	}
	if err := z.Close(); err != nil {
		panic(err) // a buffer takes all
	}
	*h = b.Bytes()
}

// Bounds of what a snapshot can make a reader unpack: a few megabytes of gzip may be gigabytes.
const (
	maxHistory = 1 << 30 // bytes of all events
	maxEvent   = 4 << 20 // bytes of one: a confusion of nn.MaxClasses has two
)

// events reads all epochs, from a run that stands at its beginning.
func (h history) events(at *stand, f Facts) (all []Event, err error) {
	if len(h) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(h))
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	total := 0
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		if total += len(lines.Bytes()); total > maxHistory {
			return nil, fmt.Errorf("history: more than %d MB of events", maxHistory>>20)
		}
		var e Event
		err := jsonv2.Unmarshal(lines.Bytes(), &e, strict)
		if err == nil {
			err = at.take(e, f)
		}
		if err != nil {
			return nil, fmt.Errorf("history: event %d: %w", len(all), err)
		}
		all = append(all, e)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("history: event %d has more than %d MB", len(all), maxEvent>>20)
	} else if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return all, nil
}

// strict refuses names that are unknown; those given twice are refused anyway.
var strict = jsonv2.RejectUnknownMembers(true)
