// Command bench prints what a search step costs, here and in node, beside the same step in PyTorch where a script for it is
// at hand, and what a step of training does, alternating in one run. It ends with an error if a kernel falls to the speed of its
// plain form.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlrslab/core/darts"
)

// result is a line of hlrs bench, of a training, or of a peer.
type result struct {
	StepMS     float64 `json:"step_ms"`
	PeakRSSMiB float64 `json:"peak_rss_mib"`
	CPUMS      float64 `json:"cpu_ms"`
	Params     int     `json:"params"`
	GFLOP      float64 `json:"gflop"` // of a step
}

func main() {
	log.SetFlags(0)
	hlrs := flag.String("hlrs", "build/hlrs", "the command line program")
	peer := flag.String("peer", "../shared/peers/torch_step.py", "script that times the same step in PyTorch")
	python := flag.String("python", "/usr/bin/python3", "its interpreter")
	quick := flag.Bool("quick", false, "leave the full size out")
	alone := flag.Bool("trainings", false, "only steps of training")
	trainer := flag.String("trainer", "tools/bench/torch_train.py", "script that times a step of training")
	card := flag.Bool("gpu", false, "only a GPU: what there is of it, whether its numbers are right, and its times")
	var one training
	flag.StringVar(&one.network, "network", "", "only time a step of training this network: cells or resnet-32")
	flag.IntVar(&one.channels, "channels", 16, "of its first cells")
	flag.IntVar(&one.layers, "layers", 8, "its cells")
	flag.IntVar(&one.batch, "batch", 96, "its images")
	flag.IntVar(&one.steps, "steps", 5, "timed, after one that is not")
	flag.IntVar(&one.threads, "threads", 2, "for it")
	flag.StringVar(&one.device, "device", "cpu", "for it: cpu or gpu")
	flag.Parse()
	if one.network != "" {
		one.train()
		return
	}
	if *card {
		onGPU(*hlrs, *python, *peer, *trainer, *quick)
		return
	}
	fmt.Println(limits())
	withPeer := exec.Command(*python, "-c", "import torch").Run() == nil
	var trainPeer []string
	if withPeer {
		trainPeer = []string{*python, *trainer}
	}
	trainings(trainPeer, *quick)
	if *alone {
		return
	}
	if _, err := os.Stat(*peer); err != nil || !withPeer {
		fmt.Println("No comparison: PyTorch or the script for it is missing (Debian: apt-get install python3-torch; -peer names the script).")
		withPeer = false
	}
	fmt.Println("\n| C | layers | batch | size | order | threads | ms | GFLOP/s | MiB | PyTorch ms | MiB | ratio | node ms | ratio |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range []struct{ channels, layers, batch, size, order, threads, rounds, steps, peerSteps int }{
		{4, 5, 16, 16, 1, 1, 3, 20, 3},
		{4, 5, 16, 16, 1, 2, 3, 20, 3},
		{4, 5, 16, 16, 2, 1, 3, 10, 2},
		{8, 5, 32, 32, 1, 2, 3, 5, 2},
		{8, 5, 32, 32, 2, 2, 2, 3, 1},
		{16, 8, 64, 32, 1, 1, 1, 2, 0},
		{16, 8, 64, 32, 1, 2, 2, 2, 1},
		{16, 8, 64, 32, 2, 2, 1, 1, 1},
	} {
		full := c.channels == 16
		if full && *quick {
			continue
		}
		args := []string{
			fmt.Sprint("--channels=", c.channels), fmt.Sprint("--layers=", c.layers), fmt.Sprint("--batch=", c.batch),
			fmt.Sprint("--size=", c.size), fmt.Sprint("--order=", c.order), fmt.Sprint("--threads=", c.threads),
		}
		ours := append([]string{*hlrs, "bench", "--json", "--branches=none", fmt.Sprint("--steps=", c.steps)}, args...)
		var own, theirs, node []result
		for range c.rounds {
			own = append(own, run(ours))
			if withPeer && c.peerSteps > 0 {
				theirs = append(theirs, run(append([]string{*python, *peer, fmt.Sprint("--steps=", c.peerSteps)}, args...)))
			}
			if !full && c.threads == 1 {
				node = append(node, run(append(ours, "--target=wasm")))
			}
		}
		_, macs := darts.SupernetCost(darts.Supernet{Channels: c.channels, Layers: c.layers, Nodes: 4}, 10, c.size)
		passes := 6. // forward, and backward for inputs and for weights, on two batches
		if c.order == 2 {
			passes = 15
		}
		flop := 2 * passes * float64(macs) * float64(c.batch)
		o := median(own)
		row := fmt.Sprintf("| %d | %d | %d | %d² | %d | %d | %.1f | %.0f | %.0f |", c.channels, c.layers, c.batch, c.size, c.order, c.threads, o.StepMS, flop/o.StepMS/1e6, o.PeakRSSMiB)
		if t := median(theirs); t.StepMS > 0 {
			row += fmt.Sprintf(" %.0f | %.0f | %.1f |", t.StepMS, t.PeakRSSMiB, t.StepMS/o.StepMS)
		} else {
			row += " | | |"
		}
		if n := median(node); n.StepMS > 0 {
			row += fmt.Sprintf(" %.1f | %.2f |", n.StepMS, n.StepMS/o.StepMS)
		} else {
			row += " | |"
		}
		fmt.Println(row)
	}
	start(*hlrs)
	kernels()
}

