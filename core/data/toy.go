package data

import "math/rand/v2"

// The toy set's images of each class, and their side in pixels.
const (
	ToyTrain = 500
	ToyTest  = 100
	ToySide  = side
)

var toyNames = [...]string{"rows", "columns", "diagonals", "checks", "dots", "disc", "ring", "square", "triangle", "cross"}

// Toy generates a set of ten classes, five textures and five shapes, 32 × 32, with 500 training and
// 100 test images of each. Colours, contrast and its sign, phase, period, place, scale, rotation,
// slant of light and noise all vary, so that no pixel says much by itself: a linear model learns next
// to nothing. Mirroring keeps every class. All is in integers, so a seed gives the same bytes
// everywhere.
func Toy(seed uint64) *Dataset {
	d := &Dataset{Name: "toy", Classes: Classes("toy")}
	for set, m := range []*Images{&d.Train, &d.Test} {
		n := len(toyNames) * [...]int{ToyTrain, ToyTest}[set]
		pixels := make(Memory, n*(record-1))
		*m = Images{Size: side, Pixels: pixels, Labels: make([]int, n)}
		for i := range n {
			m.Labels[i] = i % len(toyNames)
			draw(pixels[i*(record-1):][:record-1], i%len(toyNames), rand.NewPCG(seed, uint64(2*i+set)))
		}
	}
	return d
}

// turns are rotations by exact rational cosines and sines, in 65ths.
var turns = [...][2]int{{65, 0}, {63, 16}, {60, 25}, {56, 33}, {52, 39}, {39, 52}, {33, 56}, {25, 60}, {16, 63}, {0, 65}}

// draw paints one image of a class: foreground over background by a mask, light, noise.
func draw(img []uint8, class int, src *rand.PCG) {
	var ground, ink [3]int
	for {
		contrast := 0
		for c := range 3 {
			ground[c], ink[c] = 40+below(src, 176), 40+below(src, 176)
			contrast += ink[c] - ground[c]
		}
		if contrast*contrast > 100*100 { // summed over channels
			break
		}
	}
	mask := figure(class, src)
	lightX, lightY := below(src, 5)-2, below(src, 5)-2
	for y := range side {
		for x := range side {
			cover := 0 // of the four quarters of the pixel
			for q := range 4 {
				if mask(4*x+1+2*(q&1)-2*side, 4*y+1+2*(q>>1)-2*side) {
					cover++
				}
			}
			light := lightX*(x-side/2) + lightY*(y-side/2)
			noise := src.Uint64()
			for c := range 3 {
				v := (ground[c]*(4-cover)+ink[c]*cover)/4 + light/2
				v += int(noise&31) + int(noise>>5&31) - 31
				noise >>= 10
				img[(c*side+y)*side+x] = uint8(min(max(v, 0), 255))
			}
		}
	}
}

// figure draws the parameters of one texture or shape and returns its mask over quarter pixels from
// the centre of the image.
func figure(class int, src *rand.PCG) func(x, y int) bool {
	if class < 5 {
		period := 16 + below(src, 21) // 4 to 9 pixels
		px, py := below(src, period)+1024, below(src, period)+1024
		tilt := below(src, 5) - 2 // of rows and columns, in eighths
		sign := 2*below(src, 2) - 1
		half := func(v int) bool { return v%period < period/2 }
		switch class {
		case 0:
			return func(x, y int) bool { return half(y + tilt*x/8 + py) }
		case 1:
			return func(x, y int) bool { return half(x + tilt*y/8 + px) }
		case 2:
			return func(x, y int) bool { return half((x+sign*y)*5/7 + px) }
		case 3:
			return func(x, y int) bool { return half(x+px) != half(y+py) }
		default:
			return func(x, y int) bool {
				u, v := (x+px)%period-period/2, (y+py)%period-period/2
				return 8*(u*u+v*v) < period*period
			}
		}
	}
	r := 30 + below(src, 21) // 7.5 to 12.5 pixels
	room := 2*side - r
	cx, cy := (below(src, 2*room+1)-room)*3/4, (below(src, 2*room+1)-room)*3/4
	turn := turns[below(src, len(turns))]
	quarter := below(src, 4)
	return func(x, y int) bool {
		x, y = x-cx, y-cy
		u, v := (turn[0]*x+turn[1]*y)/65, (turn[0]*y-turn[1]*x)/65
		for range quarter {
			u, v = v, -u
		}
		switch class {
		case 5:
			return u*u+v*v < r*r*4/5
		case 6:
			return u*u+v*v < r*r && 3*(u*u+v*v) > r*r
		case 7:
			return max(u, -u, v, -v) < r*4/5
		case 8:
			return 2*v < r && 7*max(u, -u) < 4*(v+r)
		default:
			return min(max(u, -u), max(v, -v)) < r/4 && max(u, -u, v, -v) < r
		}
	}
}
