//go:build !js

// Package wgpu is the GPU's driver for this machine: WebGPU over Vulkan, or over Metal on macOS, without cgo, by github.com/gogpu/wgpu.
// No other package imports that, so that another version, or another library, is a matter of this one.
package wgpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"

	"hlrslab/core/gpu"
)

// patience is how long what was submitted may take.
const patience = 10 * time.Minute

type driver struct {
	instance *wgpu.Instance
	adapter  *wgpu.Adapter
	device   *wgpu.Device
	about    gpu.Adapter
	layouts  [len(gpu.Layout)]*wgpu.BindGroupLayout
	layout   *wgpu.PipelineLayout
	staging  *wgpu.Buffer // where Read finds what it reads
}

// Open returns the driver of this machine's fastest GPU.
func Open() (gpu.Driver, error) {
	d, err := open()
	if err != nil {
		return nil, fmt.Errorf("no GPU was found: %w; %s", err, help())
	}
	return d, nil
}

func open() (d *driver, err error) {
	d = &driver{}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	if d.instance, err = wgpu.CreateInstance(&wgpu.InstanceDescriptor{Backends: backends}); err != nil {
		return d, err
	}
	if d.adapter, err = d.instance.RequestAdapter(&wgpu.RequestAdapterOptions{PowerPreference: gputypes.PowerPreferenceHighPerformance}); err != nil {
		return d, err
	}
	info, limits := d.adapter.Info(), d.adapter.Limits()
	if info.Backend != backend {
		return d, fmt.Errorf("there is only an adapter by %v", info.Backend)
	}
	binding := min(limits.MaxStorageBufferBindingSize, math.MaxUint32) // Metal has kernels know a binding's size in 32 bits
	limits.MaxBufferSize = limits.MaxStorageBufferBindingSize          // the library leaves WebGPU's least here, whatever Vulkan has
	if d.device, err = d.adapter.RequestDevice(&wgpu.DeviceDescriptor{RequiredLimits: limits}); err != nil {
		return d, fmt.Errorf("%s: %w", info.Name, err)
	}
	d.about = gpu.Adapter{
		Name: info.Name, API: info.Backend.String(), Kind: kind(info.DeviceType), Binding: whole(binding), Buffer: whole(limits.MaxBufferSize),
		Groups: int(limits.MaxComputeWorkgroupsPerDimension),
	}
	if d.about.Kind != gpu.Processor { // an emulator names some number, and takes what the machine has
		d.about.Memory = whole(memory(info))
	}
	for i, bindings := range gpu.Layout {
		desc := wgpu.BindGroupLayoutDescriptor{Label: fmt.Sprint("group ", i)}
		for j, access := range bindings {
			is := gputypes.BufferBindingTypeReadOnlyStorage
			if access == gpu.Writes {
				is = gputypes.BufferBindingTypeStorage
			}
			desc.Entries = append(desc.Entries, gputypes.BindGroupLayoutEntry{
				Binding: uint32(j), Visibility: wgpu.ShaderStageCompute, Buffer: &gputypes.BufferBindingLayout{Type: is},
			})
		}
		if d.layouts[i], err = d.device.CreateBindGroupLayout(&desc); err != nil {
			return d, err
		}
	}
	d.layout, err = d.device.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: "kernels", BindGroupLayouts: d.layouts[:]})
	return d, err
}

func kind(t gputypes.DeviceType) gpu.Kind {
	switch t {
	case gputypes.DeviceTypeDiscreteGPU:
		return gpu.Discrete
	case gputypes.DeviceTypeIntegratedGPU:
		return gpu.Integrated
	case gputypes.DeviceTypeCPU:
		return gpu.Processor
	}
	return gpu.Unknown
}

// whole is a size in whole words.
func whole(n uint64) int64 { return int64(min(n, math.MaxInt64)) &^ 3 }

func (d *driver) Adapter() gpu.Adapter { return d.about }

func (d *driver) Buffer(label string, bytes int64) (gpu.Buffer, error) {
	b, err := d.buffer(label, bytes, wgpu.BufferUsageStorage|wgpu.BufferUsageCopySrc|wgpu.BufferUsageCopyDst)
	if err != nil {
		return nil, err
	}
	return b, d.once(func(e *wgpu.CommandEncoder) { e.ClearBuffer(b, 0, uint64(bytes)) })
}

