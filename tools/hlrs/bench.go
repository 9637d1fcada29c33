package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"hlrslab/core/search"
)

type benchCommand struct {
	Channels int    `default:"16" help:"Channels of the first cell."`
	Layers   int    `default:"8" help:"Cells."`
	Nodes    int    `default:"4" help:"Intermediate nodes of a cell."`
	Batch    int    `default:"64" help:"Images of a batch."`
	Size     int    `default:"32" help:"Image side, px."`
	Order    int    `default:"1" enum:"1,2" help:"Order of the architecture step."`
	Threads  int    `default:"2" help:"Threads."`
	Steps    int    `default:"5" help:"Timed steps, after one that is not."`
	JSON     bool   `help:"One line of JSON."`
	Target   string `default:"native" enum:"native,wasm" help:"Where to run: here, or as WebAssembly in node."`
}

// timing is a bench's result; times are medians.
type timing struct {
	Target     string  `json:"target"`
	Channels   int     `json:"channels"`
	Layers     int     `json:"layers"`
	Nodes      int     `json:"nodes"`
	Batch      int     `json:"batch"`
	Size       int     `json:"size"`
	Order      int     `json:"order"`
	Threads    int     `json:"threads"`
	Params     int     `json:"params"`
	ArchMS     float64 `json:"arch_ms"`
	WeightMS   float64 `json:"weight_ms"`
	StepMS     float64 `json:"step_ms"`
	PeakRSSMiB int     `json:"peak_rss_mib"`
}

func (c *benchCommand) Run() error {
	if c.Target == "wasm" {
		return c.inNode()
	}
	b, err := search.NewBench(c.Channels, c.Layers, c.Nodes, c.Batch, c.Size, c.Order, c.Threads)
	if err != nil {
		return err
	}
	defer b.Close()
	var arch, weight, step []float64
	for i := range c.Steps + 1 {
		t0 := time.Now()
		b.Arch()
		t1 := time.Now()
		b.Weight()
		t2 := time.Now()
		if i > 0 {
			arch = append(arch, ms(t1.Sub(t0)))
			weight = append(weight, ms(t2.Sub(t1)))
			step = append(step, ms(t2.Sub(t0)))
		}
	}
	r := timing{
		runtime.GOOS + "/" + runtime.GOARCH, c.Channels, c.Layers, c.Nodes, c.Batch, c.Size, c.Order, c.Threads,
		b.Params(), median(arch), median(weight), median(step), peakRSS(),
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Printf("%d weights: architecture step %.1f ms, weight step %.1f ms, together %.1f ms; peak memory %d MiB\n",
		r.Params, r.ArchMS, r.WeightMS, r.StepMS, r.PeakRSSMiB)
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// peakRSS is the process's largest resident memory so far, where the system says so.
func peakRSS() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib / 1024
}

// inNode builds this program for WebAssembly and runs the same bench there, on its one thread.
func (c *benchCommand) inNode() error {
	dir, err := os.MkdirTemp("", "hlrs-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "hlrs.wasm")
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
	args := []string{
		program, "bench", "--target=native", "--threads=1", fmt.Sprint("--json=", c.JSON),
		fmt.Sprint("--channels=", c.Channels), fmt.Sprint("--layers=", c.Layers), fmt.Sprint("--nodes=", c.Nodes),
		fmt.Sprint("--batch=", c.Batch), fmt.Sprint("--size=", c.Size), fmt.Sprint("--order=", c.Order), fmt.Sprint("--steps=", c.Steps),
	}
	node := exec.Command(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec"), args...)
	node.Stdout, node.Stderr = os.Stdout, os.Stderr
	return node.Run()
}
