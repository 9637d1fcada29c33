package main

import "fmt"

// The kernels of windows that move by one pixel (stride 1). A pixel is 64 bytes, of 16 images. A block of pixels is held in
// registers, and each pixel that it reads is loaded once for all that read it, in their order; where a row begins or ends, the
// code of the pixels beyond it is passed over.

// shape is a kernel of k × k taps, dilation pixels apart, for blocks of n pixels.
type shape struct{ k, dilation, n int }

// shapes in the order of tensor's numbers for them.
var shapes = []shape{{3, 1, 8}, {5, 1, 8}, {3, 2, 8}, {5, 2, 8}, {3, 1, 4}, {5, 1, 4}, {3, 2, 4}, {5, 2, 4}}

func (s shape) String() string { return fmt.Sprintf("k%dd%dn%d", s.k, s.dilation, s.n) }

// pad is how far the window reaches beyond the block on either side.
func (s shape) pad() int { return s.dilation * (s.k - 1) / 2 }

// readers calls f for each tap with which pixel i is read, and the block's pixel that does.
func (s shape) readers(i int, f func(tap, pixel int)) {
	for tap := range s.k {
		if pixel := i - s.dilation*tap + s.pad(); pixel >= 0 && pixel < s.n {
			f(tap, pixel)
		}
	}
}

// pixels writes what is done with each pixel that a block reads: a row's first block begins with its inner ones, and its last
// ends with them.
func (a *asm) pixels(s shape, block, last string, each func(i int)) {
	a.p("TESTQ %[1]s, %[1]s", block)
	a.p("JE %sinner", s)
	for i := -s.pad(); i < 0; i++ {
		each(i)
	}
	a.label("%sinner", s)
	for i := range s.n {
		each(i)
	}
	a.p("CMPQ %s, %s", block, last)
	a.p("JE %souter", s)
	for i := range s.pad() {
		each(s.n + i)
	}
	a.label("%souter", s)
}

// choose jumps to the code of the shape whose number among those given is an argument.
func (a *asm) choose(arg string, shapes []shape) {
	a.p("MOVQ %s, R13", arg)
	for i, s := range shapes {
		a.p("CMPQ R13, $%d", i)
		a.p("JE %srow", s)
	}
	a.p("RET")
}

// window writes the sum over a window's rows.
func (a *asm) window(name string, v vec) {
	a.function(name, "d, s *float32, rows *row, n int, w *float32, step, srcRow, last, shape, add int", 80)
	for _, arg := range []string{"d+0(FP), DI", "s+8(FP), SI", "rows+16(FP), BX", "w+32(FP), R10", "step+40(FP), R9"} {
		a.p("MOVQ %s", arg)
	}
	a.p("LEAQ (R9)(R9*2), R12")
	a.choose("shape+64(FP)", shapes)
	for _, s := range shapes {
		a.label("%srow", s)
		a.p("DECQ n+24(FP)")
		a.p("JLT end")
		a.p("MOVLQSX (BX), AX")
		a.p("LEAQ (DI)(AX*4), AX")
		a.p("MOVLQSX 4(BX), DX")
		a.p("LEAQ (SI)(DX*4), DX")
		a.p("MOVLQSX 8(BX), R11")
		a.p("LEAQ (R10)(R11*4), R11")
		a.p("XORQ R13, R13")
		a.label("%sblock", s)
		parts := 64 / v.size
		if parts > 1 {
			a.p("MOVQ $%d, R8", parts)
			a.label("%spart", s)
		}
		a.p("CMPQ add+72(FP), $0")
		a.p("JNE %sadd", s)
		for i := range s.n {
			a.clear(v, i)
		}
		a.p("JMP %sbegin", s)
		a.label("%sadd", s)
		for i := range s.n {
			a.p("VMOVUPS %d(AX), %s", 64*i, v.r(i))
		}
		a.label("%sbegin", s)
		a.p("MOVQ DX, R14")
		a.p("MOVQ R11, R15")
		a.p("MOVLQSX 12(BX), CX")
		a.label("%stap", s)
		for i := range s.k {
			a.p("VBROADCASTSS %s, %s", []string{"(R15)", "(R15)(R9*1)", "(R15)(R9*2)", "(R15)(R12*1)", "(R15)(R9*4)"}[i], v.r(8+i))
		}
		a.pixels(s, "R13", "last+56(FP)", func(i int) {
			x, temp, temps := 13, 14, 2
			if v == avx512 {
				x, temp, temps = 13+(i+s.pad())%4, 17, 5
			}
			a.p("VMOVUPS %d(R14), %s", 64*i, v.r(x))
			var list []mad
			s.readers(i, func(tap, pixel int) { list = append(list, mad{v.r(x), 8 + tap, pixel}) })
			a.mads(v, temp, temps, list)
		})
		a.p("ADDQ R12, R15")
		if s.k == 5 {
			a.p("LEAQ (R15)(R9*2), R15")
		}
		a.p("ADDQ srcRow+48(FP), R14")
		a.p("DECQ CX")
		a.p("JNE %stap", s)
		for i := range s.n {
			a.p("VMOVUPS %s, %d(AX)", v.r(i), 64*i)
		}
		if parts > 1 {
			a.p("ADDQ $%d, AX", v.size)
			a.p("ADDQ $%d, DX", v.size)
			a.p("DECQ R8")
			a.p("JNE %spart", s)
		}
		ahead := 64 * s.n
		if parts > 1 {
			ahead -= 64
		}
		a.p("ADDQ $%d, AX", ahead)
		a.p("ADDQ $%d, DX", ahead)
		a.p("INCQ R13")
		a.p("CMPQ R13, last+56(FP)")
		a.p("JLE %sblock", s)
		a.p("ADDQ $16, BX")
		a.p("JMP %srow", s)
	}
	a.label("end")
	a.p("VZEROUPPER")
	a.p("RET")
}

