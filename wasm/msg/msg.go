// Package msg is what the page and its worker say to each other, as JSON.
package msg

import "hlrslab/core/search"

// Command is the page's: "start" a new run of Config, "play", "pause", "step" one batch, or "change" to Config's schedules from
// the next epoch on.
type Command struct {
	Do     string         `json:"do"`
	Run    int            `json:"run"` // counts the runs, so that a late report of one given up is known
	Config *search.Config `json:"config,omitempty"`
	Pack   string         `json:"pack,omitempty"` // where the images are; empty for the toy set
}

// Report is the worker's: "ready", "started", "paused", "events", "done", "error", or "lost" if it is no more.
type Report struct {
	Kind   string         `json:"kind"`
	Run    int            `json:"run"`
	Events []search.Event `json:"events,omitempty"`
	Error  string         `json:"error,omitempty"`
	Facts  *search.Facts  `json:"facts,omitempty"`
}
