package main

import (
	"fmt"
	"strings"

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
				kernels = append(kernels, gpu.Use{Kernel: u.Kernel, Does: u.Does})
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
	return kernelTable(p.Adapter(), rates, kernels, p.executor.Bytes())
}

// kernelTable is what kernels take of a step, beside what they would at the GPU's own rates.
func kernelTable(a gpu.Adapter, rates gpu.Rates, kernels []gpu.Use, bytes int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s (%s, %s) copies %s/s, and multiplies and adds %s/s; an empty dispatch takes %s; this network takes %s of its memory\n",
		a.Name, a.API, a.Kind, three(rates.Copy, "B"), three(rates.Multiply, ""), three(rates.Dispatch, "s"), three(float64(bytes), "B"))
	if a.Kind == gpu.Processor {
		b.WriteString("It is emulated on the processor: its times say nothing of a GPU.\n")
	}
	row := func(does string, cells ...any) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-9s %10v %11v %9v %9v %9v %9v %8v", cells...)+"  "+does, " "))
	}
	row("what it does", "kernel", "dispatches", "workgroups", "mul-adds", "moved", "time", "by rates", "share")
	bound := func(u gpu.Use) float64 {
		return max(float64(u.Macs)/rates.Multiply, 4*float64(u.Floats)/rates.Copy) + float64(u.Dispatches)*rates.Dispatch
	}
	var all gpu.Use
	var least float64
	for _, k := range kernels {
		all.Dispatches, all.Groups, all.Macs, all.Floats, all.Time = all.Dispatches+k.Dispatches, all.Groups+k.Groups, all.Macs+k.Macs, all.Floats+k.Floats, all.Time+k.Time
		least += bound(k)
	}
	line := func(k gpu.Use, least float64) {
		row(k.Does, k.Kernel, k.Dispatches, k.Groups, three(float64(k.Macs), ""), three(4*float64(k.Floats), "B"), three(k.Time.Seconds(), "s"), three(least, "s"),
			fmt.Sprintf("%.1f %%", 100*k.Time.Seconds()/all.Time.Seconds()))
	}
	for _, k := range kernels {
		line(k, bound(k))
	}
	all.Kernel = "all"
	line(all, least)
	b.WriteString(`
Moved is what threads ask memory for, of which caches serve a part. By rates is the longer of both at the rates above, and the empty dispatches.
Times are those of kernels run alone, each waited for or over and over; in a step they follow on each other without waiting, and the
processor's work comes in between: the sum is not the time of a step.
`)
	return b.String()
}

// three is a number in three digits, with the prefix of its unit.
func three(v float64, unit string) string {
	prefixes := []string{"n", "µ", "m", "", "k", "M", "G", "T", "P"}
	at := 3
	for ; v >= 999.5 && at < len(prefixes)-1; at++ {
		v /= 1000
	}
	for ; v < 0.9995 && v > 0 && at > 0; at-- {
		v *= 1000
	}
	return strings.TrimRight(fmt.Sprintf("%.3g %s%s", v, prefixes[at], unit), " ")
}
