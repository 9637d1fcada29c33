//go:build goexperiment.simd

package tensor

//go:generate go run ../../tools/asmgen -o lines_amd64.s

// sumRun and dotRun run Sum and Dot over lines, productRun four rows of Product; see tools/asmgen.
//
//go:noescape
func sumRun(d, s *float32, lines *line, n int, taps *Tap, w *float32, bias, floor float32, add int)

//go:noescape
func dotRun(acc, x, s *float32, lines *line, n int, taps *Tap)

//go:noescape
func productRun(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int)
