package tensor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTiles holds a row of tiles in one dimension, and all that goes backwards, against the window itself.
func TestTiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const tiles, run = 3, Chunk
	const zeros, x, v, y, dy, dv, dx, end = 0, 100, 400, 800, 1100, 1400, 1800, 2100
	mem := make([]float32, end)
	for i := range mem[x : x+Tile*tiles*run] {
		mem[x+i], mem[dy+i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
	}
	w := []float32{0.3, -0.7, 0.9}
	var u [Values]float32
	for k, g := range &tileWindow {
		u[k] = g[0]*w[0] + g[1]*w[1] + g[2]*w[2]
	}
	values := func(at int) Lines { return Lines{At: at, Step: tiles * run, Column: run} }
	pixels := func(at int) Lines { return Lines{At: at, Step: run, Column: Tile * run} }
	mul := func(at int) {
		for j, f := range u {
			for i := range tiles * run {
				mem[at+j*tiles*run+i] *= f
			}
		}
	}
	TileInput(mem, values(v), pixels(x-run), zeros, zeros, tiles, run)
	mul(v)
	TileOutput(mem, pixels(y), values(v), tiles, run)
	TileOutputGrad(mem, values(dv), pixels(dy), tiles, run)
	mul(dv)
	TileInputGrad(mem, pixels(dx), values(dv), zeros, zeros, tiles, run, false)
	for p := range Tile * tiles {
		for i := range run {
			var want, back float32
			for k := range w {
				if q := p + k - 1; q >= 0 && q < Tile*tiles {
					want += w[k] * mem[x+q*run+i]
					back += w[2-k] * mem[dy+q*run+i]
				}
			}
			if d := math.Abs(float64(mem[y+p*run+i] - want)); d > 1e-5 {
				t.Errorf("pixel %d: %v, want %v", p, mem[y+p*run+i], want)
			}
			if d := math.Abs(float64(mem[dx+p*run+i] - back)); d > 1e-5 {
				t.Errorf("gradient %d: %v, want %v", p, mem[dx+p*run+i], back)
			}
		}
	}
}

// TestTilesTwins: the vector forms have the plain ones' bits.
func TestTilesTwins(t *testing.T) {
	if !useSIMD {
		t.Skip("this build or CPU has plain kernels only")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	start := make([]float32, 4000)
	for i := range start {
		if start[i] = float32(rng.NormFloat64()); i%7 == 0 {
			start[i] = 0
		}
	}
	fast, plain := slices.Clone(start), slices.Clone(start)
	check := func(what string, f, g func(mem []float32)) {
		copy(fast, start)
		copy(plain, start)
		f(fast)
		g(plain)
		for i := range fast {
			if math.Float32bits(fast[i]) != math.Float32bits(plain[i]) {
				t.Fatalf("%s: element %d is %v, plain Go has %v", what, i, fast[i], plain[i])
			}
		}
	}
	a, b := Lines{2000, 100, 16, 0}, Lines{500, 16, 64, 100}
	check("TileInput", func(m []float32) { TileInput(m, a, b, 0, 50, 3, 16) }, func(m []float32) { tileInputGo(m, a, b, 0, 50, 3, 16) })
	check("TileInputGrad", func(m []float32) { TileInputGrad(m, b, a, 0, 50, 3, 16, false) }, func(m []float32) { tileInputGradGo(m, b, a, 0, 50, 3, 16, false) })
	check("TileInputGrad, added", func(m []float32) { TileInputGrad(m, b, a, 0, 50, 1, 64, true) }, func(m []float32) { tileInputGradGo(m, b, a, 0, 50, 1, 64, true) })
	check("TileOutput", func(m []float32) { TileOutput(m, b, a, 3, 16) }, func(m []float32) { tileOutputGo(m, b, a, 3, 16) })
	check("TileOutputGrad", func(m []float32) { TileOutputGrad(m, a, b, 3, 16) }, func(m []float32) { tileOutputGradGo(m, a, b, 3, 16) })
	check("TileWindows", func(m []float32) { TileWindows(m[400:], m[:9*19]) }, func(m []float32) { tileWindowsGo(m[400:], m[:9*19], 0, 19) })
	check("Transpose", func(m []float32) { Transpose(m, 2000, 40, 100, 50, 19, 24) }, func(m []float32) { transposeGo(m, 2000, 40, 100, 50, 19, 24) })
}

// TestTileWindows: the windows' gradient is the adjoint of what is made of them.
func TestTileWindows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 3
	w, u, du := make([]float32, 9*n), make([]float32, 36*n), make([]float32, (36+18)*n)
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	for i := range u {
		du[i] = float32(rng.NormFloat64())
	}
	TileWindows(u, w)
	var one, two float64
	for i := range u {
		one += float64(u[i] * du[i])
	}
	TileWindowsGrad(du, 0, 36*n, n)
	for i := range w {
		two += float64(w[i] * du[i%9*n+i/9])
	}
	if math.Abs(one-two) > 1e-5 {
		t.Errorf("%v and %v", one, two)
	}
}
