package data

import "math/bits"

// source is what is drawn from; *rand.PCG and *rand.Rand both serve.
type source interface{ Uint64() uint64 }

// below draws uniformly from [0, n) with exactly one draw on every platform, which keeps streams
// aligned; rand.IntN draws differently on 32 bits. Its bias is below n/2⁶⁴.
func below(src source, n int) int {
	hi, _ := bits.Mul64(src.Uint64(), uint64(n))
	return int(hi)
}

// shuffle orders list at random (Fisher and Yates).
func shuffle(src source, list []int) {
	for i := len(list) - 1; i > 0; i-- {
		j := below(src, i+1)
		list[i], list[j] = list[j], list[i]
	}
}
