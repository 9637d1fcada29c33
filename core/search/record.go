package search

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Record is all there is to see of a run: what a chart or a report needs, without the weights.
type Record struct {
	Config Config  `json:"config"` // as the run began; changes are among the events
	Facts  Facts   `json:"facts"`
	Events []Event `json:"events"`
}

// Facts are what a run found in its data and made of its configuration.
type Facts struct {
	Classes []string `json:"classes"`
	Counts  []int    `json:"counts"` // images of each class in the long-tailed set
	Order   []int    `json:"order"`  // the classes from head to tail
	Steps   int      `json:"steps"`  // of an epoch
	Params  int      `json:"params"` // weights of the search network
}

// after is the whole record, where r has only what came after h.
func (r Record) after(h history) (Record, error) {
	before, err := h.events()
	r.Events = append(before, r.Events...)
	return r, err
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

// events reads all epochs.
func (h history) events() (all []Event, err error) {
	if len(h) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(h))
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	dec := json.NewDecoder(z)
	dec.DisallowUnknownFields()
	for {
		var e Event
		switch err := dec.Decode(&e); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("history: %w", err)
		}
		all = append(all, e)
	}
}
