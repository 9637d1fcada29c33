//go:build !goexperiment.simd || !(amd64 || wasm || arm64)

package tensor

const useSIMD = false

func sumSIMD(dst, src []float32, r Region, taps []Tap, w []float32, bias, floor float32, add bool) {
	sumGo(dst, src, r, taps, w, bias, floor, add)
}

func dotSIMD(acc, g, src []float32, d, s, count, ds, ss int, taps []Tap) {
	dotGo(acc, g, src, d, s, count, ds, ss, taps)
}
func maxSIMD(dst, src []float32, r Region, taps []Tap) { maxGo(dst, src, r, taps) }
func maxGradSIMD(dsrc, g, m, src []float32, d, s, count, ds, ss int, taps []Tap) {
	maxGradGo(dsrc, g, m, src, d, s, count, ds, ss, Lanes, taps)
}

func gateSIMD(dst, x, y []float32, threshold float32) (sum, dot float32) {
	return gateGo(dst, x, y, threshold)
}
func momentsSIMD(x []float32) (mean, m2 float32) { return momentsGo(x) }
