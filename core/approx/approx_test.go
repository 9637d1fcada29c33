package approx

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/internal/golden"
)

// TestMultipliersAgainstReference compares every product, by checksums, the rows that the reference shows, and the errors' figures.
func TestMultipliersAgainstReference(t *testing.T) {
	f := golden.Open(t, "approx.safetensors")
	var sums map[string]uint32
	if err := json.Unmarshal([]byte(f.Meta["crc32_of_uint16_le_row_major"]), &sums); err != nil {
		t.Fatal(err)
	}
	for name, sum := range sums {
		m, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		table := m.Table()
		var raw []byte
		for _, row := range table {
			for _, v := range row {
				raw = binary.LittleEndian.AppendUint16(raw, v)
			}
		}
		for i, a := range f.Ints("rows") {
			for b, want := range f.Ints("table/" + name + "/rows")[256*i:][:256] {
				if int(table[a][b]) != want {
					t.Fatalf("%s: %d × %d is %d, want %d", name, a, b, table[a][b], want)
				}
			}
		}
		if got := crc32.ChecksumIEEE(raw); got != sum {
			t.Errorf("%s: the products' checksum is %d, want %d", name, got, sum)
		}
		e := m.Figures()
		got := []float64{e.MAE, Percent(e.MAE), e.WCE, Percent(e.WCE), 100 * e.MRE, 100 * e.EP, e.MSE}
		for i, want := range f.Get("table/" + name + "/figures").Values {
			if diff := got[i] - float64(want); diff > 1e-5*float64(want) || -diff > 1e-5*float64(want) {
				t.Errorf("%s: figure %d is %v, want %v", name, i, got[i], want)
			}
		}
	}
}

// TestFactors: products that are said to be of two factors are, and those of truncations and windows of bits can be.
func TestFactors(t *testing.T) {
	for _, name := range Names {
		m, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if separable := !strings.HasPrefix(name, "bam") && name != "mitchell"; separable != (m.Factor != nil) {
			t.Errorf("%s: factors %v", name, m.Factor)
		}
		for a, row := range m.Table() {
			for b, v := range row {
				if m.Factor != nil && int(v) != int(m.Factor[a])*int(m.Factor[b]) {
					t.Fatalf("%s: %d × %d is %d", name, a, b, v)
				}
			}
		}
	}
}

// TestEnergies: what leaves more out takes less, and the exact multiplier is the measure.
func TestEnergies(t *testing.T) {
	for _, row := range [][]string{{"exact", "trunc1", "trunc4", "trunc7"}, {"exact", "bam_v4_h0", "bam_v6_h0", "bam_v9_h3", "bam_v14_h7"}, {"drum7", "drum6", "drum4", "drum2"}} {
		var energies []float64
		for _, name := range row {
			m, err := Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			energies = append(energies, -m.Energy)
		}
		if !slices.IsSorted(energies) || row[0] == "exact" && energies[0] != -1 || energies[len(energies)-1] >= 0 {
			t.Errorf("%v take %v", row, energies)
		}
	}
	if whole, _ := Parse("bam_v0_h0"); whole.Energy != 1 || whole.Figures() != (Figures{}) {
		t.Errorf("an array without broken cells: %v, %+v", whole.Energy, whole.Figures())
	}
}

func TestUnknownMultipliers(t *testing.T) {
	for _, name := range []string{"", "exact2", "trunc0", "trunc8", "trunc02", "trunc", "drum1", "drum8", "bam_v15_h0", "bam_v3", "bam_v3_h8", "bam_v_h", "bam_v3_h1_h2", "mitchel"} {
		if m, err := Parse(name); err == nil {
			t.Errorf("%q is taken for %v", name, m)
		} else if !strings.Contains(err.Error(), Forms) {
			t.Error(err)
		}
	}
}

// TestQuantisedAgainstReference compares codes, scales and what is clipped.
func TestQuantisedAgainstReference(t *testing.T) {
	f := golden.Open(t, "approx.safetensors")
	for _, name := range f.Names("conv/") {
		name, ok := strings.CutSuffix(name, "/x_range")
		if !ok {
			continue
		}
		for i, side := range []string{"x", "w"} {
			at := "conv/" + name + "/"
			ends := f.Get(at + side + "_range").Values
			q := Quantise(ends[0], ends[1])
			f.Near(at+side+"_scale", []float32{q.Scale}, 1e-7)
			f.Near(at+side+"_zero", []float32{float32(q.Zero)}, 0)
			clipped, want := 0, f.Ints(at+"q"+side)
			for j, x := range f.Get(at + side).Values {
				if got := q.Code(x); int(got) != want[j] {
					t.Errorf("%s of %s: %v has code %d, want %d", side, name, x, got, want[j])
				}
				if !q.Within(x) {
					clipped++
				}
			}
			if n := f.Ints(at + "clipped")[i]; clipped != n {
				t.Errorf("%s of %s: %d clipped, want %d", side, name, clipped, n)
			}
		}
	}
}

// TestRangesWithoutWidth: nothing but zeros is 0, and whatever else is alike too.
func TestRangesWithoutWidth(t *testing.T) {
	for _, v := range []float32{0, 0.3, -2} {
		q := Quantise(v, v)
		if code := q.Code(v); q.Value(code) != 0 || q.Within(v) != (v == 0) {
			t.Errorf("%v has code %d, which is %v", v, code, q.Value(code))
		}
	}
	if q := Quantise(0, 1); q.Code(-1) != 0 || q.Code(2) != 255 || q.Within(2) || !q.Within(1) || q.Value(255) != 1 {
		t.Errorf("%+v", q)
	}
}
