package tensor

// A 3 × 3 window of stride 1 can be taken by tiles of 4 × 4 outputs with a quarter of the multiplications: F(4×4, 3×3) of Winograd, as
// Lavin and Gray have it (Fast Algorithms for Convolutional Neural Networks, CVPR 2016). A tile's 6 × 6 inputs and the window are
// turned into 36 values each, of which products of matrices over the channels are taken, value by value, and these are turned back.
// All turning is done along one axis and then along the other: y = Aᵀ[(Gw)·(Bᵀx)] in one dimension. Gradients are the same backwards.
const (
	Tile   = 4 // outputs of a tile on an axis
	Values = 6 // what they are made of
)

// The values are those of polynomials at 0, ±p, ±q and infinity. At 5/8 and 3/2 they lose less to rounding than at 1 and 2, and B and A
// are exact.
const (
	p1, q1 = 5. / 8, 3. / 2
	p2, q2 = p1 * p1, q1 * q1
	p3, q3 = p2 * p1, q2 * q1
	pq     = p2 * q2
	both   = p2 + q2
)

// TileShare is how much of the gradient of its first value a tile sends to the input before those that TileInputGrad sets.
const TileShare = pq

// Lines is how the operands of a turn lie: value j of column c at At + j·Step + c·Column, columns of Run floats, a multiple of Lanes. Those of
// a map that will be in use next, if any, lie Ahead of these.
type Lines struct{ At, Step, Column, Ahead int }

// TileInput sets values to Bᵀx: six of the inputs of each of so many columns of run floats. Those of a column overlap with the
// next's; the first input of the first column is at first, the last of the last at last, where there may be zeros.
func TileInput(mem []float32, values, x Lines, first, last, columns, run int) {
	if useSIMD {
		tileInputSIMD(mem, values, x, first, last, columns, run)
	} else {
		tileInputGo(mem, values, x, first, last, columns, run)
	}
}

// Reading is how a map is read through a BatchNorm: max(Floor, Shift + Scale·x).
type Reading struct{ Scale, Shift, Floor float32 }

// TileInputRead is TileInput of one column that is read so, but for zeros where it has no first or last input. Scratch is room for six
// runs, and so it is in TileOutputGradOf.
func TileInputRead(mem []float32, values, x Lines, read Reading, top, bottom bool, zeros, run, scratch int) {
	first, last := x.At, x.At+5*x.Step
	if top {
		first = zeros
	}
	if bottom {
		last = zeros
	}
	if tileInputReadWide(mem, values, x, read, first, last, top, bottom, run) {
		return
	}
	tap, scale := [1]Tap{}, [1]float32{read.Scale}
	for j := range Values {
		if j == 0 && top || j == 5 && bottom {
			clear(mem[scratch+j*run:][:run])
		} else {
			Sum(mem, scratch+j*run, x.At+j*x.Step, run, tap[:], scale[:], read.Shift, read.Floor, false)
		}
	}
	TileInput(mem, values, Lines{At: scratch, Step: run}, scratch, scratch+5*run, 1, run)
}

func tileInputGo(mem []float32, values, x Lines, first, last, columns, run int) {
	for c := range columns {
		for i := range run {
			at := func(j int) float32 { return mem[x.At+j*x.Step+c*x.Column+i] }
			x0, x5 := mem[first+i], mem[last+i]
			if c > 0 {
				x0 = at(0)
			}
			if c < columns-1 {
				x5 = at(5)
			}
			x1, x2, x3, x4 := at(1), at(2), at(3), at(4)
			even, odd := x4-float32(q2*x2), float32(p1*(x3-float32(q2*x1)))
			even2, odd2 := x4-float32(p2*x2), float32(q1*(x3-float32(p2*x1)))
			for j, v := range [Values]float32{
				float32(pq*x0) - float32(both*x2) + x4, even + odd, even - odd, even2 + odd2, even2 - odd2,
				float32(pq*x1) - float32(both*x3) + x5,
			} {
				mem[values.At+j*values.Step+c*values.Column+i] = v
			}
		}
	}
}

