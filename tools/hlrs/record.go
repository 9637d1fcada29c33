package main

import (
	"encoding/json"
	"fmt"
	"io"

	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

type recordCommand struct {
	From string `arg:"" name:"run" type:"path" placeholder:"RUN" help:"Run folder, or run file."`
	Out  string `type:"path" default:"record.json" help:"File to write."`
}

// Run writes a run's run.Record as JSON.
func (c *recordCommand) Run() error {
	r, err := runfolder.Record(c.From)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = disk.Disk{}.Replace(c.Out, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	epochs := 0
	for _, e := range r.Events {
		if e.Kind == run.EpochDone {
			epochs++
		}
	}
	fmt.Printf("%s: %d epochs, %d bytes\n", c.Out, epochs, len(raw))
	return nil
}
