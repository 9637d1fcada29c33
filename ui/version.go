package ui

import (
	"fmt"
	"strings"
)

// Version says on what a card's content depends, where that changes but once an epoch or when another one is looked at; it is
// empty where the content may change with any render.
func (l *Lab) Version(id string) string {
	switch strings.TrimSuffix(id, "-table") {
	case "accuracy", "history", "confusion", "normal", "reduce", "edge", "collapse", "cells":
		r := l.Run()
		return fmt.Sprintf("%d %d %p %d %d %v %v %d", r.slot, r.live, r.Epochs, len(r.Epochs), l.Epoch, l.Edge, r.Changes, r.Record.Config.Epochs)
	}
	return ""
}
