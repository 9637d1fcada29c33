package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"hlrslab/core/data"
	"hlrslab/core/folder"
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/task"
	"hlrslab/tools/internal/usage"
)

type benchCommand struct {
	Experiment
	Machine

	Steps   int    `default:"5" help:"Steps to time, after one to warm up; from 1."`
	JSON    bool   `help:"One line of JSON."`
	Kernels bool   `help:"On a GPU: what each of its kernels takes of a step, beside the rates at which it copies and multiplies."`
	Target  string `default:"native" enum:"native,wasm" help:"Where to run: native is here, wasm in node as WebAssembly, on its one thread."`
}

// timing is what a search takes.
type timing struct {
	Target     string  `json:"target"`
	Channels   int     `json:"channels"`
	Layers     int     `json:"layers"`
	Nodes      int     `json:"nodes"`
	Batch      int     `json:"batch"`
	Size       int     `json:"size"`
	Order      int     `json:"order"`
	Branches   string  `json:"branches"`
	Threads    int     `json:"threads"`
	GPU        string  `json:"gpu,omitempty"`
	Params     int     `json:"params"`
	StepMS     float64 `json:"step_ms"`      // the median
	TestMS     float64 `json:"test_ms"`      // of the test that ends an epoch
	Epochs     int     `json:"epochs"`       // of the whole search
	Steps      int     `json:"steps"`        // of an epoch
	Seconds    float64 `json:"seconds"`      // of the whole search
	PeakRSSMiB int     `json:"peak_rss_mib"` // 0 where the system does not say
}

// Validate is called by kong, before any device is looked for.
func (c *benchCommand) Validate() error {
	if c.Steps < 1 {
		return fmt.Errorf("--steps %d: give 1 or more", c.Steps)
	}
	return nil
}

// Run takes the first steps of a search on random images, of which there are only as many as it needs, and the test after them.
func (c *benchCommand) Run(ctx context.Context) error {
	switch {
	case c.Target == "wasm" && c.gpu != nil:
		return errors.New("--target wasm: node has no GPU: leave --device out")
	case c.Target == "wasm":
		return c.inNode()
	case c.Kernels && (c.gpu == nil || c.JSON):
		return errors.New("--kernels: it is a table of a GPU's kernels: give --device gpu, and no --json")
	}
	const classes = 10
	cost, err := c.fits(c.Config, classes, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "timing %s, after one to warm up, and the test of an epoch, on %s\n", count(c.Steps, "step"), c.computes())
	device, table := c.device(c.Threads), ""
	var profiled *profile
	if c.Kernels {
		profiled = &profile{Device: c.gpu}
		device = profiled
	}
	p, err := timed(ctx, c.Config, classes, c.Steps, device, func(step int, took time.Duration) {
		if took > time.Second { // of which one would wait for a sign
			which := fmt.Sprintf("step %d of %d", step, c.Steps)
			if step == 0 {
				which = "warming up"
			}
			fmt.Fprintf(os.Stderr, "%s: %s\n", which, short(took))
		}
		if profiled != nil {
			table = profiled.step(step == c.Steps)
		}
	})
	if profiled != nil && err == nil {
		err = profiled.err
	}
	if err != nil {
		return err
	}
	t := timing{
		Target: runtime.GOOS + "/" + runtime.GOARCH, Channels: c.Channels, Layers: c.Layers, Nodes: c.Nodes, Batch: c.Batch, Size: c.Size,
		Order: c.Order, Branches: string(c.Branches), Threads: c.Threads, Params: cost.Params, StepMS: 1000 * p.steps.value,
		TestMS: 1000 * p.tests.value * float64(tests(c.Config, classes)), Epochs: c.Epochs, Steps: cost.Steps,
		Seconds: p.of(c.Config, c.Epochs, cost.Steps, classes).Seconds(), PeakRSSMiB: int(usage.PeakMiB()),
	}
	if c.gpu != nil {
		t.GPU = c.gpu.Adapter().Name
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(t)
	}
	whole := fmt.Sprintf(", a search of %s of %s about %s", count(t.Epochs, "epoch"), count(t.Steps, "step"), short(seconds(t.Seconds)))
	if c.gpu != nil && c.gpu.Adapter().Kind == gpu.Processor { // on which nobody waits for a search
		whole = ""
	}
	fmt.Printf("%d weights, %s: a step takes %s, the test after an epoch %s%s; peak memory %d MiB\n",
		t.Params, c.computes(), short(seconds(p.steps.value)), short(seconds(t.TestMS/1000)), whole, t.PeakRSSMiB)
	fmt.Print(table)
	return nil
}

// timed takes the first steps of a run on random images, one to warm up, which is told of as step 0, and then those that are timed; and the
// test after them. An epoch may have more steps, since images are as many of each class.
func timed(ctx context.Context, c run.Config, classes, steps int, device nn.Device, tell func(step int, took time.Duration)) (p pace, err error) {
	few := c
	few.NMax = 2 * max(1, (c.Batch*(steps+1)+classes-1)/classes) // of each class, half of them for the weights
	few.Pool, few.Imbalance, few.TestImages = few.NMax, 1, (c.Batch+classes-1)/classes*classes
	if few.Validate() != nil {
		return p, fmt.Errorf("--steps %d: at a batch of %d give not quite so many", steps, c.Batch)
	}
	r, err := task.New(few, noise(few, classes), device)
	if err != nil {
		return p, err
	}
	defer r.Close()
	var took []float64
	for r.Epoch == 0 {
		if ctx.Err() != nil {
			return p, errors.New("stopped before there was anything to tell")
		}
		began := time.Now()
		events, err := r.Step()
		if err != nil {
			return p, err
		}
		since := time.Since(began)
		if p.add(events, since); len(events) > 0 && events[0].Kind == run.StepDone && len(took) <= steps {
			tell(len(took), since)
			took = append(took, since.Seconds())
		}
	}
	p.steps.value = median(took[1:])
	return p, nil
}

// noise is a set with as many images as c takes.
func noise(c run.Config, classes int) *data.Dataset {
	random := rand.NewChaCha8([32]byte{})
	images := func(each int) data.Images {
		pixels := make(data.Memory, classes*each*3*c.Size*c.Size)
		_, _ = random.Read(pixels) // never fails
		m := data.Images{Size: c.Size, Pixels: pixels, Labels: make([]int, classes*each)}
		for i := range m.Labels {
			m.Labels[i] = i % classes
		}
		return m
	}
	return &data.Dataset{Name: c.Dataset, Classes: make([]string, classes), Train: images(c.NMax), Test: images(c.TestImages / classes)}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// inNode builds this program for WebAssembly and runs the same bench there.
func (c *benchCommand) inNode() error {
	dir, err := os.MkdirTemp("", "hlrs-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, config := filepath.Join(dir, "hlrs.wasm"), filepath.Join(dir, folder.Config)
	var settings bytes.Buffer
	if err := errors.Join(c.Encode(&settings), os.WriteFile(config, settings.Bytes(), 0o600)); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", program, "hlrslab/tools/hlrs")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building for WebAssembly (run it in the repository, with make's toolchain): %w", err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	node := exec.Command(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec"),
		program, "bench", "--config="+config, fmt.Sprint("--steps=", c.Steps), fmt.Sprint("--json=", c.JSON), "--threads=1")
	node.Stdout, node.Stderr = os.Stdout, os.Stderr
	return node.Run()
}
