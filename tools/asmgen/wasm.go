package main

import "fmt"

// The kernels for WebAssembly. What the compiler makes of a loop goes through a table of the function's blocks at every turn,
// and adds up an address for every load; these are loops, and the offsets are in the loads. (The assembler drops those of
// V128Store.) V8 moves all loads of a loop's body to its front: with more than six sums and their six loads, some of its
// fifteen registers would go to the stack and back at every turn.

// get pushes registers.
func (a *asm) get(regs ...string) {
	for _, r := range regs {
		a.p("Get %s", r)
	}
}

// push pushes a register or, with $, a number.
func (a *asm) push(x string) {
	if x[0] == '$' {
		a.p("I64Const %s", x)
	} else {
		a.get(x)
	}
}

// args loads arguments of eight bytes each into R0 and on.
func (a *asm) args(names ...string) {
	for i, name := range names {
		a.p("MOVD %s+%d(FP), R%d", name, 8*i, i)
	}
}

// step sets a register to x + y.
func (a *asm) step(to, x, y string) {
	a.get(x)
	a.push(y)
	a.p("I64Add")
	a.p("Set %s", to)
}

// scaled sets a register to base + the integer at an address << shift.
func (a *asm) scaled(to, base, at string, shift int) {
	if base != "" {
		a.get(base)
	}
	a.p("I64Load32S %s", at)
	a.p("I64Const $%d", shift)
	a.p("I64Shl")
	if base != "" {
		a.p("I64Add")
	}
	a.p("Set %s", to)
}

// splat broadcasts the float at an address.
func (a *asm) splat(to int, at string) {
	a.p("F32Load %s", at)
	a.p("F32x4Splat")
	a.p("Set V%d", to)
}

func (a *asm) load(to int, at string, offset int) {
	a.p("V128Load %d(%s)", offset, at)
	a.p("Set V%d", to)
}

// store stores a register at an address and an offset.
func (a *asm) store(v int, at string, offset int) {
	a.get(at)
	if offset != 0 {
		a.p("I64Const $%d", offset)
		a.p("I64Add")
	}
	a.p("I32WrapI64")
	a.get(fmt.Sprint("V", v))
	a.p("V128Store $0")
}

// mulAdd adds to register sum the product of register f and what is on the stack.
func (a *asm) mulAdd(f, sum int) {
	a.get(fmt.Sprint("V", f))
	a.p("F32x4Mul")
	a.get(fmt.Sprint("V", sum))
	a.p("F32x4Add")
	a.p("Set V%d", sum)
}

// zero clears registers 0 to n-1.
func (a *asm) zero(n int) {
	a.p("I32Const $0")
	a.p("I32x4Splat")
	for i := range n - 1 {
		a.p("Tee V%d", i)
	}
	a.p("Set V%d", n-1)
}

// while writes a loop that runs as long as x > y.
func (a *asm) while(name, x, y string, body func()) {
	a.greater(x, y)
	a.p("If")
	a.label("%s", name)
	a.p("Loop")
	body()
	a.greater(x, y)
	a.p("BrIf %s", name)
	a.p("End")
	a.p("End")
}

// greater pushes x > y.
func (a *asm) greater(x, y string) {
	a.get(x)
	a.push(y)
	a.p("I64GtS")
}

// product128 writes four rows of Product in blocks of two vectors.
func (a *asm) product128() {
	a.function("productRun", "d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int", 64)
	a.args("d", "row", "s", "blocks", "taps", "ntaps", "w", "wrow")
	a.step("R3", "R3", "R3") // a block has two of Lanes floats
	a.p("Get R5")
	a.p("I64Const $3")
	a.p("I64Shl")
	a.p("Set R5")
	a.step("R5", "R4", "R5") // the end of the taps
	a.while("block", "R3", "$0", func() {
		a.zero(8)
		a.p("MOVD R4, R8")
		a.while("tap", "R5", "R8", func() {
			a.scaled("R9", "R2", "0(R8)", 2)
			a.scaled("R10", "R6", "4(R8)", 2)
			a.load(8, "R9", 0)
			a.load(9, "R9", 16)
			for r := range 4 {
				if r > 0 {
					a.step("R10", "R10", "R7")
				}
				a.splat(10, "0(R10)")
				for h := range 2 {
					a.get(fmt.Sprint("V", 8+h))
					a.mulAdd(10, 2*r+h)
				}
			}
			a.step("R8", "R8", "$8")
		})
		a.p("MOVD R0, R9")
		for r := range 4 {
			if r > 0 {
				a.step("R9", "R9", "R1")
			}
			a.store(2*r, "R9", 0)
			a.store(2*r+1, "R9", 16)
		}
		a.step("R0", "R0", "$32")
		a.step("R2", "R2", "$32")
		a.step("R3", "R3", "$-1")
	})
	a.p("RET")
}

