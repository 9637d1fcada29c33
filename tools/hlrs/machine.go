package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"hlrslab/core/cpu"
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/task"
	"hlrslab/tools/wgpu"
)

// Machine is what of the machine a run may take.
type Machine struct {
	Device  string  `default:"cpu" enum:"cpu,gpu,auto" help:"What computes: cpu, gpu, or auto, which is the GPU if there is one. A GPU's numbers are near the processor's, but not its bits."`
	Threads int     `default:"0" help:"Threads, from 1 to 256; 0 is one for each core that this process may use. The numbers do not depend on it."`
	Memory  float64 `default:"0" help:"Memory that it may take, GB, from 0.001, and as much of a GPU that has its own; 0 is all that the machine or its container has, and the GPU."`

	cpu cpu.Device
	gpu *gpu.Device // nil: the processor computes
}

// most threads are more than a machine has cores: each beyond its cores costs time.
const most = 256

// threads is one for each core, of which a container's quota leaves fewer.
func threads() int { return min(runtime.GOMAXPROCS(0), most) }

// AfterApply is called by kong.
func (m *Machine) AfterApply() error {
	switch {
	case m.Threads == 0:
		m.Threads = threads()
	case m.Threads < 1 || m.Threads > most:
		return fmt.Errorf("--threads %d: give 1 to %d, or leave it out for one on each of the %d cores here", m.Threads, most, threads())
	}
	if m.Memory != 0 && !(m.Memory >= 0.001 && m.Memory <= 1e6) {
		return fmt.Errorf("--memory %v: give the GB that it may take, from 0.001 to 1000000, or leave it out for all there is here", m.Memory)
	}
	m.cpu.Threads = m.Threads
	return m.find()
}

// find opens the GPU, if it is asked for. One that is emulated on the processor has to be, by name.
func (m *Machine) find() error {
	if m.Device == "cpu" {
		return nil
	}
	d, err := wgpu.Open()
	if m.Device == "gpu" {
		if err != nil {
			return fmt.Errorf("--device gpu: %w", err)
		}
		m.gpu = gpu.New(d)
		return nil
	}
	takes, why := choice(d, err)
	fmt.Fprintf(os.Stderr, "device: %s\n", why)
	switch {
	case takes:
		m.gpu = gpu.New(d)
	case err == nil:
		d.Close()
	}
	return nil
}

// choice says whether auto takes the GPU that was found, if one was, and why.
func choice(d gpu.Driver, none error) (takes bool, why string) {
	if none != nil {
		return false, fmt.Sprintf("the CPU, as %v", none)
	}
	a := d.Adapter()
	if a.Kind == gpu.Processor {
		return false, fmt.Sprintf("the CPU, as the only GPU, %s, is emulated on it", a.Name)
	}
	return true, fmt.Sprintf("%s (%s)", a.Name, a.Kind)
}

// device is what computes, on the processor at so many threads.
func (m *Machine) device(threads int) nn.Device {
	switch {
	case m.gpu != nil:
		return m.gpu
	case threads == m.Threads:
		return &m.cpu
	}
	return &cpu.Device{Threads: threads}
}

// computes says what does.
func (m *Machine) computes() string {
	if m.gpu != nil {
		return fmt.Sprintf("%s (%s)", m.gpu.Adapter().Name, m.gpu.Adapter().Kind)
	}
	return count(m.Threads, "thread")
}

// fits says what a run takes, and fails where it would not find it here. Images take so many bytes beside.
func (m *Machine) fits(c run.Config, classes int, images int64) (run.Cost, error) {
	cost, err := task.Cost(c, classes, m.device(m.Threads))
	if err != nil {
		return cost, err
	}
	cost.Bytes += images
	if m.gpu != nil && (m.gpu.Adapter().Kind == gpu.Integrated || m.gpu.Adapter().Kind == gpu.Processor) {
		cost.Bytes, cost.Device = cost.Bytes+cost.Device, 0 // it is the machine's memory
	}
	room, allowed := int64(1e9*m.Memory), "--memory allows %s"
	takes, of := cost.Bytes, "memory"
	if room > 0 && cost.Device > room {
		takes, of = cost.Device, "the GPU's memory"
	}
	if room == 0 {
		room, allowed = memory(), "there are %s here"
	}
	if room > 0 && takes > room {
		network, lower := fmt.Sprintf("%d channels and %d layers", c.Channels, c.Layers), "batch, channels, layers or size"
		if c.Task == run.Train && c.Network != run.CellNetwork {
			network, lower = string(c.Network), "batch or size"
		}
		return cost, fmt.Errorf("a batch of %d images of side %d through %s takes about %s of %s, and %s: lower %s, or say with --memory that there is more",
			c.Batch, c.Size, network, amount(takes), of, fmt.Sprintf(allowed, amount(room)), lower)
	}
	return cost, nil
}

// memory is what this process may have, bytes: the machine's, or less where its container has less. It is 0 if the system does not say.
func memory() (room int64) {
	for _, limit := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if n, err := limit(); err == nil && (room == 0 || int64(n) < room) {
			room = int64(n)
		}
	}
	return room
}

// amount is a number of bytes in words.
func amount(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
