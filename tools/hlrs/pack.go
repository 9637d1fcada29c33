package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlrslab/core/data"
	"hlrslab/tools/internal/disk"
)

// The page's images: enough of each class for the small preset, in a few megabytes.
const (
	packTrain = 500
	packTest  = 100
	packSide  = 16
	packSays  = "500 training and 100 test images of each class, 16×16"
)

// writePack writes the page's part of d, the first images of each class, in one go.
func writePack(path string, d *data.Dataset) error {
	part, err := d.Resize(packSide)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return disk.Disk{}.Replace(path, func(w io.Writer) error {
		return data.Pack(w, part, part.Train.First(packTrain), part.Test.First(packTest))
	})
}

// readPack reads a pack from a file.
func readPack(path string) (*data.Dataset, error) {
	f, err := disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := data.ReadPack(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}