// TileInputGrad takes the values' gradients back to those of the inputs: it sets the four that a column has to itself or shares with
// its neighbours, or adds to them. The last value of the column before the first is at before, the first of that behind the last
// at behind.
func TileInputGrad(mem []float32, x, values Lines, before, behind, columns, run int, add bool) {
	if useSIMD {
		tileInputGradSIMD(mem, x, values, before, behind, columns, run, add)
	} else {
		tileInputGradGo(mem, x, values, before, behind, columns, run, add)
	}
}

func tileInputGradGo(mem []float32, x, values Lines, before, behind, columns, run int, add bool) {
	for c := range columns {
		for i := range run {
			at := func(j, c int) float32 { return mem[values.At+j*values.Step+c*values.Column+i] }
			left, right := mem[before+i], mem[behind+i]
			if c > 0 {
				left = at(5, c-1)
			}
			if c < columns-1 {
				right = at(0, c+1)
			}
			v0, v5 := at(0, c), at(5, c)
			sum, diff := at(1, c)+at(2, c), float32(p1*(at(1, c)-at(2, c)))
			sum2, diff2 := at(3, c)+at(4, c), float32(q1*(at(3, c)-at(4, c)))
			for j, d := range [Tile]float32{
				float32(pq*v5) - float32(q2*diff) - float32(p2*diff2) + left,
				0 - float32(both*v0) - float32(q2*sum) - float32(p2*sum2),
				diff + diff2 - float32(both*v5),
				v0 + sum + sum2 + float32(pq*right),
			} {
				if to := &mem[x.At+j*x.Step+c*x.Column+i]; add {
					*to += d
				} else {
					*to = d
				}
			}
		}
	}
}

// TileOutput sets four outputs of each column to Aᵀ of its values.
func TileOutput(mem []float32, y, values Lines, columns, run int) {
	if useSIMD {
		tileOutputSIMD(mem, y, values, columns, run)
	} else {
		tileOutputGo(mem, y, values, columns, run)
	}
}

func tileOutputGo(mem []float32, y, values Lines, columns, run int) {
	for c := range columns {
		for i := range run {
			at := func(j int) float32 { return mem[values.At+j*values.Step+c*values.Column+i] }
			sum, diff := at(1)+at(2), at(1)-at(2)
			sum2, diff2 := at(3)+at(4), at(3)-at(4)
			for j, v := range [Tile]float32{
				at(0) + sum + sum2, float32(p1*diff) + float32(q1*diff2), float32(p2*sum) + float32(q2*sum2),
				float32(p3*diff) + float32(q3*diff2) + at(5),
			} {
				mem[y.At+j*y.Step+c*y.Column+i] = v
			}
		}
	}
}

// TileOutputGrad takes the outputs' gradients back to those of the values.
func TileOutputGrad(mem []float32, values, y Lines, columns, run int) {
	if useSIMD {
		tileOutputGradSIMD(mem, values, y, columns, run)
	} else {
		tileOutputGradGo(mem, values, y, columns, run)
	}
}

// TileOutputGradOf is TileOutputGrad of one column of what w makes of two maps, g and one that lies like it at x: w[0]·g + w[1]·x + bias.
func TileOutputGradOf(mem []float32, values, g Lines, x int, w [2]float32, bias float32, run, scratch int) {
	if tileOutputGradOfWide(mem, values, g, x, w, bias, run) {
		return
	}
	pair := [2]Tap{{}, {Off: int32(x - g.At), W: 1}}
	for j := range Tile {
		Sum(mem, scratch+j*run, g.At+j*g.Step, run, pair[:], w[:], bias, NoFloor, false)
	}
	TileOutputGrad(mem, values, Lines{At: scratch, Step: run}, 1, run)
}