// sum128 writes Sum over strips, by three, two and one block of two vectors.
func (a *asm) sum128() {
	a.function("sumRun", "d, s *float32, strips *strip, n int, taps *Tap, w *float32, bias, floor float32, add int", 64)
	a.args("d", "s", "strips", "n", "taps", "w")
	a.splat(14, "bias+48(FP)")
	a.splat(15, "floor+52(FP)")
	a.while("strip", "R3", "$0", func() {
		a.scaled("R6", "R0", "0(R2)", 2)   // d
		a.scaled("R7", "R1", "4(R2)", 2)   // s
		a.scaled("R8", "", "8(R2)", 2)     // ds
		a.scaled("R9", "", "12(R2)", 2)    // ss
		a.scaled("R10", "", "16(R2)", 0)   // count
		a.scaled("R11", "R4", "20(R2)", 3) // taps
		a.scaled("R12", "R11", "24(R2)", 3)
		for _, n := range []int{3, 2, 1} {
			name := fmt.Sprint("block", n)
			a.while(name, "R10", fmt.Sprint("$", n-1), func() {
				a.p("Get V14")
				for i := range 2*n - 1 {
					a.p("Tee V%d", i)
				}
				a.p("Set V%d", 2*n-1)
				a.p("I64Load add+56(FP)")
				a.p("I64Eqz")
				a.p("I32Eqz")
				a.p("If")
				a.p("MOVD R6, R13")
				for i := range 2 * n {
					if i > 0 && i%2 == 0 {
						a.step("R13", "R13", "R8")
					}
					a.get(fmt.Sprint("V", i))
					a.p("V128Load %d(R13)", i%2*16)
					a.p("F32x4Add")
					a.p("Set V%d", i)
				}
				a.p("End")
				a.p("MOVD R11, R14")
				a.while(name+"tap", "R12", "R14", func() {
					a.scaled("R13", "R5", "4(R14)", 2)
					a.splat(8, "0(R13)")
					a.scaled("R13", "R7", "0(R14)", 2)
					for i := range 2 * n {
						if i > 0 && i%2 == 0 {
							a.step("R13", "R13", "R9")
						}
						a.p("V128Load %d(R13)", i%2*16)
						a.mulAdd(8, i)
					}
					a.step("R14", "R14", "$8")
				})
				for i := range 2 * n {
					if i > 0 && i%2 == 0 {
						a.step("R6", "R6", "R8")
					}
					a.get(fmt.Sprint("V", i), "V15")
					a.p("F32x4Pmax")
					a.p("Set V%d", i)
					a.store(i, "R6", i%2*16)
				}
				a.step("R6", "R6", "R8")
				for range n {
					a.step("R7", "R7", "R9")
				}
				a.step("R10", "R10", fmt.Sprint("$", -n))
			})
		}
		a.step("R2", "R2", "$32")
		a.step("R3", "R3", "$-1")
	})
	a.p("RET")
}

// dot128 writes Dot over strips, by three, two and one tap.
func (a *asm) dot128() {
	a.function("dotRun", "acc, x, s *float32, strips *strip, n int, taps *Tap", 48)
	a.args("acc", "x", "s", "strips", "n", "taps")
	a.while("strip", "R4", "$0", func() {
		a.scaled("R6", "R5", "20(R3)", 3) // taps
		a.scaled("R7", "R6", "24(R3)", 3)
		for _, n := range []int{3, 2, 1} {
			name := fmt.Sprint("taps", n)
			a.step("R15", "R6", fmt.Sprint("$", 8*n-1))
			a.while(name, "R7", "R15", func() {
				a.scaled("R8", "R1", "0(R3)", 2) // x
				a.scaled("R9", "R2", "4(R3)", 2) // s
				for i := range n {
					a.scaled(fmt.Sprint("R", 10+i), "R9", fmt.Sprintf("%d(R6)", 8*i), 2)
				}
				a.scaled("R9", "", "8(R3)", 2)   // ds
				a.scaled("R13", "", "12(R3)", 2) // ss
				a.scaled("R14", "", "16(R3)", 0) // count
				a.zero(2 * n)
				a.while(name+"block", "R14", "$0", func() {
					a.load(8, "R8", 0)
					a.load(9, "R8", 16)
					for i := range 2 * n {
						a.p("V128Load %d(R%d)", i%2*16, 10+i/2)
						a.mulAdd(8+i%2, i)
					}
					for i := range n {
						a.step(fmt.Sprint("R", 10+i), fmt.Sprint("R", 10+i), "R13")
					}
					a.step("R8", "R8", "R9")
					a.step("R14", "R14", "$-1")
				})
				for i := range n {
					a.scaled("R8", "R0", fmt.Sprintf("%d(R6)", 8*i+4), 5) // a tap has eight lanes
					for h := range 2 {
						a.get(fmt.Sprint("V", 2*i+h))
						a.p("V128Load %d(R8)", h*16)
						a.p("F32x4Add")
						a.p("Set V%d", 2*i+h)
						a.store(2*i+h, "R8", h*16)
					}
				}
				a.step("R6", "R6", fmt.Sprint("$", 8*n))
				a.step("R15", "R6", fmt.Sprint("$", 8*n-1))
			})
		}
		a.step("R3", "R3", "$32")
		a.step("R4", "R4", "$-1")
	})
	a.p("RET")
}
