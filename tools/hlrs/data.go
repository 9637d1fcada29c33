package main

import (
	"context"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/data"
	"hlrslab/tools/internal/fetch"
)

type dataCommand struct {
	Prepare prepareCommand `cmd:"" help:"Fetch CIFAR-10 if it is not at hand."`
	Check   checkCommand   `cmd:"" help:"Read all images and say what there is."`
}

// Source says where images come from.
type Source struct {
	Data string `env:"HLRS_DATA" type:"path" placeholder:"PATH" help:"CIFAR-10 in the binary version, packed or unpacked; otherwise it is downloaded."`
}

// open reads CIFAR-10, downloading it if it is nowhere.
func (s Source) open(ctx context.Context) (*data.Dataset, error) {
	var bar *progressbar.ProgressBar
	return fetch.Open(ctx, s.Data, func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetDescription("CIFAR-10"), progressbar.OptionShowBytes(true),
				progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	})
}

type prepareCommand struct{ Source }

// Run fetches the images and reads them once.
func (c *prepareCommand) Run(ctx context.Context) error { return (&checkCommand{c.Source}).Run(ctx) }

type checkCommand struct{ Source }

// Run says what the images are.
func (c *checkCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d training and %d test images of %d×%d, %d classes: %v\n", d.Name, d.Train.Len(), d.Test.Len(), d.Train.Size, d.Train.Size, len(d.Classes), d.Classes)
	return nil
}
