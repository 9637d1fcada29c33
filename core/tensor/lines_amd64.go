//go:build goexperiment.simd

package tensor

//go:generate go run ../../tools/asmgen -o lines_amd64.s

// sumLine and dotLineN run Sum and Dot over a line of count vectors, strides in bytes.
//
//go:noescape
func sumLine(d, s *float32, ds, ss, count int, taps *Tap, ntaps int, w *float32, bias, floor float32, add int)

//go:noescape
func dotLine1(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine2(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine3(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine4(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine5(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine6(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine7(acc, x, s *float32, count, gs, ss int, taps *Tap)

//go:noescape
func dotLine8(acc, x, s *float32, count, gs, ss int, taps *Tap)

// dotGroup runs at most eight taps.
func dotGroup(acc, x, s *float32, count, gs, ss int, taps []Tap) {
	t := &taps[0]
	switch len(taps) {
	case 1:
		dotLine1(acc, x, s, count, gs, ss, t)
	case 2:
		dotLine2(acc, x, s, count, gs, ss, t)
	case 3:
		dotLine3(acc, x, s, count, gs, ss, t)
	case 4:
		dotLine4(acc, x, s, count, gs, ss, t)
	case 5:
		dotLine5(acc, x, s, count, gs, ss, t)
	case 6:
		dotLine6(acc, x, s, count, gs, ss, t)
	case 7:
		dotLine7(acc, x, s, count, gs, ss, t)
	case 8:
		dotLine8(acc, x, s, count, gs, ss, t)
	}
}
