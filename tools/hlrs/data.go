package main

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/data"
	"hlrslab/core/data/imagefolder"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/fetch"
)

type dataCommand struct {
	Prepare prepareCommand `cmd:"" help:"Fetch CIFAR-10 if it is not at hand."`
	Check   checkCommand   `cmd:"" help:"Read all images and say what there is."`
}

// Source says where images come from.
type Source struct {
	Data string `placeholder:"PATH" help:"CIFAR-10 in the binary version, packed or unpacked, or a .pack of it; or, with --dataset own, a folder or zip of images by class. By default HLRS_DATA, or else CIFAR-10 is downloaded."`
}

// named is the place given, if any.
func (s Source) named() string { return cmp.Or(s.Data, os.Getenv(fetch.Env)) }

// packed says whether that is a .pack.
func (s Source) packed() bool { return strings.HasSuffix(s.named(), ".pack") }

// open reads the images, downloading them if they are nowhere.
func (s Source) open(ctx context.Context, progress fetch.Progress) (*data.Dataset, error) {
	if s.packed() {
		return readPack(s.named())
	}
	return fetch.Open(ctx, s.Data, progress)
}

// own reads a person's own images: a folder of images by class, or a zip of one.
func (s Source) own() (*data.Dataset, error) {
	if s.Data == "" {
		return nil, errors.New("--dataset own: name the folder or zip of your images with --data")
	}
	info, err := os.Stat(s.Data)
	if err != nil {
		return nil, fmt.Errorf("--data: %w; name a folder or zip of images by class", err)
	}
	var d *data.Dataset
	if info.IsDir() {
		d, err = imagefolder.Read(os.DirFS(s.Data))
	} else {
		var f *os.File
		if f, err = disk.Open(s.Data); err != nil {
			return nil, err
		}
		defer f.Close()
		var z *zip.Reader
		if z, err = zip.NewReader(f, info.Size()); err == nil {
			d, err = imagefolder.ReadZip(z)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Data, err)
	}
	return d, nil
}

// bar shows a download on the terminal.
func bar() fetch.Progress {
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetDescription("CIFAR-10"), progressbar.OptionShowBytes(true),
				progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	}
}

type prepareCommand struct {
	Source
	Pack string `type:"path" placeholder:"FILE" help:"Write the page's part of the images to this .pack file."`
}

// Run fetches the images and reads them once.
func (c *prepareCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, bar())
	if err != nil {
		return err
	}
	describe(d)
	if c.Pack == "" {
		return nil
	}
	if !strings.HasSuffix(c.Pack, ".pack") {
		return fmt.Errorf("--pack %s: name a file that ends in .pack, by which it is known", c.Pack)
	}
	if err := writePack(c.Pack, d); err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", c.Pack, packSays)
	return nil
}

type checkCommand struct{ Source }

// Run says what the images are. It downloads nothing, and takes no earlier reading's word.
func (c *checkCommand) Run(ctx context.Context) error {
	path, err := fetch.Find(c.Data)
	if !c.packed() && errors.Is(err, fetch.ErrAbsent) {
		return fmt.Errorf("CIFAR-10 is not at hand: fetch it with hlrs data prepare, or pass its place with --data or %s", fetch.Env)
	}
	var d *data.Dataset
	if c.packed() {
		d, err = c.open(ctx, nil)
	} else if err == nil {
		d, err = fetch.Read(path)
	}
	if err != nil {
		return err
	}
	describe(d)
	return nil
}

func describe(d *data.Dataset) {
	fmt.Printf("%s: %d training and %d test images of %d×%d\n", d.Name, d.Train.Len(), d.Test.Len(), d.Train.Size, d.Train.Size)
	train, test := make([]int, len(d.Classes)), make([]int, len(d.Classes))
	for _, l := range d.Train.Labels {
		train[l]++
	}
	for _, l := range d.Test.Labels {
		test[l]++
	}
	for c, name := range d.Classes {
		fmt.Printf("%-12s %5d training %5d test\n", name, train[c], test[c])
	}
}
