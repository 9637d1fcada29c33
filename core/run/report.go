package run

// report is what the tests saw.
func (r *Run) report() (p *Report, end string) {
	p = &Report{Classes: r.data.order}
	p.Discrete = float64(r.Discrete) / float64(len(r.data.test))
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
