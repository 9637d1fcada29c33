package study

import "testing"

// TestVerdict: verdicts by hand.
func TestVerdict(t *testing.T) {
	more, less := Measure{Unit: "%", Points: "points"}, Measure{Unit: "nats", Points: "nats", Less: true}
	for _, c := range []struct {
		a, b []float64
		m    Measure
		n    int
		want string
	}{
		{[]float64{3, 5, 4, 6}, []float64{1, 2, 3, 4}, more, 1, "better than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds."},
		{[]float64{1, 2, 3, 4}, []float64{3, 5, 4, 6}, more, 1, "worse than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds."},
		{[]float64{1, 2, 3, 4}, []float64{3, 5, 4, 6}, less, 1, "better than y by 2.000 nats, 95 % interval 0.701 to 3.299, on 4 of 4 seeds."},
		{
			[]float64{3, 5, 4, 6},
			[]float64{1, 2, 3, 4},
			more, 50, "better than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds. Widened for 50 comparisons, the interval is −3.28 to 7.28 and holds 0: of so many comparisons, this may be the one that chance brings.",
		},
		{[]float64{1, 2, 3}, []float64{2, 2, 1}, more, 1, "cannot be told apart from y: better by 0.33 points on average, 95 % interval of the gain −3.46 to 4.13, better on 1 of 3 seeds."},
		{[]float64{1, 2}, []float64{1, 2}, more, 1, "the same as y on all of 2 seeds."},
		{[]float64{1}, []float64{2}, more, 1, "worse than y by 1.00 points on the one seed that both have done, which shows nothing."},
		{nil, nil, more, 1, "no seed is done by both it and y."},
	} {
		got := verdict("y", Paired(c.a, c.b), c.m, Comparison{N: c.n, Wide: 1 - 0.05/float64(c.n)})
		if got != c.want {
			t.Errorf("%s\nnot\n%s", got, c.want)
		}
	}
}
