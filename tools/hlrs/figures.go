package main

import (
	"os"

	"hlrslab/core/figure"
	"hlrslab/core/search"
)

// figures draws the run's curves over the epochs.
func (f *folder) figures(r search.Record) error {
	return f.write("curves.svg", func(w *os.File) error {
		return figure.SVG(w, []search.Record{r}, []string{""})
	})
}
