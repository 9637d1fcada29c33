package data

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var kinds = []string{"instance", "balanced", "sqrt", "progressive", "reversed", "effective"}

func tailed(t tester, imbalance float64) (labels []int, indices []int) {
	t.Helper()
	counts, err := Counts("exp", 5000, 10, imbalance)
	if err != nil {
		t.Fatal(err)
	}
	labels = balanced(5000)
	if indices, err = Subset(labels, counts, 5000, 1, 0); err != nil {
		t.Fatal(err)
	}
	return
}

func sampler(t tester, kind string, labels []int, indices []int, epochs int) *Sampler {
	t.Helper()
	s, err := NewSampler(kind, &Images{Labels: labels}, indices, epochs, rand.NewPCG(3, 4))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantClose(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	for c := range want {
		if math.Abs(got[c]-want[c]) > tolerance {
			t.Errorf("%s: %.5f, want %.5f", what, got, want)
			return
		}
	}
}

func TestProbabilities(t *testing.T) {
	for imbalance, want := range map[float64][]float64{
		10:  {.0245, .0316, .0408, .0527, .0681, .0879, .1136, .1466, .1896, .2446},
		20:  {.0147, .0205, .0286, .0398, .0556, .0775, .1082, .1509, .2108, .2934},
		50:  {.0071, .0110, .0170, .0263, .0406, .0628, .0969, .1499, .2316, .3567},
		100: {.0040, .0067, .0112, .0187, .0312, .0520, .0867, .1447, .2424, .4024},
		200: {.0022, .0040, .0072, .0131, .0235, .0424, .0763, .1376, .2477, .4459},
	} {
		labels, indices := tailed(t, imbalance)
		wantClose(t, "reversed", sampler(t, "reversed", labels, indices, 50).Probabilities(), want, 5.1e-5)
	}

	labels, indices := tailed(t, 100)
	natural := []float64{.4030, .2416, .1448, .0868, .0520, .0312, .0187, .0112, .0067, .0040}
	tenth := slices.Repeat([]float64{.1}, 10)
	wantClose(t, "instance", sampler(t, "instance", labels, indices, 50).Probabilities(), natural, 5.1e-5)
	wantClose(t, "balanced", sampler(t, "balanced", labels, indices, 50).Probabilities(), tenth, 1e-12)
	wantClose(t, "sqrt", sampler(t, "sqrt", labels, indices, 50).Probabilities(),
		[]float64{.2447, .1895, .1467, .1136, .0879, .0681, .0527, .0408, .0315, .0245}, 5.1e-5)

	p := sampler(t, "progressive", labels, indices, 50)
	wantClose(t, "progressive first", p.Probabilities(), natural, 5.1e-5)
	p.Epoch(49)
	wantClose(t, "progressive last", p.Probabilities(), tenth, 1e-12)
	p.Epoch(7) // λ = 1/7
	wantClose(t, "progressive", p.Probabilities()[9:], []float64{6./7*50/12406 + 1./70}, 1e-12)
	wantClose(t, "progressive, one epoch", sampler(t, "progressive", labels, indices, 1).Probabilities(), natural, 5.1e-5)

	effective, total := make([]float64, 10), 0.0
	for c, n := range classCounts(labels, indices) {
		effective[c] = float64(n) * (1 - .9999) / (1 - math.Pow(.9999, float64(n)))
		total += effective[c]
	}
	for c := range effective {
		effective[c] /= total
	}
	wantClose(t, "effective", sampler(t, "effective", labels, indices, 50).Probabilities(), effective, 1e-12)
}

// The draws of every kind follow its distribution: χ² of 1e5 draws, nine degrees of freedom, below
// the 99.99 % point; and within the tail class every image has its share.
func TestDraws(t *testing.T) {
	labels, indices := tailed(t, 100)
	for _, kind := range kinds {
		s := sampler(t, kind, labels, indices, 50)
		s.Epoch(20)
		const draws = 100000
		batch, seen := make([]int, draws), make([]int, len(labels))
		s.Next(batch)
		for _, i := range batch {
			seen[i]++
		}
		got, chi := classCounts(labels, batch), 0.0
		for c, p := range s.Probabilities() {
			chi += math.Pow(float64(got[c])-p*draws, 2) / (p * draws)
		}
		if chi > 33.7 {
			t.Errorf("%s: χ² %.1f of counts %v", kind, chi, got)
		}
		tail := indices[len(indices)-50:]
		share, chi := float64(got[9])/50, 0.0
		for _, i := range tail {
			chi += math.Pow(float64(seen[i])-share, 2) / share
		}
		if chi > 100 { // 49 degrees of freedom
			t.Errorf("%s: χ² %.1f within the tail", kind, chi)
		}
	}
}

// instance takes every image once an epoch, drops the rest of it at the next, and goes on into a
// new shuffle when asked for more.
func TestInstance(t *testing.T) {
	labels, indices := tailed(t, 200)
	s := sampler(t, "instance", labels, indices, 2)
	if s.Steps(64) != len(indices)/64 {
		t.Errorf("%d steps", s.Steps(64))
	}
	want := slices.Sorted(slices.Values(indices))
	var passes [][]int
	for range 2 {
		s.Next(make([]int, 100))
		s.Epoch(1)
		pass := make([]int, len(indices))
		s.Next(pass)
		passes = append(passes, pass)
	}
	more := make([]int, len(indices))
	s.Next(more[:17])
	s.Next(more[17:])
	passes = append(passes, more)
	for i, pass := range passes {
		if i > 0 && slices.Equal(pass, passes[i-1]) {
			t.Error("the same shuffle again")
		}
		if got := slices.Sorted(slices.Values(pass)); !slices.Equal(got, want) {
			t.Error("a pass does not take every image once")
		}
	}
}

// A half without some classes, as positional halves have, is drawn from as it is.
func TestAbsentClasses(t *testing.T) {
	labels := balanced(10)
	indices := []int{0, 10, 20, 3, 4}
	for _, kind := range kinds {
		s := sampler(t, kind, labels, indices, 3)
		s.Epoch(1)
		batch := make([]int, 1000)
		s.Next(batch)
		for _, i := range batch {
			if !slices.Contains(indices, i) {
				t.Fatalf("%s draws %d", kind, i)
			}
		}
		p, total := s.Probabilities(), 0.0
		for _, v := range p {
			total += v
		}
		if len(p) != 10 || p[9] != 0 || math.Abs(total-1) > 1e-12 {
			t.Errorf("%s: %v", kind, p)
		}
	}
}

func TestSamplerErrors(t *testing.T) {
	labels := balanced(10)
	for want, c := range map[string]struct {
		kind    string
		indices []int
	}{
		`sampler "uniform"`: {"uniform", []int{1}},
		"no images":         {"balanced", nil},
		"index 100":         {"balanced", []int{100}},
	} {
		_, err := NewSampler(c.kind, &Images{Labels: labels}, c.indices, 5, rand.NewPCG(1, 1))
		wantError(t, err, want)
	}
}

// A sampler put back into a saved state draws what the saved one goes on to draw.
func TestResume(t *testing.T) {
	labels, indices := tailed(t, 200)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		a := sampler(t, kind, labels, indices, 10)
		a.Epoch(rapid.IntRange(0, 9).Draw(t, "epoch"))
		a.Next(make([]int, rapid.IntRange(0, 3*len(indices)).Draw(t, "before")))
		saved, err := a.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewSampler(kind, &Images{Labels: labels}, indices, 10, rand.NewPCG(99, 99))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.UnmarshalBinary(saved); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Probabilities(), b.Probabilities()) {
			t.Fatal("other probabilities")
		}
		n := rapid.IntRange(1, 2*len(indices)).Draw(t, "after")
		for range 2 {
			x, y := make([]int, n), make([]int, n)
			a.Next(x)
			b.Next(y)
			if !slices.Equal(x, y) {
				t.Fatal("other draws")
			}
			a.Epoch(9)
			b.Epoch(9)
		}
	})
}

