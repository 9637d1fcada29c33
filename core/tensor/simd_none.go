//go:build !goexperiment.simd || !(amd64 || wasm || arm64)

package tensor

import "runtime"

const useSIMD = false

// Plain says why the plain kernels are in use, which take some ten times as long, or is empty.
func Plain() string {
	switch runtime.GOARCH {
	case "amd64", "arm64", "wasm":
		return "built without GOEXPERIMENT=simd"
	}
	return "no SIMD kernels for " + runtime.GOARCH
}

func sumSIMD(mem []float32, dst, src int, strips []strip, taps []Tap, w []float32, bias, floor float32, add bool) {
	sumStripsGo(mem, dst, src, strips, taps, w, bias, floor, add)
}

func dotSIMD(acc, mem []float32, g, src int, strips []strip, taps []Tap) {
	dotStripsGo(acc, mem, g, src, strips, taps)
}

func maxSIMD(mem []float32, dst, src int, strips []strip, taps []Tap) {
	maxStripsGo(mem, dst, src, strips, taps)
}

func maxGradSIMD(mem []float32, dst, g, m, src int, strips []strip, taps []Tap) {
	maxGradStripsGo(mem, dst, g, m, src, strips, taps)
}

func gateSIMD(dst, x, y []float32, threshold float32) (sum, dot float32) {
	return gateGo(dst, x, y, threshold)
}

func gateReadSIMD(dst, g, x []float32, n int, r Reading, s, p, q *[Lanes]float32) {
	gateReadGo(dst, g, x, n, r, s, p, q)
}

func gateDotsSIMD(g, y, a, b []float32, n int, gate bool, s *[3][Lanes]float32) {
	gateDotsGo(g, y, a, b, n, gate, s)
}

func momentsSIMD(x []float32) (mean, m2 float32) { return momentsGo(x) }

func productSIMD(_ []float32, _, _, _, _, _ int, _ []Tap, _ []float32, _ int) (rows, done int) {
	return 0, 0
}

func productAddSIMD(_ []float32, _, _, _, _, _ int, _ []Tap, _ []float32, _ int) bool { return false }

const useWide = false

func Prefetch(_ []float32, _, _ int) {}

func outerSIMD(_ []float32, _ int, _ []float32, _, _, _, _, _ int, _ []Tap) (doneRows, done int) {
	return 0, 0
}

func windowSIMD(mem []float32, dst, src int, r *rows, w []float32, add bool) {
	r.sumGo(mem, dst, src, w, add)
}

func windowDotSIMD(acc, mem []float32, g, src int, r *rows) { r.dotGo(acc, mem, g, src) }

func tileWindowsSIMD(_, _ []float32, _ int) (done int) { return 0 }

func tileInputSIMD(_ []float32, _, _ Lines, _, _, _, _ int)             {}
func tileInputGradSIMD(_ []float32, _, _ Lines, _, _, _, _ int, _ bool) {}
func tileOutputSIMD(_ []float32, _, _ Lines, _, _ int)                  {}
func tileOutputGradSIMD(_ []float32, _, _ Lines, _, _ int)              {}

func tileInputReadWide(_ []float32, _, _ Lines, _ Reading, _, _ int, _, _ bool, _ int) bool {
	return false
}

func tileOutputGradOfWide(_ []float32, _, _ Lines, _ int, _ [2]float32, _ float32, _ int) bool {
	return false
}

const useTranspose = false

func transpose(_ []float32, _, _, _, _, _ int) {}

func limitsSIMD(_ []float32, lo, hi float32) (_, _ float32) { return lo, hi }

func lookupRowsSIMD(acc []float32, codes []uint8, row int, t []Tall) {
	lookupRowsGo(acc, codes, row, t)
}
