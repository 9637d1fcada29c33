package main

import (
	"fmt"
	"simd/archsimd"
	"time"
)

func fused(n int)
func unfused(n int)
func wide(n int)

// limits says how fast one core multiplies and adds, and copies.
func limits() string {
	best := func(work float64, f func()) float64 {
		var top float64
		for range 5 {
			began := time.Now()
			f()
			top = max(top, work/time.Since(began).Seconds()/1e9)
		}
		return top
	}
	const n = 1 << 23
	a, b := make([]float32, 1<<26), make([]float32, 1<<26)
	widest := "no 512 bits here"
	if archsimd.X86.AVX512() {
		widest = fmt.Sprintf("%.0f in 512", best(n*8*32, func() { wide(n) }))
	}
	return fmt.Sprintf("One core: %.0f GFLOP/s fused in 256 bits; not fused, as all our kernels are, %.0f, and %s; copies %.1f GB/s from memory, %.1f from cache.",
		best(n*8*16, func() { fused(n) }), best(n*8*16, func() { unfused(n) }), widest,
		best(8*float64(len(a)), func() { copy(a, b) }), best(8*4096*1024, func() {
			for range 1024 {
				copy(a[:4096], b[:4096])
			}
		}))
}
