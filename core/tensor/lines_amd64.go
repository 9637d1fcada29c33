//go:build goexperiment.simd

package tensor

//go:generate go run ../../tools/asmgen -o lines_amd64.s

// sumRun and dotRun run Sum and Dot over lines; see tools/asmgen.
//
//go:noescape
func sumRun(d, s *float32, lines *line, n int, taps *Tap, w *float32, bias, floor float32, add int)

//go:noescape
func dotRun(acc, x, s *float32, lines *line, n int, taps *Tap)
