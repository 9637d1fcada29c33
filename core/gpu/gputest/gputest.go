// Package gputest holds a driver against what gpu.Driver says, whatever the driver is.
package gputest

import (
	"encoding/binary"
	"math"
	"testing"

	"hlrslab/core/gpu"
)

// add has each thread add its dispatch's addend and what another workgroup's thread left, in a buffer that is bound from its middle on.
const add = `
const THREADS = 64u;
var<workgroup> box: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let group = wid.y * count.x + wid.x;
    let n = count.x * count.y * THREADS;
    let at = group * THREADS + thread;
    box[thread] = mem[(at + THREADS + 1) % n];
    workgroupBarrier();
    state[at] = box[THREADS - 1 - thread] + params[table[0]];
    scratch[at] = state[at];
}
`

// move brings what add made to where it begins anew.
const move = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = (wid.y * count.x + wid.x) * 64u + thread;
    mem[at] = scratch[at];
}
`

// Check runs a chain of dispatches that each need what the one before wrote, with bindings within buffers, writes between submissions,
// reads of parts, and a kernel that does not compile.
func Check(t *testing.T, d gpu.Driver) {
	a := d.Adapter()
	t.Logf("%s (%s, %s): bindings up to %.0f MB, buffers up to %.0f MB, %d workgroups along a dimension", a.Name, a.API, a.Kind, 1e-6*float64(a.Binding), 1e-6*float64(a.Buffer), a.Groups)
	if a.Name == "" || a.Binding < 128<<20 || a.Buffer < a.Binding || a.Groups < 65535 {
		t.Errorf("%+v is less than WebGPU has at least", a)
	}
	const x, y, rounds = 5, 3, 40
	const n = x * y * 64
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	source := gpu.Head()
	buffer := func(label string) gpu.Buffer {
		b, err := d.Buffer(label, gpu.Alignment+4*n)
		must(err)
		return b
	}
	kernel := func(label, wgsl string) gpu.Kernel {
		k, err := d.Kernel(label, source+wgsl)
		must(err)
		return k
	}
	mem, scratch, state, params, table := buffer("mem"), buffer("scratch"), buffer("state"), buffer("params"), buffer("table")
	upper := func(b gpu.Buffer) gpu.Range { return gpu.Range{Buffer: b, At: gpu.Alignment, Size: 4 * n} }
	shared, err := d.Bind(0, upper(mem), upper(scratch), upper(state), upper(params))
	must(err)
	var own [2]gpu.Group
	for i := range own {
		own[i], err = d.Bind(1, gpu.Range{Buffer: table, At: int64(i) * gpu.Alignment, Size: 4})
		must(err)
	}
	adds, moves := kernel("add", add), kernel("move", move)
	start := make([]float32, n)
	for i := range start {
		start[i] = float32(i % 17)
	}
	must(d.Write(mem, gpu.Alignment, bytes(start)))
	must(d.Write(table, 0, words(0)))
	must(d.Write(table, gpu.Alignment, words(1)))
	got := make([]byte, 4*n)
	must(d.Read(scratch, gpu.Alignment, got))
	for i, v := range floats(got) {
		if v != 0 {
			t.Fatalf("a new buffer has %v at %d", v, i)
		}
	}
	want := start
	for i := range 3 { // one after the other, with parameters of their own
		addends := []float32{float32(i + 1), 0.5}
		must(d.Write(params, gpu.Alignment, bytes(addends)))
		var list []gpu.Dispatch
		for r := range rounds {
			list = append(list, gpu.Dispatch{Kernel: adds, Groups: [2]gpu.Group{shared, own[r%2]}, X: x, Y: y, Work: n},
				gpu.Dispatch{Kernel: moves, Groups: [2]gpu.Group{shared, own[r%2]}, X: x, Y: y, Work: n})
			next := make([]float32, n)
			for at := range next {
				other := at/64*64 + 63 - at%64
				next[at] = want[(other+65)%n] + addends[r%2]
			}
			want = next
		}
		must(d.Submit(list))
	}
	compare := func(what string, got []byte, want []float32) {
		t.Helper()
		for i, v := range floats(got) {
			if v != want[i] {
				t.Fatalf("%s: %v at %d, not %v", what, v, i, want[i])
			}
		}
	}
	must(d.Read(state, gpu.Alignment, got))
	compare("the whole", got, want)
	must(d.Read(mem, gpu.Alignment+4*7, got[:4*11]))
	compare("a part", got[:4*11], want[7:18])

	for _, wrong := range []string{"fn main( {", "@compute @workgroup_size(64) fn main() { mem[0] = missing; }"} {
		if _, err := d.Kernel("wrong", source+wrong); err == nil {
			t.Errorf("%q compiles", wrong)
		} else {
			t.Logf("a kernel that is wrong: %v", err)
		}
	}
}

func bytes(v []float32) (out []byte) {
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func words(v ...uint32) (out []byte) {
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, x)
	}
	return out
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