// windowDot writes the gradient with respect to a window's weights, by rows of the kernel: each tap has the products of even
// pixels and those of odd ones in sums of their own.
func (a *asm) windowDot(name string, v vec) {
	a.function(name, "acc, x, s *float32, bands *row, n, row, last, shape int", 64)
	list, x, temp, temps := shapes[4:], 14, 15, 1
	if v == avx512 {
		list, x, temp, temps = shapes, 18, 22, 5
	}
	a.p("MOVQ bands+24(FP), BX")
	a.choose("shape+56(FP)", list)
	for _, s := range list {
		first := s.n // the sums follow the block
		a.label("%srow", s)
		a.p("DECQ n+32(FP)")
		a.p("JLT end")
		a.p("MOVLQSX (BX), DI")
		a.p("SHLQ $2, DI")
		a.p("ADDQ x+8(FP), DI")
		a.p("MOVLQSX 4(BX), SI")
		a.p("SHLQ $2, SI")
		a.p("ADDQ s+16(FP), SI")
		parts := 64 / v.size
		if parts > 1 {
			a.p("MOVQ $%d, R8", parts)
			a.label("%spart", s)
		}
		for i := range 2 * s.k {
			a.clear(v, first+i)
		}
		a.p("MOVQ DI, AX")
		a.p("MOVQ SI, DX")
		a.p("MOVLQSX 12(BX), CX")
		a.label("%snext", s)
		a.p("MOVQ AX, R9")
		a.p("MOVQ DX, R10")
		a.p("XORQ R13, R13")
		a.label("%sblock", s)
		for i := range s.n {
			a.p("VMOVUPS %d(R9), %s", 64*i, v.r(i))
		}
		a.pixels(s, "R13", "last+48(FP)", func(i int) {
			x := x
			if v == avx512 {
				x += (i + s.pad()) % 4
			}
			a.p("VMOVUPS %d(R10), %s", 64*i, v.r(x))
			var list []mad
			s.readers(i, func(tap, pixel int) { list = append(list, mad{v.r(x), pixel, first + 2*tap + pixel%2}) })
			a.mads(v, temp, temps, list)
		})
		a.p("ADDQ $%d, R9", 64*s.n)
		a.p("ADDQ $%d, R10", 64*s.n)
		a.p("INCQ R13")
		a.p("CMPQ R13, last+48(FP)")
		a.p("JLE %sblock", s)
		a.p("ADDQ row+40(FP), AX")
		a.p("ADDQ row+40(FP), DX")
		a.p("DECQ CX")
		a.p("JNE %snext", s)
		a.p("MOVLQSX 8(BX), AX")
		a.p("SHLQ $5, AX") // a tap has eight lanes
		a.p("ADDQ acc+0(FP), AX")
		for i := range s.k {
			even := first + 2*i
			a.p("VADDPS %[1]s, %[2]s, %[2]s", v.r(even+1), v.r(even))
			a.p("VADDPS %d(AX), Y%d, Y0", 32*i, even) // and a pixel sixteen images
			if v == avx512 {
				a.p("VEXTRACTF32X8 $1, Z%d, Y1", even)
				a.p("VADDPS Y1, Y0, Y0")
			}
			a.p("VMOVUPS Y0, %d(AX)", 32*i)
		}
		if parts > 1 {
			a.p("ADDQ $%d, DI", v.size)
			a.p("ADDQ $%d, SI", v.size)
			a.p("DECQ R8")
			a.p("JNE %spart", s)
		}
		a.p("ADDQ $16, BX")
		a.p("JMP %srow", s)
	}
	a.label("end")
	a.p("VZEROUPPER")
	a.p("RET")
}

// when writes what is done if register x is equal to y, or if it is not.
func (a *asm) when(x, y string, equal bool, body func()) {
	a.get(x)
	a.push(y)
	if equal {
		a.p("I64Eq")
	} else {
		a.p("I64Ne")
	}
	a.p("If")
	body()
	a.p("End")
}

// pixels128 is pixels, for a block counted from the last in R12.
func (a *asm) pixels128(s shape, blocks string, each func(i int)) {
	some := func(lo, hi int) func() {
		return func() {
			for i := lo; i < hi; i++ {
				each(i)
			}
		}
	}
	a.when("R12", blocks, false, some(-s.pad(), 0))
	some(0, s.n)()
	a.when("R12", "$1", false, some(s.n, s.n+s.pad()))
}

