package main

import "fmt"

// The turns of tiles (see core/tensor/tiles.go) for AVX-512: a vector is a pixel of 16 images. A column's operands lie a step apart.

// Registers of the factors, in the order of tensor's list of them.
const (
	fP1 = 16 + iota
	fP2
	fP3
	fQ1
	fQ2
	fQ3
	fPQ
	fBoth
)

func z(i int) string { return fmt.Sprint("Z", i) }

// arith writes d = x op y.
func (a *asm) arith(op string, x, y, d int) { a.p("V%sPS %s, %s, %s", op, z(y), z(x), z(d)) }

// turn begins a function whose first arguments are where a column's results go, their step and the next column's distance, all in
// bytes, likewise what it reads, the number of columns, and where from here what is to be prefetched lies, or 0.
func (a *asm) turn(name, args string, size int, more ...string) {
	a.function(name, "d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int"+args, 64+size)
	for _, arg := range append([]string{"d+0(FP), DI", "dStep+8(FP), R8", "dColumn+16(FP), R11", "s+24(FP), SI", "sStep+32(FP), R9", "sColumn+40(FP), R10", "n+48(FP), CX"}, more...) {
		a.p("MOVQ %s", arg)
	}
	a.p("LEAQ (R8)(R8*2), R15")
	a.p("LEAQ (R9)(R9*2), R12")
	for i := range 8 {
		a.p("VBROADCASTSS ·tileFactors+%d(SB), %s", 4*i, z(fP1+i))
	}
}

// column begins a column: what lies ahead of so many rows at each of the bases is asked for, as the machine does not see the next ones
// coming where rows are short.
func (a *asm) column(step, triple string, rows int, bases ...string) {
	a.label("column")
	a.p("CMPQ ahead+56(FP), $0")
	a.p("JE here")
	for _, base := range bases {
		a.p("MOVQ ahead+56(FP), R14")
		a.p("ADDQ %s, R14", base)
		for i := range rows {
			if i == 4 {
				a.p("LEAQ (R14)(%s*4), R14", step)
			}
			a.p("PREFETCHT1 %s", strided("R14", step, triple, i))
		}
	}
	a.label("here")
}

// next ends a column.
func (a *asm) next() {
	a.p("ADDQ R10, SI")
	a.p("ADDQ R11, DI")
	a.p("DECQ CX")
	a.p("JNE column")
	a.p("VZEROUPPER")
	a.p("RET")
}

// result is the place of a column's result i, the fifth and sixth by way of R14, and operand likewise that of what is read.
func result(i int) string {
	if i < 4 {
		return strided("DI", "R8", "R15", i)
	}
	return strided("R14", "R8", "R15", i-4)
}

func operand(i int) string {
	if i < 4 {
		return strided("SI", "R9", "R12", i)
	}
	return strided("R14", "R9", "R12", i-4)
}

// tileInput writes TileInput, and that of inputs which are read through a BatchNorm. The second to fifth input are at s.
func (a *asm) tileInput(name string, norm bool) {
	args, size := ", first, x0, last, x5 *float32", 32
	if norm {
		args, size = args+", scale, shift, floor, scale0, shift0, scale5, shift5 float32", 60
	}
	a.turn(name, args, size, "first+64(FP), AX", "x0+72(FP), BX", "last+80(FP), R13", "x5+88(FP), DX")
	for i, arg := range []string{"scale", "shift", "floor", "scale0", "shift0", "scale5", "shift5"} {
		if norm {
			a.p("VBROADCASTSS %s+%d(FP), %s", arg, 96+4*i, z(24+i))
		}
	}
	a.column("R9", "R12", 5, "SI")
	a.p("CMPQ CX, $1")
	a.p("CMOVQEQ R13, DX")
	places := []string{"(AX)", operand(0), operand(1), operand(2), operand(3), "(DX)"}
	for i, place := range places {
		if !norm {
			a.p("VMOVUPS %s, %s", place, z(i))
			continue
		}
		scale, shift := 24, 25
		if i%5 == 0 {
			scale, shift = 27+2*(i/5), 28+2*(i/5)
		}
		a.p("VMULPS %s, %s, %s", place, z(scale), z(i))
		a.arith("ADD", i, shift, i)
		a.p("VMAXPS %[1]s, %[2]s, %[1]s", z(i), z(26)) // in this order a NaN stays one
	}
	a.p("LEAQ (DI)(R8*4), R14")
	a.arith("MUL", fPQ, 0, 0)
	a.arith("MUL", fBoth, 2, 6)
	a.arith("SUB", 0, 6, 0)
	a.arith("ADD", 0, 4, 0)
	a.p("VMOVUPS %s, %s", z(0), result(0))
	for i, f := range [][3]int{{fQ2, fP1, 1}, {fP2, fQ1, 3}} {
		t := 6 + 4*i
		a.arith("MUL", f[0], 2, t)
		a.arith("MUL", f[0], 1, t+1)
		a.arith("SUB", 4, t, t)
		a.arith("SUB", 3, t+1, t+1)
		a.arith("MUL", f[1], t+1, t+1)
		a.arith("ADD", t, t+1, t+2)
		a.arith("SUB", t, t+1, t+3)
		a.p("VMOVUPS %s, %s", z(t+2), result(f[2]))
		a.p("VMOVUPS %s, %s", z(t+3), result(f[2]+1))
	}
	a.arith("MUL", fPQ, 1, 1)
	a.arith("MUL", fBoth, 3, 3)
	a.arith("SUB", 1, 3, 1)
	a.arith("ADD", 1, 5, 1)
	a.p("VMOVUPS %s, %s", z(1), result(5))
	a.p("MOVQ BX, AX")
	a.p("ADDQ R10, BX")
	a.p("ADDQ R10, DX")
	a.next()
}

