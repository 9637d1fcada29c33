package ui

import (
	"fmt"
	"strings"
)

// Turn says that anything on the page may have changed.
func (l *Lab) Turn() { l.turns++ }

// Version says on what a part's content depends: as long as it stays, so does Paint.
func (l *Lab) Version(id string) string {
	r := l.Run()
	switch strings.TrimSuffix(id, "-table") {
	case "accuracy", "history", "confusion", "normal", "reduce", "edge", "collapse", "cells":
		return fmt.Sprintf("%d %d %p %d %d %v %v %d", r.slot, r.live, r.Epochs, len(r.Epochs), l.Epoch, l.Edge, r.Changes, r.Record.Config.Epochs)
	case "status", "announcement", "loss", "batches", "lesson":
		return fmt.Sprint(l.turns, l.steps)
	}
	return fmt.Sprint(l.turns)
}