func (d *driver) buffer(label string, bytes int64, usage gputypes.BufferUsage) (*wgpu.Buffer, error) {
	b, err := d.device.CreateBuffer(&wgpu.BufferDescriptor{Label: label, Size: uint64(bytes), Usage: usage})
	if err != nil {
		return nil, fmt.Errorf("%.1f MB for %s: %w", 1e-6*float64(bytes), label, err)
	}
	return b, nil
}

// kernel is a pipeline and the module it is made of.
type kernel struct {
	module   *wgpu.ShaderModule
	pipeline *wgpu.ComputePipeline
}

func (k *kernel) Release() {
	k.pipeline.Release()
	k.module.Release()
}

func (d *driver) Kernel(label, wgsl string) (gpu.Kernel, error) {
	module, err := d.device.CreateShaderModule(&wgpu.ShaderModuleDescriptor{Label: label, WGSL: wgsl})
	if err != nil {
		return nil, err
	}
	pipeline, err := d.device.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Label: label, Layout: d.layout, Module: module, EntryPoint: "main"})
	if err != nil {
		module.Release()
		return nil, err
	}
	return &kernel{module, pipeline}, nil
}

func (d *driver) Bind(group int, ranges ...gpu.Range) (gpu.Group, error) {
	desc := wgpu.BindGroupDescriptor{Label: fmt.Sprint("group ", group), Layout: d.layouts[group]}
	for i, r := range ranges {
		desc.Entries = append(desc.Entries, wgpu.BindGroupEntry{Binding: uint32(i), Buffer: r.Buffer.(*wgpu.Buffer), Offset: uint64(r.At), Size: uint64(r.Size)})
	}
	return d.device.CreateBindGroup(&desc)
}

func (d *driver) Write(b gpu.Buffer, at int64, data []byte) error {
	return d.device.Queue().WriteBuffer(b.(*wgpu.Buffer), uint64(at), data)
}

func (d *driver) Submit(list []gpu.Dispatch) error {
	var failed error
	err := d.once(func(e *wgpu.CommandEncoder) {
		pass, err := e.BeginComputePass(nil)
		if err != nil {
			failed = err
			return
		}
		var last gpu.Dispatch
		for _, s := range list { // the library puts a barrier behind each
			if s.Kernel != last.Kernel {
				pass.SetPipeline(s.Kernel.(*kernel).pipeline)
			}
			for i, g := range s.Groups {
				if g != last.Groups[i] {
					pass.SetBindGroup(uint32(i), g.(*wgpu.BindGroup), nil)
				}
			}
			pass.Dispatch(uint32(s.X), uint32(s.Y), 1)
			last = s
		}
		failed = pass.End()
	})
	return errors.Join(failed, err)
}

// once records commands and submits them.
func (d *driver) once(record func(*wgpu.CommandEncoder)) error {
	e, err := d.device.CreateCommandEncoder(nil)
	if err != nil {
		return err
	}
	record(e)
	commands, err := e.Finish()
	if err != nil {
		return err
	}
	_, err = d.device.Queue().Submit(commands)
	return err
}

func (d *driver) Read(b gpu.Buffer, at int64, dst []byte) error {
	size := uint64(len(dst))
	if d.staging == nil || d.staging.Size() < size {
		if d.staging != nil {
			d.staging.Release()
		}
		var err error
		if d.staging, err = d.buffer("reading", int64(size), wgpu.BufferUsageCopyDst|wgpu.BufferUsageMapRead); err != nil {
			return err
		}
	}
	if err := d.once(func(e *wgpu.CommandEncoder) { e.CopyBufferToBuffer(b.(*wgpu.Buffer), uint64(at), d.staging, 0, size) }); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if err := d.staging.Map(ctx, wgpu.MapModeRead, 0, size); err != nil {
		return err
	}
	mapped, err := d.staging.MappedRange(0, size)
	if err == nil {
		copy(dst, mapped.Bytes())
	}
	return errors.Join(err, d.staging.Unmap())
}

func (d *driver) Close() {
	if d.staging != nil {
		d.staging.Release()
	}
	if d.layout != nil {
		d.layout.Release()
	}
	for _, l := range d.layouts {
		if l != nil {
			l.Release()
		}
	}
	if d.device != nil {
		d.device.Release()
	}
	if d.adapter != nil {
		d.adapter.Release()
	}
	if d.instance != nil {
		d.instance.Release()
	}
}
