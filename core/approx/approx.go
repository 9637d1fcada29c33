// Package approx is multipliers of two 8-bit numbers that are cheaper than the exact one and err, as ApproxDARTS has them in
// convolutions (Piňos, Sekanina and Mrázek, 2024), and the 8-bit numbers that they multiply.
//
// The multipliers are our own, made from published principles by their parameters. Each is characterised by all its 65 536 products.
package approx

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Multiplier is one of them.
type Multiplier struct {
	Name   string
	Energy float64 // of a product, relative to the exact multiplier's: see cells

	// Factor, if it is not nil, makes every product one of two factors: that of a and b is Factor[a]·Factor[b].
	Factor *[256]uint8

	multiply func(a, b int) int
}

// Table is all products: a row for each value of the input, a column for each of the weight.
type Table [256][256]uint16

// Forms is how names of multipliers are written.
const Forms = "exact, truncK (1 to 7), bam_vV_hH (0 to 14, 0 to 7), mitchell or drumK (2 to 7)"

// Names are a selection: the exact one, and those that err, of each kind the more exact first.
var Names = []string{"exact", "trunc1", "trunc2", "trunc3", "trunc4", "bam_v4_h0", "bam_v6_h0", "bam_v4_h2", "bam_v9_h3", "mitchell", "drum6", "drum4", "drum3"}

// Parse returns the multiplier of that name.
func Parse(name string) (*Multiplier, error) {
	m := &Multiplier{Name: name}
	parameter := func(prefix string, least, most int) (n int, ok bool) {
		digits, ok := strings.CutPrefix(name, prefix)
		n, err := strconv.Atoi(digits)
		return n, ok && err == nil && n >= least && n <= most && digits == strconv.Itoa(n)
	}
	factors := func(f func(a int) int) {
		m.Factor = new([256]uint8)
		for a := range m.Factor {
			m.Factor[a] = uint8(f(a))
		}
		m.multiply = func(a, b int) int { return int(m.Factor[a]) * int(m.Factor[b]) }
	}
	cost := array(0, 0)
	if k, ok := parameter("trunc", 1, 7); ok {
		factors(func(a int) int { return a >> k << k })
		cost = core(8 - k)
	} else if k, ok := parameter("drum", 2, 7); ok {
		factors(func(a int) int { return drum(a, k) })
		cost = core(k) + 2*detector(8-k) + 2*shifter(k, 9-k) + 3*adder + shifter(2*k, 17-2*k)
	} else if head, tail, ok := strings.Cut(name, "_h"); ok {
		name = head
		v, right := parameter("bam_v", 0, 14)
		name = tail
		h, low := parameter("", 0, 7)
		if !right || !low {
			return nil, unknown(m.Name)
		}
		m.multiply = func(a, b int) int { return broken(a, b, v, h) }
		cost = array(v, h)
	} else {
		switch name {
		case "exact":
			factors(func(a int) int { return a })
		case "mitchell":
			m.multiply = mitchell
			cost = 2*detector(8) + 2*shifter(7, 8) + 10*adder + shifter(8, 16)
		default:
			return nil, unknown(name)
		}
	}
	m.Energy = cost / array(0, 0)
	return m, nil
}

func unknown(name string) error {
	return fmt.Errorf("%.40q is no multiplier; there are %s", name, Forms)
}

// Table returns the multiplier's.
func (m *Multiplier) Table() *Table {
	t := new(Table)
	for a := range t {
		for b := range t[a] {
			t[a][b] = uint16(m.multiply(a, b))
		}
	}
	return t
}

// drum keeps the k leading bits of an operand and sets the lowest of them, so that errors of both signs balance (DRUM: Hashemi, Bahar and
// Reda, 2015).
func drum(a, k int) int {
	if drop := bits.Len(uint(a)) - k; drop > 0 {
		return (a>>drop | 1) << drop
	}
	return a
}

// mitchell adds logarithms that are straight lines between powers of two (Mitchell, 1962).
func mitchell(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	i, j := bits.Len(uint(a))-1, bits.Len(uint(b))-1
	sum := (a-1<<i)<<j + (b-1<<j)<<i
	if one := 1 << (i + j); sum < one {
		return one + sum
	}
	return 2 * sum
}

// broken is the array multiplier without the cells right of column v, and without those of the lowest h bits of the weight
// (Mahdiani et al., 2010).
func broken(a, b, v, h int) (sum int) {
	for j := h; j < 8; j++ {
		for i := max(0, v-j); i < 8; i++ {
			sum += (a >> i & 1) * (b >> j & 1) << (i + j)
		}
	}
	return sum
}

// What a circuit takes, in AND gates. This is a model, not a synthesis: it counts the cells that a structure has, and takes energy to be as
// their number; a full adder is about four times an AND gate, a multiplexer 1¾ times, which is how their areas stand in open 45 nm
// libraries. It knows nothing of activity, glitches or wires. Against the powers that EvoApproxLib publishes for circuits of its own at
// 45 nm (exact 0.391 mW) it is careful: a mean error of 0.56 % costs 27 % there (mul8u_17KS), and twice that for a truncation here.
const (
	adder = 4.0
	mux   = 1.75
)

// array is an 8 × 8 array multiplier without its broken cells: a gate for each partial product, and, since a full adder makes two bits of
// three, as many of them as there are more partial products than bits of the result.
func array(v, h int) float64 {
	n := 0
	for j := h; j < 8; j++ {
		n += 8 - min(8, max(0, v-j))
	}
	return float64(n) + adder*float64(max(0, n-(16-max(v, h))))
}

// core is a whole array of k × k.
func core(k int) float64 { return float64(k*k) + adder*float64(max(0, k*k-2*k)) }

// detector finds the leading one of n bits, and its place: three gates a bit.
func detector(n int) float64 { return 3 * float64(n) }

// shifter takes n bits to one of so many positions: its stages shift by 1, 2, 4, …, and each has a multiplexer for every bit that comes.
func shifter(n, positions int) (cost float64) {
	for step := 1; step < positions; step *= 2 {
		cost += mux * float64(min(16, n+step-1))
	}
	return cost
}

// Figures are how far a multiplier errs, over all pairs of operands.
type Figures struct {
	MAE, WCE float64 // mean and largest absolute error
	MRE      float64 // mean of the error's size relative to the product, where that is not 0
	EP       float64 // share of products that are wrong
	MSE      float64 // mean squared error
}

// Percent is an error in percent of 65 536, as EvoApproxLib has it.
func Percent(err float64) float64 { return 100 * err / 65536 }

// Figures tries all products.
func (m *Multiplier) Figures() (f Figures) {
	for a := range 256 {
		for b := range 256 {
			e := math.Abs(float64(m.multiply(a, b) - a*b))
			f.MAE += e / 65536
			f.WCE = max(f.WCE, e)
			f.MSE += e * e / 65536
			if e > 0 {
				f.EP += 1. / 65536
			}
			if a*b > 0 {
				f.MRE += e / float64(a*b) / (255 * 255)
			}
		}
	}
	return f
}