// tileInputGrad writes TileInputGrad.
func (a *asm) tileInputGrad() {
	a.turn("tileInputGradWide", ", before, left, behind, right *float32, add int", 40, "before+64(FP), AX", "left+72(FP), BX", "behind+80(FP), R13", "right+88(FP), DX")
	a.p("VPXORD Z31, Z31, Z31")
	a.column("R8", "R15", 4, "DI")
	a.p("CMPQ CX, $1")
	a.p("CMOVQEQ R13, DX")
	a.p("LEAQ (SI)(R9*4), R14")
	for i := range 6 {
		a.p("VMOVUPS %s, %s", operand(i), z(i))
	}
	for i, f := range []int{fP1, fQ1} { // sums and differences
		a.arith("ADD", 1+2*i, 2+2*i, 6+2*i)
		a.arith("SUB", 1+2*i, 2+2*i, 7+2*i)
		a.arith("MUL", f, 7+2*i, 7+2*i)
	}
	sum, diff, sum2, diff2 := 6, 7, 8, 9
	less := func(d, f, x int) { // d -= f·x
		a.arith("MUL", f, x, 14)
		a.arith("SUB", d, 14, d)
	}
	a.arith("MUL", fPQ, 5, 10)
	less(10, fQ2, diff)
	less(10, fP2, diff2)
	a.p("VADDPS (AX), %[1]s, %[1]s", z(10))
	a.arith("MUL", fBoth, 0, 11)
	a.arith("SUB", 31, 11, 11)
	less(11, fQ2, sum)
	less(11, fP2, sum2)
	a.arith("ADD", diff, diff2, 12)
	less(12, fBoth, 5)
	a.arith("ADD", 0, sum, 13)
	a.arith("ADD", 13, sum2, 13)
	a.p("VMULPS (DX), %s, %s", z(fPQ), z(14))
	a.arith("ADD", 13, 14, 13)
	a.p("CMPQ add+96(FP), $0")
	a.p("JE store")
	for i := range 4 {
		a.p("VADDPS %s, %[2]s, %[2]s", result(i), z(10+i))
	}
	a.label("store")
	for i := range 4 {
		a.p("VMOVUPS %s, %s", z(10+i), result(i))
	}
	a.p("MOVQ BX, AX")
	a.p("ADDQ R10, BX")
	a.p("ADDQ R10, DX")
	a.next()
}

// tileOutput writes TileOutput.
func (a *asm) tileOutput() {
	a.turn("tileOutputWide", "", 0)
	a.column("R8", "R15", 4, "DI")
	a.p("LEAQ (SI)(R9*4), R14")
	for i := range 6 {
		a.p("VMOVUPS %s, %s", operand(i), z(i))
	}
	for i := range 2 {
		a.arith("ADD", 1+2*i, 2+2*i, 6+2*i)
		a.arith("SUB", 1+2*i, 2+2*i, 7+2*i)
	}
	a.arith("ADD", 0, 6, 0)
	a.arith("ADD", 0, 8, 0)
	a.p("VMOVUPS %s, %s", z(0), result(0))
	for i, f := range [][2]int{{fP1, fQ1}, {fP2, fQ2}, {fP3, fQ3}} {
		x := 7 - i%2 // differences or sums
		a.arith("MUL", f[0], x, 10+2*i)
		a.arith("MUL", f[1], x+2, 11+2*i)
		a.arith("ADD", 10+2*i, 11+2*i, 10+2*i)
	}
	a.arith("ADD", 14, 5, 14)
	for i := range 3 {
		a.p("VMOVUPS %s, %s", z(10+2*i), result(1+i))
	}
	a.next()
}

// tileOutputGrad writes TileOutputGrad, and that of gradients which are made of two maps: s, and x that lies like it.
func (a *asm) tileOutputGrad(name string, norm bool) {
	if norm {
		a.turn(name, ", x *float32, a, b, bias float32", 20, "x+64(FP), BX")
		for i, arg := range []string{"a+72", "b+76", "bias+80"} {
			a.p("VBROADCASTSS %s(FP), %s", arg, z(24+i))
		}
	} else {
		a.turn(name, "", 0)
	}
	bases := []string{"SI"}
	if norm {
		bases = append(bases, "BX")
	}
	a.column("R9", "R12", 4, bases...)
	for i := range 4 {
		if !norm {
			a.p("VMOVUPS %s, %s", operand(i), z(i))
			continue
		}
		a.p("VMULPS %s, %s, %s", operand(i), z(24), z(i))
		a.p("VMULPS %s, %s, %s", strided("BX", "R9", "R12", i), z(25), z(4+i))
		a.arith("ADD", 26, i, i)
		a.arith("ADD", i, 4+i, i)
	}
	a.p("LEAQ (DI)(R8*4), R14")
	a.p("VMOVUPS %s, %s", z(0), result(0))
	for i, f := range [][3]int{{fP1, fP2, fP3}, {fQ1, fQ2, fQ3}} {
		t := 4 + 5*i
		a.arith("MUL", f[1], 2, t)
		a.arith("MUL", f[0], 1, t+1)
		a.arith("MUL", f[2], 3, t+2)
		a.arith("ADD", 0, t, t)
		a.arith("ADD", t+1, t+2, t+1)
		a.arith("ADD", t, t+1, t+3)
		a.arith("SUB", t, t+1, t+4)
		a.p("VMOVUPS %s, %s", z(t+3), result(1+2*i))
		a.p("VMOVUPS %s, %s", z(t+4), result(2+2*i))
	}
	a.p("VMOVUPS %s, %s", z(3), result(5))
	if norm {
		a.p("ADDQ R10, BX")
	}
	a.next()
}