// A sampler that goes back to its mark draws the same again, and is where it was.
func TestMark(t *testing.T) {
	labels, indices := tailed(t, 200)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "images")
		s := sampler(t, rapid.SampledFrom(kinds).Draw(t, "kind"), labels, indices[len(indices)-n:], 10)
		s.Next(make([]int, rapid.IntRange(0, 100).Draw(t, "before")))
		s.Mark()
		was, _ := s.MarshalBinary()
		var draws [2][]int
		for i := range draws {
			for k := range 3 {
				batch := make([]int, 30)
				s.Next(batch)
				draws[i] = append(draws[i], batch...)
				s.Epoch(k)
			}
			s.Back()
			if is, _ := s.MarshalBinary(); !bytes.Equal(is, was) {
				t.Fatal("back, it is in another state")
			}
		}
		if !slices.Equal(draws[0], draws[1]) {
			t.Fatal("back, it draws otherwise")
		}
	})
}

func TestResumeErrors(t *testing.T) {
	labels, indices := tailed(t, 200)
	s := sampler(t, "instance", labels, indices, 10)
	s.Next(make([]int, 5))
	saved, _ := s.MarshalBinary()
	other := func(kind string, indices []int) error {
		return sampler(t, kind, labels, indices, 10).UnmarshalBinary(saved)
	}
	wantError(t, other("reversed", indices), "another sampler")
	wantError(t, other("instance", indices[1:]), "subset")
	for cut := range 40 {
		wantError(t, s.UnmarshalBinary(saved[:cut]), "damaged")
		wantError(t, s.UnmarshalBinary(saved[:len(saved)-1-cut]), "damaged")
	}
	wantError(t, s.UnmarshalBinary(append(slices.Clone(saved), 0)), "damaged")
	altered := slices.Clone(saved)
	altered[40] ^= 1 // in the order: an image twice
	wantError(t, s.UnmarshalBinary(altered), "damaged order")
	// Behind the last image of an order there is none, nor before the first.
	with := func(change func(*state)) []byte {
		var st state
		r := bytes.NewReader(saved)
		if err := binary.Read(r, binary.LittleEndian, &st); err != nil {
			t.Fatal(err)
		}
		change(&st)
		out, _ := binary.Append(nil, binary.LittleEndian, st)
		return append(out, saved[len(saved)-r.Len():]...)
	}
	end := int64(len(indices))
	for _, change := range []func(*state){
		func(st *state) { st.Pos = end + 1 },
		func(st *state) { st.Pos = -1 },
		func(st *state) { st.Epoch = -1 },
		func(st *state) { st.Order-- },
	} {
		wantError(t, s.UnmarshalBinary(with(change)), "damaged")
	}
	if again, _ := s.MarshalBinary(); !slices.Equal(again, saved) {
		t.Error("a refused state changed the sampler")
	}
	if err := s.UnmarshalBinary(with(func(st *state) { st.Pos = end })); err != nil {
		t.Errorf("at the end of an epoch: %v", err)
	}
}

// The stream of a seed is part of what a published run means.
func TestPinnedDraws(t *testing.T) {
	labels, indices := tailed(t, 100)
	for kind, want := range map[string][]int{
		"instance": {26530, 9801, 22081, 17003},
		"reversed": {29289, 35708, 18179, 108},
	} {
		got := make([]int, 4)
		sampler(t, kind, labels, indices, 50).Next(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s draws %v, on every platform %v", kind, got, want)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	labels, indices := tailed(b, 100)
	batch := make([]int, 64)
	for _, kind := range []string{"instance", "reversed"} {
		s := sampler(b, kind, labels, indices, 50)
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				s.Next(batch)
			}
		})
	}
}
