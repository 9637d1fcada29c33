package main

import (
	"fmt"
	"strings"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/core/nn"
)

// profile is a GPU that keeps the passes of a step, to take them once more, kernel by kernel.
type profile struct {
	*gpu.Device
	executor gpu.Profiler
	passes   []nn.Pass
	err      error
}

// Compile implements nn.Device.
func (p *profile) Compile(program *nn.Program) (nn.Executor, error) {
	e, err := p.Device.Compile(program)
	own, is := e.(gpu.Profiler)
	if !is {
		return e, err
	}
	p.executor = own
	return watched{own, p}, err
}

// watched is an executor whose passes are kept.
type watched struct {
	gpu.Profiler
	of *profile
}

// Run implements nn.Executor.
func (w watched) Run(p nn.Pass) (float64, error) {
	w.of.passes = append(w.of.passes, p)
	return w.Profiler.Run(p)
}

// step ends a step; the last one's passes are profiled, in a table.
func (p *profile) step(last bool) (table string) {
	passes := p.passes
	p.passes = nil
	if !last || p.err != nil {
		return ""
	}
	var kernels []gpu.Use
	at := map[string]int{}
	for _, pass := range passes {
		uses, err := p.executor.Profile(pass)
		if err != nil {
			p.err = err
			return ""
		}
		for _, u := range uses {
			i, ok := at[u.Kernel]
			if !ok {
				i, at[u.Kernel] = len(kernels), len(kernels)
				kernels = append(kernels, gpu.Use{Kernel: u.Kernel})
			}
			k := &kernels[i]
			k.Dispatches, k.Groups, k.Macs, k.Floats, k.Time = k.Dispatches+u.Dispatches, k.Groups+u.Groups, k.Macs+u.Macs, k.Floats+u.Floats, k.Time+u.Time
		}
	}
	rates, err := p.Rates()
	if err != nil {
		p.err = err
		return ""
	}
	a := p.Adapter()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s (%s, %s): copies at %.0f GB/s, multiplies and adds at %.0f G/s, does nothing in %.1f µs a dispatch; the network takes %s of it\n",
		a.Name, a.API, a.Kind, 1e-9*rates.Copy, 1e-9*rates.Multiply, 1e6*rates.Dispatch, amount(p.executor.Bytes()))
	if a.Kind == gpu.Processor {
		b.WriteString("It is emulated on the processor: its times say nothing of a GPU.\n")
	}
	row := func(cells ...any) { fmt.Fprintf(&b, "%-9s %10v %11v %9v %9v %9v %9v %9v\n", cells...) }
	row("kernel", "dispatches", "workgroups", "G mul-add", "GB", "ms", "by rates", "share")
	b.WriteString("(GB are what threads ask for, of which caches serve a part; by rates is the longer of both at the rates above, and the dispatches)\n")
	bound := func(u gpu.Use) time.Duration {
		return seconds(max(float64(u.Macs)/rates.Multiply, 4*float64(u.Floats)/rates.Copy) + float64(u.Dispatches)*rates.Dispatch)
	}
	var all gpu.Use
	var least time.Duration
	for _, k := range kernels {
		all.Dispatches, all.Groups, all.Macs, all.Floats, all.Time = all.Dispatches+k.Dispatches, all.Groups+k.Groups, all.Macs+k.Macs, all.Floats+k.Floats, all.Time+k.Time
		least += bound(k)
	}
	line := func(k gpu.Use, least time.Duration) {
		number := func(x float64) string { return fmt.Sprintf("%.2f", x) }
		row(k.Kernel, k.Dispatches, k.Groups, number(1e-9*float64(k.Macs)), number(4e-9*float64(k.Floats)), number(1e3*k.Time.Seconds()), number(1e3*least.Seconds()),
			fmt.Sprintf("%.1f %%", 100*k.Time.Seconds()/all.Time.Seconds()))
	}
	for _, k := range kernels {
		line(k, bound(k))
	}
	all.Kernel = "all"
	line(all, least)
	return b.String()
}