// start prints how long it takes to the first step of a search, natively and, in Chromium, from opening the page; and what a
// step takes there.
func start(hlrs string) {
	dir, err := os.MkdirTemp("", "hlrs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(hlrs, "search", "--preset=small", "--out="+dir+"/run")
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	for ; ; time.Sleep(time.Millisecond) {
		if events, err := os.ReadFile(dir + "/run/events.jsonl"); err == nil && bytes.Contains(events, []byte(`"step"`)) {
			break
		}
		if time.Since(began) > time.Minute {
			log.Fatal("hlrs search: no step after a minute")
		}
	}
	fmt.Printf("\nFrom `hlrs search --preset small` to its first step: %.2f s.\n", time.Since(began).Seconds())
	if err := cmd.Process.Kill(); err == nil {
		_ = cmd.Wait() // killed
	}
	for _, c := range []struct{ name, unit, text string }{
		{"FirstStep", "s/first-step", "From opening the page to its first step in Chromium: %s s.\n"},
		{"TabStep", "ms/step", "The first of the steps above in a tab of Chromium: %s ms.\n"},
	} {
		out, err := exec.Command("go", "test", "./ui", "-run", "^$", "-bench", c.name, "-benchtime", "3x").Output()
		if m := regexp.MustCompile(`([\d.]+) ` + c.unit).FindSubmatch(out); err == nil && m != nil {
			fmt.Printf(c.text, m[1])
		} else {
			fmt.Printf("Chromium could not be timed: %v\n%s", err, out)
		}
	}
}

// run runs a program that prints a result as its last line.
func run(command []string) result {
	r, err := try(command)
	if err != nil {
		log.Fatal(err)
	}
	return r
}

// try is run, and returns what went wrong.
func try(command []string) (r result, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		err = json.Unmarshal(lines[len(lines)-1], &r)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return r, nil
}

func median(list []result) result {
	if len(list) == 0 {
		return result{}
	}
	slices.SortFunc(list, func(a, b result) int {
		if a.StepMS < b.StepMS {
			return -1
		}
		return 1
	})
	return list[len(list)/2]
}

// kernels prints the kernels' benchmarks, and fails where vectors bring little: the sign of scalar SSE moves between 256-bit
// code, which cost a factor of a hundred.
func kernels() {
	out, err := exec.Command("go", "test", "./core/tensor", "-run", "^$", "-bench", "Kernels|Rows").Output()
	if err != nil {
		log.Fatalf("go test -bench: %v\n%s", err, out)
	}
	speeds := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^Benchmark(?:Kernels|Rows)/(\S+?)(?:-\d+)?\s.*\s([\d.]+) GFLOP/s`).FindAllStringSubmatch(string(out), -1) {
		if speeds[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("\n| kernel | GFLOP/s | plain Go | factor |\n|---|---|---|---|")
	names := []string{}
	for name := range speeds {
		if kernel, ok := strings.CutSuffix(name, "/simd=true"); ok {
			names = append(names, kernel)
		}
	}
	if len(names) == 0 {
		log.Fatalf("no kernel has a vector form in this build: is GOEXPERIMENT=simd set?\n%s", out)
	}
	slices.Sort(names)
	slow := false
	for _, name := range names {
		fast, plain := speeds[name+"/simd=true"], speeds[name+"/simd=false"]
		fmt.Printf("| %s | %.1f | %.1f | %.1f |\n", name, fast, plain, fast/plain)
		slow = slow || fast < 2*plain
	}
	if slow {
		log.Fatal("a kernel is hardly faster than its plain form: look for scalar moves between vector instructions")
	}
}