// window128 is window, by quarters of a pixel.
func (a *asm) window128() {
	a.function("windowRun", "d, s *float32, rows *row, n int, w *float32, step, srcRow, last, shape, add int", 80)
	a.args("d", "s", "rows", "n", "w", "step", "srcRow", "last", "shape")
	a.step("R7", "R7", "$1")
	for number, s := range shapes[4:] {
		a.when("R8", fmt.Sprint("$", number), true, func() {
			a.while(s.String()+"row", "R3", "$0", func() {
				a.scaled("R9", "R0", "0(R2)", 2)
				a.scaled("R10", "R1", "4(R2)", 2)
				a.step("R10", "R10", fmt.Sprint("$", -64*s.pad()))
				a.scaled("R11", "R4", "8(R2)", 2)
				a.p("MOVD R7, R12")
				a.while(s.String()+"block", "R12", "$0", func() {
					a.p("MOVD $4, R13")
					a.while(s.String()+"part", "R13", "$0", func() {
						a.zero(s.n)
						a.p("I64Load add+72(FP)")
						a.p("I64Eqz")
						a.p("I32Eqz")
						a.p("If")
						for i := range s.n {
							a.load(i, "R9", 64*i)
						}
						a.p("End")
						a.p("MOVD R10, R14")
						a.p("MOVD R11, R15")
						a.scaled("R8", "", "12(R2)", 0)
						a.while(s.String()+"tap", "R8", "$0", func() {
							for i := range s.k {
								a.splat(4+i, "0(R15)")
								a.step("R15", "R15", "R5")
							}
							a.pixels128(s, "R7", func(i int) {
								a.load(9, "R14", 64*(i+s.pad()))
								s.readers(i, func(tap, pixel int) {
									a.get("V9")
									a.mulAdd(4+tap, pixel)
								})
							})
							a.step("R14", "R14", "R6")
							a.step("R8", "R8", "$-1")
						})
						for i := range s.n {
							a.store(i, "R9", 64*i)
						}
						a.step("R9", "R9", "$16")
						a.step("R10", "R10", "$16")
						a.step("R13", "R13", "$-1")
					})
					a.step("R9", "R9", fmt.Sprint("$", 64*s.n-64))
					a.step("R10", "R10", fmt.Sprint("$", 64*s.n-64))
					a.step("R12", "R12", "$-1")
				})
				a.step("R2", "R2", "$16")
				a.step("R3", "R3", "$-1")
			})
			a.p("RET")
		})
	}
	a.p("RET")
}

// windowDot128 is windowDot, by quarters of a pixel.
func (a *asm) windowDot128() {
	a.function("windowDotRun", "acc, x, s *float32, bands *row, n, row, last, shape int", 64)
	a.args("acc", "x", "s", "bands", "n", "row", "last", "shape")
	a.step("R6", "R6", "$1")
	for number, s := range shapes[4:] {
		a.when("R7", fmt.Sprint("$", number), true, func() {
			a.step("R2", "R2", fmt.Sprint("$", -64*s.pad()))
			a.while(s.String()+"band", "R4", "$0", func() {
				for part := range 4 {
					a.zero(2 * s.k)
					a.scaled("R9", "R1", "0(R3)", 2)
					a.scaled("R10", "R2", "4(R3)", 2)
					if part > 0 {
						a.step("R9", "R9", fmt.Sprint("$", 16*part))
						a.step("R10", "R10", fmt.Sprint("$", 16*part))
					}
					a.scaled("R11", "", "12(R3)", 0)
					a.while(fmt.Sprint(s, "row", part), "R11", "$0", func() {
						a.p("MOVD R9, R13")
						a.p("MOVD R10, R14")
						a.p("MOVD R6, R12")
						a.while(fmt.Sprint(s, "block", part), "R12", "$0", func() {
							for i := range s.n {
								a.load(10+i, "R13", 64*i)
							}
							a.pixels128(s, "R6", func(i int) {
								a.load(14, "R14", 64*(i+s.pad()))
								s.readers(i, func(tap, pixel int) {
									a.get("V14")
									a.mulAdd(10+pixel, 2*tap+pixel%2)
								})
							})
							a.step("R13", "R13", fmt.Sprint("$", 64*s.n))
							a.step("R14", "R14", fmt.Sprint("$", 64*s.n))
							a.step("R12", "R12", "$-1")
						})
						a.step("R9", "R9", "R5")
						a.step("R10", "R10", "R5")
						a.step("R11", "R11", "$-1")
					})
					a.scaled("R8", "R0", "8(R3)", 5) // a tap has eight lanes, and a pixel sixteen images
					for i := range s.k {
						a.get(fmt.Sprint("V", 2*i), fmt.Sprint("V", 2*i+1))
						a.p("F32x4Add")
						a.p("V128Load %d(R8)", 32*i+part%2*16)
						a.p("F32x4Add")
						a.p("Set V%d", 2*i)
						a.store(2*i, "R8", 32*i+part%2*16)
					}
				}
				a.step("R3", "R3", "$16")
				a.step("R4", "R4", "$-1")
			})
			a.p("RET")
		})
	}
	a.p("RET")
}