func tileOutputGradGo(mem []float32, values, y Lines, columns, run int) {
	for c := range columns {
		for i := range run {
			at := func(j int) float32 { return mem[y.At+j*y.Step+c*y.Column+i] }
			y0, y1, y2, y3 := at(0), at(1), at(2), at(3)
			even, odd := y0+float32(p2*y2), float32(p1*y1)+float32(p3*y3)
			even2, odd2 := y0+float32(q2*y2), float32(q1*y1)+float32(q3*y3)
			for j, v := range [Values]float32{y0, even + odd, even - odd, even2 + odd2, even2 - odd2, y3} {
				mem[values.At+j*values.Step+c*values.Column+i] = v
			}
		}
	}
}

// tileWindow is G.
var tileWindow = [Values][3]float32{
	{1 / pq, 0, 0},
	{1 / (2 * p2 * (p2 - q2)), p1 / (2 * p2 * (p2 - q2)), p2 / (2 * p2 * (p2 - q2))},
	{1 / (2 * p2 * (p2 - q2)), -p1 / (2 * p2 * (p2 - q2)), p2 / (2 * p2 * (p2 - q2))},
	{1 / (2 * q2 * (q2 - p2)), q1 / (2 * q2 * (q2 - p2)), q2 / (2 * q2 * (q2 - p2))},
	{1 / (2 * q2 * (q2 - p2)), -q1 / (2 * q2 * (q2 - p2)), q2 / (2 * q2 * (q2 - p2))},
	{0, 0, 1},
}

// tileWeight is Gᵀ.
var tileWeight = func() (w [3][Values]float32) {
	for k, g := range &tileWindow {
		for i, v := range g {
			w[i][k] = v
		}
	}
	return w
}()

// TileWindows sets u to GwGᵀ: 36 values, one after the other for all of w's windows of nine weights.
func TileWindows(u, w []float32) {
	n, done := len(w)/9, 0
	if useSIMD {
		done = tileWindowsSIMD(u, w, n)
	}
	tileWindowsGo(u, w, done, n)
}

func tileWindowsGo(u, w []float32, from, n int) {
	for i := from; i < n; i++ {
		w := w[9*i:][:9]
		var half [Values][3]float32
		for k, g := range &tileWindow {
			for x := range half[k] {
				half[k][x] = float32(g[0]*w[x]) + float32(g[1]*w[3+x]) + float32(g[2]*w[6+x])
			}
		}
		for k, h := range &half {
			for l, g := range &tileWindow {
				u[(k*Values+l)*n+i] = float32(g[0]*h[0]) + float32(g[1]*h[1]) + float32(g[2]*h[2])
			}
		}
	}
}

// TileWindowsGrad takes the gradients of the 36 values of n windows back to those of their nine weights, in the same place: those of
// weight i of all windows are then at u + i·n. Half is room for 18·n.
func TileWindowsGrad(mem []float32, u, half, n int) {
	for l := range Values {
		tileWeights(mem, half+3*l*n, n, u+l*n, Values*n, n)
	}
	for y := range 3 {
		tileWeights(mem, u+3*y*n, n, half+y*n, 3*n, n)
	}
}

// tileWeights sets three rows of n floats, step apart, to Gᵀ of six that are apart.
func tileWeights(mem []float32, dst, step, src, apart, n int) {
	var taps [Values]Tap
	for k := range taps {
		taps[k] = Tap{int32(k * apart), int32(k)}
	}
	for i := range tileWeight {
		Sum(mem, dst+i*step, src, n, taps[:], tileWeight[i][:], 0, NoFloor, false)
	}
}

// Transpose sets row j of dst, dstRow floats apart, to the rows' elements j: element i is row i's at src, srcRow apart, which has n.
func Transpose(mem []float32, dst, dstRow, src, srcRow, rows, n int) {
	done := 0
	if useTranspose && n%Lanes == 0 {
		for ; done+Lanes <= rows; done += Lanes {
			transpose(mem, dst+done, dstRow, src+done*srcRow, srcRow, n/Lanes)
		}
	}
	transposeGo(mem, dst+done, dstRow, src+done*srcRow, srcRow, rows-done, n)
}

func transposeGo(mem []float32, dst, dstRow, src, srcRow, rows, n int) {
	for i := range rows {
		for j, v := range mem[src+i*srcRow:][:n] {
			mem[dst+j*dstRow+i] = v
		}
	}
}
