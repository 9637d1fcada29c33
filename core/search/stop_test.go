package search

import (
	"math"
	"strings"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
)

// TestStopSkips: a search ends with the first epoch whose normal cell has so many skip connections, says why, and keeps that cell;
// and a cell may be kept from having them.
func TestStopSkips(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs, c.Nodes, c.TestImages, c.NMax = 3, 4, 10, 100
	c.Imbalance = 4
	ended := func(c run.Config) (*run.Run, *run.Report, string) {
		t.Helper()
		r, err := run.New(c, data.Toy(1), &cpu.Device{Threads: 1}, Task)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		var last run.Event
		for !r.Done() {
			events, err := r.Step()
			if err != nil {
				t.Fatal(err)
			}
			if len(events) > 0 {
				last = events[len(events)-1]
			}
		}
		return r, last.Report, last.Ended
	}
	skips := func(p *run.Report) (n int) {
		for _, e := range p.Genotype.Normal {
			if e.Op == "skip_connect" {
				n++
			}
		}
		return n
	}
	for seed := uint64(1); ; seed++ { // one whose cell has skip connections
		c.Seed, c.StopSkips, c.KeepSkips = seed, 1, 8
		r, p, why := ended(c)
		if why == "" {
			continue
		}
		if n := skips(p); n < 1 || !strings.HasPrefix(why, "the normal cell has ") || r.Epoch > c.Epochs {
			t.Errorf("%q, with %d skip connections after %d epochs", why, n, r.Epoch)
		}
		c.KeepSkips = 0
		if r, p, why := ended(c); skips(p) != 0 || why != "" || r.Epoch != c.Epochs {
			t.Errorf("without skip connections: %d of them, ended %q after %d epochs", skips(p), why, r.Epoch)
		}
		return
	}
}

// TestRise holds means of eigenvalues against those of four earlier, by hand.
func TestRise(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64 // 0 where there is none
	}{
		{[]float64{1, 2, 3, 4}, 0},
		{[]float64{1, 2, 3, 4, 5}, 3},                // 3 ÷ 1
		{[]float64{2, 2, 2, 2, 2, 8}, 3.2 / 2},       // of five ÷ of two
		{[]float64{9, 1, 1, 1, 1, 1, 6, 6, 6, 6}, 5}, // 25/5 ÷ 5/5: the ninth before is out of sight
		{[]float64{-1, 2, 3, 4, 5}, 0},               // below zero there is no rise to speak of
	} {
		s := task{eigen: make([]float64, eigenvalues+1)}
		for _, v := range c.values {
			s.watch(v)
		}
		if got, ok := s.rise(); ok != (c.want != 0) || ok && math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, %v, want %v", c.values, got, ok, c.want)
		}
	}
}
