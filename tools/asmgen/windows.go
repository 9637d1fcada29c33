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

// pixels writes what is done with each pixel that a block reads, of which the first skips to inner where a row begins, and to
// outer where it ends.
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


// windowDot writes the gradient with respect to a row of a window's weights: each tap has the products of even pixels and those
// of odd ones in sums of their own.
func (a *asm) windowDot(name string, v vec) {
	a.function(name, "acc, x, s *float32, rows, row, last, shape int", 56)
	list, x, temp, temps := shapes[4:], 14, 15, 1
	if v == avx512 {
		list, x, temp, temps = shapes, 18, 22, 5
	}
	a.p("MOVQ x+8(FP), DI")
	a.p("MOVQ s+16(FP), SI")
	a.choose("shape+48(FP)", list)
	for _, s := range list {
		first := s.n // the sums follow the block
		a.label("%srow", s)
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
		a.p("MOVQ rows+24(FP), CX")
		a.label("%snext", s)
		a.p("MOVQ AX, R9")
		a.p("MOVQ DX, R10")
		a.p("XORQ R13, R13")
		a.label("%sblock", s)
		for i := range s.n {
			a.p("VMOVUPS %d(R9), %s", 64*i, v.r(i))
		}
		a.pixels(s, "R13", "last+40(FP)", func(i int) {
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
		a.p("CMPQ R13, last+40(FP)")
		a.p("JLE %sblock", s)
		a.p("ADDQ row+32(FP), AX")
		a.p("ADDQ row+32(FP), DX")
		a.p("DECQ CX")
		a.p("JNE %snext", s)
		a.p("MOVQ acc+0(FP), AX")
		for i := range s.k {
			even := first + 2*i
			a.p("VADDPS %[1]s, %[2]s, %[2]s", v.r(even+1), v.r(even))
			a.p("VADDPS %d(AX), Y%d, Y0", 32*i, even) // a tap has eight lanes, and a pixel sixteen images
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
		a.p("JMP end")
	}
	a.label("end")
	a.p("VZEROUPPER")
	a.p("RET")
}
