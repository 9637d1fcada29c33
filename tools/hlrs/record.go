package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
)

type recordCommand struct {
	From string `arg:"" name:"run" type:"path" placeholder:"RUN" help:"Run folder, or run file."`
	Out  string `type:"path" default:"record.json" help:"File to write."`
}

// Run writes a run's run.Record as JSON.
func (c *recordCommand) Run() error {
	r, err := readRecord(c.From)
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

// readRecord reads the record of a run folder or a run file.
func readRecord(path string) (run.Record, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, snapshotName)
	}
	f, err := os.Open(path)
	if err != nil {
		return run.Record{}, err
	}
	defer f.Close()
	r, err := run.ReadRecord(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
