package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"hlrslab/core/bbn"
	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
	"hlrslab/core/resnet"
	"hlrslab/tools/internal/usage"
	"hlrslab/tools/wgpu"
)

// training is a network that is trained from scratch, without auxiliary head and drop path.
type training struct {
	network                 string // cells, of DARTS_V2, or resnet-32
	channels, layers, batch int
	threads                 int
	device                  string // cpu or gpu; empty is cpu
	rounds, steps           int    // a round times ours and the peer
	quick                   bool
}

// trainings prints what a step of training costs: forward, backward and SGD. On a busy machine the processor's time of one thread is
// what to compare: threads that wait for each other take the longer the more others run, PyTorch's tens of times as long.
func trainings(peer []string, quick bool) {
	own, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("\n| network | C | layers | batch | threads | ms | CPU ms | GFLOP/s | MiB | PyTorch ms | CPU ms | MiB | ratio | of CPU | of memory |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, t := range []training{
		{"cells", 16, 8, 96, 1, "", 5, 3, true},
		{"cells", 16, 8, 96, 2, "", 5, 5, true},
		{"resnet-32", 16, 31, 128, 1, "", 5, 3, true},
		{"resnet-32", 16, 31, 128, 2, "", 5, 5, true},
		{"cells", 36, 20, 96, 1, "", 2, 1, false},
		{"cells", 36, 20, 96, 2, "", 3, 1, false},
	} {
		if quick && !t.quick {
			continue
		}
		args := []string{
			fmt.Sprint("--network=", t.network), fmt.Sprint("--channels=", t.channels), fmt.Sprint("--layers=", t.layers),
			fmt.Sprint("--batch=", t.batch), fmt.Sprint("--steps=", t.steps), fmt.Sprint("--threads=", t.threads),
		}
		var ours, theirs []result
		for range t.rounds {
			ours = append(ours, run(append([]string{own}, args...)))
			if peer != nil {
				theirs = append(theirs, run(append(peer, args...)))
			}
		}
		var ratios, cpu []float64 // of neighbours
		for i, p := range theirs {
			if p.Params != ours[i].Params {
				log.Fatalf("%s: %d weights, and the peer has %d", t.network, ours[i].Params, p.Params)
			}
			ratios, cpu = append(ratios, p.StepMS/ours[i].StepMS), append(cpu, p.CPUMS/ours[i].CPUMS)
		}
		o, p := median(ours), median(theirs)
		fmt.Printf("| %s | %d | %d | %d | %d | %.0f | %.0f | %.0f | %.0f |", t.network, t.channels, t.layers, t.batch, t.threads, o.StepMS, o.CPUMS, o.GFLOP/o.StepMS*1000, o.PeakRSSMiB)
		if len(ratios) > 0 {
			slices.Sort(ratios)
			slices.Sort(cpu)
			fmt.Printf(" %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |\n", p.StepMS, p.CPUMS, p.PeakRSSMiB, ratios[len(ratios)/2], cpu[len(cpu)/2], p.PeakRSSMiB/o.PeakRSSMiB)
		} else {
			fmt.Println(" | | | | | |")
		}
	}
}

// train times steps of a training on one random batch, and prints a result.
func (t training) train() {
	const size, classes = 32, 10
	backbone := bbn.Backbone(resnet.ResNet32.Backbone)
	if t.network == "cells" {
		g, err := darts.ReadGenotype("DARTS_V2")
		if err != nil {
			log.Fatal(err)
		}
		backbone = darts.EvalNet{Genotype: g, Channels: t.channels, Layers: t.layers}.Backbone
	}
	shape := bbn.Shape{Classes: classes, Batch: t.batch, Size: size, Branches: bbn.Alone}
	var device nn.Device = &cpu.Device{Threads: t.threads}
	if t.device == "gpu" {
		d, err := wgpu.Open()
		if err != nil {
			log.Fatal(err)
		}
		device = gpu.New(d)
	}
	m, err := bbn.New(shape, backbone, darts.Softmax{}, 0, device)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	m.Store.Memory.Make()
	rng := rand.New(rand.NewPCG(1, 2))
	m.InitNormal(rng)
	o := &bbn.Objective{Model: m, A: 1}
	batch := &o.Batches[0]
	for range 3 * size * size * t.batch {
		batch.Images = append(batch.Images, float32(rng.NormFloat64()))
	}
	for range t.batch {
		batch.Labels = append(batch.Labels, rng.IntN(classes))
	}
	count := nn.NewBuilder(&nn.Store{}, t.batch, size)
	backbone(count, "")
	grad := make([]float32, len(m.Weights))
	sgd := &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 5, Buffer: make([]float32, len(m.Weights))}
	var took []float64
	var before float64
	for i := range t.steps + 1 {
		if i == 1 {
			before = cpuSeconds()
		}
		began := time.Now()
		o.Gradient(m.Weights, nil, grad, nil, true)
		sgd.Step(m.Weights, grad, 0.025)
		took = append(took, time.Since(began).Seconds())
	}
	used := cpuSeconds() - before
	took = took[1:]
	slices.Sort(took)
	r := result{
		StepMS: 1000 * (took[(len(took)-1)/2] + took[len(took)/2]) / 2, PeakRSSMiB: usage.PeakMiB(), CPUMS: 1000 * used / float64(t.steps),
		Params: m.Store.Weights.Total, GFLOP: 6e-9 * float64(count.MACs()) * float64(t.batch),
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Fatal(err)
	}
}

// cpuSeconds is the processor's time of all of the process's threads so far, where the system says so.
func cpuSeconds() float64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	var user, system float64
	fields := strings.Fields(rest)
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0
	}
	return (user + system) / 100 // in hundredths
}
