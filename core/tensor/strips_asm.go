//go:build goexperiment.simd && (amd64 || wasm)

package tensor

//go:generate go run ../../tools/asmgen -o strips_amd64.s
//go:generate go run ../../tools/asmgen -o strips_wasm.s

// The kernels in assembly (see tools/asmgen): Sum and Dot over strips, four rows of Product over blocks of 2·Lanes floats, and
// windows row by row.
//
//go:noescape
func sumRun(d, s *float32, strips *strip, n int, taps *Tap, w *float32, bias, floor float32, add int)

//go:noescape
func dotRun(acc, x, s *float32, strips *strip, n int, taps *Tap)

//go:noescape
func productRun(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int)

//go:noescape
func windowRun(d, s *float32, rows *row, n int, w *float32, step, srcRow, last, shape, add int)

//go:noescape
func windowDotRun(acc, x, s *float32, bands *row, n, row, last, shape int)
