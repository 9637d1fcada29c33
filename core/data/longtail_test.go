package data

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tails are the published constructions' counts at n-max 5000.
var tails = []struct {
	imbalance   float64
	exp         []int
	total       int
	minor, step int // the step profile's minority count and total
}{
	{1, []int{5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000}, 50000, 5000, 50000},
	{10, []int{5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500}, 20431, 500, 27500},
	{20, []int{5000, 3584, 2569, 1842, 1320, 946, 678, 486, 348, 250}, 17023, 250, 26250},
	{50, []int{5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100}, 13996, 100, 25500},
	{100, []int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50}, 12406, 50, 25250},
	{200, []int{5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25}, 11203, 25, 25125},
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return
}

// balanced is n labels of each of ten classes, interleaved as CIFAR-10 nearly is.
func balanced(n int) []int {
	labels := make([]int, 10*n)
	for i := range labels {
		labels[i] = i % 10
	}
	return labels
}

// classCounts are the images of each of ten classes among indices.
func classCounts(labels []int, indices []int) []int {
	n := make([]int, 10)
	for _, i := range indices {
		n[labels[i]]++
	}
	return n
}

// tally counts the images of each class.
func tally(labels []int) []int {
	n := make([]int, classes(labels))
	for _, l := range labels {
		n[l]++
	}
	return n
}

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func wantError(t tester, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v: want it to say %q", err, p)
		}
	}
}

func TestCounts(t *testing.T) {
	for _, w := range tails {
		got, err := Counts("exp", 5000, 10, w.imbalance)
		if err != nil || !slices.Equal(got, w.exp) || sum(got) != w.total {
			t.Errorf("exp %v: %v, %v; want %v", w.imbalance, got, err, w.exp)
		}
		want := append(slices.Repeat([]int{5000}, 5), slices.Repeat([]int{w.minor}, 5)...)
		got, err = Counts("step", 5000, 10, w.imbalance)
		if err != nil || !slices.Equal(got, want) || sum(got) != w.step {
			t.Errorf("step %v: %v, %v; want %v", w.imbalance, got, err, want)
		}
	}
}

// Whatever divides exactly must not be truncated to one less.
func TestCountsExactTail(t *testing.T) {
	for n := 1; n <= 5000; n++ {
		if got, err := Counts("exp", 5000, 10, 5000/float64(n)); err != nil || got[9] != n {
			t.Fatalf("tail %v (%v), want %d", got, err, n)
		}
	}
}

func TestCountsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profile := rapid.SampledFrom([]string{"exp", "step"}).Draw(t, "profile")
		nMax := rapid.IntRange(1, 5000).Draw(t, "nMax")
		classes := rapid.IntRange(2, 100).Draw(t, "classes")
		imbalance := rapid.Float64Range(1, 1000).Draw(t, "imbalance")
		got, err := Counts(profile, nMax, classes, imbalance)
		if err != nil {
			if float64(nMax) >= imbalance {
				t.Fatalf("refused: %v", err)
			}
			wantError(t, err, "imbalance", "n-max")
			return
		}
		if got[0] != nMax || !slices.IsSortedFunc(got, func(a, b int) int { return b - a }) {
			t.Fatalf("counts %v do not fall from %d", got, nMax)
		}
		if d := float64(nMax)/imbalance - float64(got[classes-1]); d < -1e-6 || d >= 1 {
			t.Fatalf("tail %d of %v", got[classes-1], float64(nMax)/imbalance)
		}
	})
}

func TestCountsErrors(t *testing.T) {
	for _, c := range []struct {
		profile       string
		nMax, classes int
		imbalance     float64
		want          string
	}{
		{"flat", 5000, 10, 100, `profile "flat"`},
		{"exp", 0, 10, 100, "n-max 0"},
		{"exp", 5000, 1, 100, "1 classes"},
		{"exp", 5000, 10, .5, "imbalance 0.5"},
		{"exp", 5000, 10, math.NaN(), "imbalance NaN"},
		{"exp", 5000, 10, math.Inf(1), "imbalance +Inf"},
		{"exp", 50, 10, 100, "imbalance 100 leaves class 8 of 10 without images at n-max 50"},
		{"step", 50, 10, 100, "imbalance 100 leaves class 5"},
	} {
		got, err := Counts(c.profile, c.nMax, c.classes, c.imbalance)
		if got != nil {
			t.Errorf("%+v: counts %v", c, got)
		}
		wantError(t, err, c.want)
	}
}

