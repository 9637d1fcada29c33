package run

import (
	"fmt"
	"math"

	"hlrslab/core/nn"
)

// bins are those of the expected calibration error, as Guo et al. (2017) have it.
const bins = 15

// seen is what the logits of a test say beside the classes: how sure they were.
type seen struct {
	Loss  float64 // sum of the images' cross-entropies
	Sure  [bins]float64
	Right [bins]int
	Count [bins]int
}

// add takes in an image of class y that was taken for best; its logits are stride apart.
func (s *seen) add(logits []float32, stride, classes, best, y int) {
	top := float64(logits[best*stride])
	var sum float64
	for c := range classes {
		sum += nn.Exp(float64(logits[c*stride]) - top)
	}
	s.Loss += nn.Log(sum) + top - float64(logits[y*stride])
	p := 1 / sum
	bin := min(int(p*bins), bins-1)
	s.Sure[bin] += p
	s.Count[bin]++
	if best == y {
		s.Right[bin]++
	}
}

// validate holds what was seen of n images, right of them taken for the right class, against itself.
func (s *seen) validate(n, right int) error {
	for i, count := range s.Count {
		n, right = n-count, right-s.Right[i]
		low, high := float64(i*count)/bins, float64((i+1)*count)/bins
		if count < 0 || s.Right[i] < 0 || s.Right[i] > count || !(s.Sure[i] >= low-1e-9 && s.Sure[i] <= high+1e-9) {
			return fmt.Errorf("bin %d of the calibration has %d of %d images right, and a confidence of %v in all", i, s.Right[i], count, s.Sure[i])
		}
	}
	if n != 0 || right != 0 || !(s.Loss >= 0) || !finite(s.Loss) {
		return fmt.Errorf("the calibration lacks %d images, of them %d right ones, with a loss of %v", n, right, s.Loss)
	}
	return nil
}

// calibration is the expected calibration error: how far confidence and accuracy are apart, bin by bin.
func (s *seen) calibration() (sum float64) {
	n := 0
	for i, count := range s.Count {
		n += count
		sum += math.Abs(s.Sure[i] - float64(s.Right[i]))
	}
	return sum / float64(max(n, 1))
}

// report is what the tests saw.
func (r *Run) report() (p *Report, end string) {
	p = &Report{Classes: r.data.order}
	p.TestLoss, p.Calibration = r.Seen.Loss/float64(len(r.data.test)), r.Seen.calibration()
	p.Discrete = float64(r.Discrete) / float64(len(r.data.test))
	if r.config.Drops(r.Epoch) {
		p.Dropped = &Drop{Accuracy: float64(r.Dropped) / float64(len(r.data.test))}
	}
	classes := len(p.Classes)
	groups := []*float64{&p.Head, &p.Medium, &p.Tail} // thirds by rank: 3, 4 and 3 of ten
	third := (classes + 1) / 3
	sizes := []int{third, classes - 2*third, third}
	group, left := 0, sizes[0]
	for _, c := range p.Classes {
		var seen int
		row := make([]int, classes)
		for i, other := range p.Classes {
			row[i] = r.Confusion[c][other]
			seen += row[i]
		}
		p.Confusion = append(p.Confusion, row)
		acc := float64(r.Confusion[c][c]) / float64(seen)
		p.PerClass = append(p.PerClass, acc)
		p.Accuracy += acc / float64(classes)
		for left == 0 {
			group++
			left = sizes[group]
		}
		*groups[group] += acc / float64(sizes[group])
		left--
	}
	return p, r.task.Report(p)
}
