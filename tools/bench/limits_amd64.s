#include "textflag.h"

// Eight independent sums of one vector register each, n times.

// func fused(n int)
TEXT ·fused(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VXORPS Y15, Y15, Y15
fusedLoop:
	VFMADD231PS Y15, Y15, Y0
	VFMADD231PS Y15, Y15, Y1
	VFMADD231PS Y15, Y15, Y2
	VFMADD231PS Y15, Y15, Y3
	VFMADD231PS Y15, Y15, Y4
	VFMADD231PS Y15, Y15, Y5
	VFMADD231PS Y15, Y15, Y6
	VFMADD231PS Y15, Y15, Y7
	DECQ CX
	JNE fusedLoop
	VZEROUPPER
	RET

#define MADD(sum, temp) VMULPS Y15, Y15, temp; VADDPS temp, sum, sum

// func unfused(n int)
TEXT ·unfused(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VXORPS Y15, Y15, Y15
unfusedLoop:
	MADD(Y0, Y8)
	MADD(Y1, Y9)
	MADD(Y2, Y10)
	MADD(Y3, Y11)
	MADD(Y4, Y12)
	MADD(Y5, Y13)
	MADD(Y6, Y14)
	MADD(Y7, Y8)
	DECQ CX
	JNE unfusedLoop
	VZEROUPPER
	RET

#define MADDWIDE(sum, temp) VMULPS Z15, Z15, temp; VADDPS temp, sum, sum

// func wide(n int)
TEXT ·wide(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VPXORD Z15, Z15, Z15
wideLoop:
	MADDWIDE(Z0, Z8)
	MADDWIDE(Z1, Z9)
	MADDWIDE(Z2, Z10)
	MADDWIDE(Z3, Z11)
	MADDWIDE(Z4, Z12)
	MADDWIDE(Z5, Z13)
	MADDWIDE(Z6, Z14)
	MADDWIDE(Z7, Z8)
	DECQ CX
	JNE wideLoop
	VZEROUPPER
	RET