func TestSubset(t *testing.T) {
	labels := balanced(5000)
	counts := tails[4].exp
	got, err := Subset(labels, counts, 5000, 7, 0)
	if err != nil || !slices.Equal(classCounts(labels, got), counts) {
		t.Fatalf("counts %v, %v", classCounts(labels, got), err)
	}
	if !slices.IsSortedFunc(got, func(a, b int) int { return labels[a] - labels[b] }) {
		t.Error("not ordered by class")
	}
	if again, _ := Subset(labels, counts, 5000, 7, 0); !slices.Equal(got, again) {
		t.Error("one seed, two subsets")
	}
	if other, _ := Subset(labels, counts, 5000, 8, 0); slices.Equal(got, other) {
		t.Error("two seeds, one subset")
	}
	if want := []int{23200, 14390, 18000, 46430}; !slices.Equal(got[:4], want) {
		t.Errorf("seed 7 begins %v, on every platform %v", got[:4], want)
	}

	turned, err := Subset(labels, counts, 5000, 7, 3)
	if want := Permute(counts, 3); err != nil || slices.Equal(want, counts) || !slices.Equal(classCounts(labels, turned), want) {
		t.Errorf("class seed: counts %v, want %v (%v)", classCounts(labels, turned), want, err)
	}
	few := make([]int, 10)
	for c := range few {
		few[c] = 20
	}
	if near, err := Subset(labels, few, 50, 7, 0); err != nil || slices.Max(near) >= 500 {
		t.Errorf("from the first 50 of each class: %v, %v", near, err)
	}
	wantError(t, second(Subset(balanced(500), counts, 5000, 7, 0)), "n-max", "class 0", "at most 500")
	wantError(t, second(Subset(labels, counts[:9], 5000, 7, 0)), "label 9")
}

func second[T any](_ T, err error) error { return err }

func TestSubsetProperties(t *testing.T) {
	labels := balanced(50)
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(1, 50), 10, 10).Draw(t, "counts")
		seed, classSeed := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "classSeed")
		got, err := Subset(labels, counts, 5000, seed, classSeed)
		if err != nil {
			t.Fatal(err)
		}
		if n := classCounts(labels, got); !slices.Equal(slices.Sorted(slices.Values(n)), slices.Sorted(slices.Values(counts))) {
			t.Fatalf("counts %v are no permutation of %v", n, counts)
		}
		if sorted := slices.Sorted(slices.Values(got)); len(slices.Compact(sorted)) != len(got) {
			t.Fatal("an image twice")
		}
		fewer := slices.Clone(counts)
		for i := range fewer {
			fewer[i] = (fewer[i] + 1) / 2
		}
		inner, _ := Subset(labels, fewer, 5000, seed, classSeed)
		for _, i := range inner {
			if !slices.Contains(got, i) {
				t.Fatal("the smaller subset is not within the larger")
			}
		}
	})
}

func TestSplit(t *testing.T) {
	labels := balanced(5000)
	for imbalance, want := range map[float64]struct {
		weights     []int
		total, arch int
	}{
		10:  {[]int{2500, 1935, 1498, 1160, 898, 695, 538, 417, 322, 250}, 10213, 10218},
		50:  {[]int{2500, 1618, 1048, 678, 439, 284, 184, 119, 77, 50}, 6997, 6999},
		100: {[]int{2500, 1498, 898, 538, 322, 193, 116, 69, 41, 25}, 6200, 6206},
		200: {[]int{2500, 1387, 770, 427, 237, 131, 73, 40, 22, 12}, 5599, 5604},
	} {
		counts, _ := Counts("exp", 5000, 10, imbalance)
		list, _ := Subset(labels, counts, 5000, 1, 0)
		w, a, err := Split(labels, list, "stratified", 0.5, nil)
		if err != nil || !slices.Equal(classCounts(labels, w), want.weights) || len(w) != want.total || len(a) != want.arch {
			t.Errorf("%v: %v, %d, %d (%v); want %+v", imbalance, classCounts(labels, w), len(w), len(a), err, want)
		}
	}
}

// A list ordered by class, cut in the middle, hides the tail from the weights.
func TestSplitPositional(t *testing.T) {
	labels := balanced(5000)
	list, _ := Subset(labels, tails[4].exp, 5000, 1, 0)
	w, a, err := Split(labels, list, "positional", 0.5, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := classCounts(labels, w), []int{5000, 1203, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("weights see %v, want %v", got, want)
	}
	if !slices.Equal(append(w, a...), list) {
		t.Error("the halves are not the list")
	}
}

func TestSplitProperties(t *testing.T) {
	labels := balanced(40)
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(2, 40), 10, 10).Draw(t, "counts")
		list, err := Subset(labels, counts, 5000, rapid.Uint64().Draw(t, "seed"), 0)
		if err != nil {
			t.Fatal(err)
		}
		ordered := list
		list = rapid.Permutation(list).Draw(t, "list")
		share := rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		seed := rapid.Uint64().Draw(t, "seed of the split")
		src := func(epoch uint64) *rand.PCG { return rand.NewPCG(seed, epoch) }
		w, a, err := Split(labels, list, "stratified", share, src(0))
		if err != nil {
			t.Fatal(err)
		}
		if again, _, _ := Split(labels, list, "stratified", share, src(0)); !slices.Equal(again, w) {
			t.Fatal("the same source splits differently")
		}
		for _, mode := range []string{"stratified", "positional"} {
			weights, _, err := Split(labels, ordered, mode, share, nil)
			if err != nil {
				t.Fatal(err)
			}
			of := make([]int, len(counts))
			for _, i := range weights {
				of[labels[i]]++
			}
			if got := SplitCounts(counts, mode, share); !slices.Equal(got, of) {
				t.Fatalf("%s: %v of %v are counted, and Split gives %v", mode, got, counts, of)
			}
		}
		if n := SplitSize(counts, "stratified", share); n != len(w) {
			t.Fatalf("%d images were to come, and %d are there", n, len(w))
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(w), a...)))
		if !slices.Equal(all, slices.Sorted(slices.Values(list))) {
			t.Fatal("an image lost, or in both halves")
		}
		nw, na := classCounts(labels, w), classCounts(labels, a)
		for c, n := range counts {
			if nw[c]+na[c] != n || min(nw[c], na[c]) < 1 || math.Abs(float64(nw[c])-share*float64(n)) > 1 {
				t.Fatalf("class %d of %d images at a share of %v: %d and %d", c, n, share, nw[c], na[c])
			}
		}
		if w, _, _ := Split(labels, list, "stratified", 0.5, nil); len(w) != SplitSize(counts, "stratified", 0.5) {
			t.Fatal("without a source the parts have other sizes")
		} else if n := classCounts(labels, w); n[0] != counts[0]/2 {
			t.Fatalf("half of %d are %d", counts[0], n[0])
		}
	})
}

// TestSplitShares: rounding takes no image away, and no share takes a class's last one.
func TestSplitShares(t *testing.T) {
	for _, c := range []struct {
		n, want int
		share   float64
	}{{10, 7, 0.7}, {100, 29, 0.29}, {5, 4, 0.8}, {4, 3, 0.8}, {2, 1, 0.95}, {3, 1, 0.05}, {1000, 800, 0.8}} {
		if got := SplitSize([]int{c.n}, "stratified", c.share); got != c.want {
			t.Errorf("%v of %d are %d, not %d", c.share, c.n, got, c.want)
		}
	}
	if got := SplitSize([]int{5, 3, 2}, "positional", 0.8); got != 8 {
		t.Errorf("0.8 of a list of 10 are %d", got)
	}
}

// TestSplitAnew: another source splits otherwise, and in the end every image has been in both parts.
func TestSplitAnew(t *testing.T) {
	labels := balanced(40)
	list, _ := Subset(labels, []int{40, 30, 20, 16, 12, 10, 8, 6, 4, 2}, 5000, 1, 0)
	seen, last := map[int]int{}, []int(nil)
	for epoch := range uint64(60) {
		w, _, err := Split(labels, list, "stratified", 0.5, rand.NewPCG(1, epoch))
		if err != nil {
			t.Fatal(err)
		}
		w = slices.Sorted(slices.Values(w))
		if slices.Equal(w, last) {
			t.Errorf("epoch %d splits as the one before", epoch)
		}
		last = w
		for _, i := range w {
			seen[i]++
		}
	}
	for _, i := range list {
		if n := seen[i]; n < 12 || n > 48 { // 30 ± 4.6 standard deviations
			t.Errorf("image %d is the weights' in %d of 60 epochs", i, n)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	labels := balanced(5)
	for want, c := range map[string]struct {
		list []int
		mode string
	}{
		`halves "odd"`: {[]int{0, 10}, "odd"},
		"cannot be":    {[]int{0}, "positional"},
		"class 3":      {[]int{0, 10, 3}, "stratified"},
		"index 50":     {[]int{0, 50}, "positional"},
	} {
		_, _, err := Split(labels, c.list, c.mode, 0.5, nil)
		wantError(t, err, want)
	}
}
