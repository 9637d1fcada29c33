package nn

// class is where class o's weights lie: a row of the matrix, and its biases, in order; an array that a head lacks is empty.
func (h *Head) class(o int) [3][2]int {
	n := h.Columns()
	at := [3][2]int{{h.Weight + o*n, h.Weight + (o+1)*n}}
	for i, bias := range []int{h.Bias, h.Second} {
		if bias >= 0 {
			at[1+i] = [2]int{bias + o, bias + o + 1}
		}
	}
	return at
}

// Alone is groups in which all of n weights rest but the head's: its re-training (cRT: Kang et al., 2020).
func (h *Head) Alone(n int) (groups Groups) {
	from, last := 0, h.class(h.Classes-1)
	for i, first := range h.class(0) {
		if first[1] > first[0] {
			groups = append(groups, Group{From: from, To: first[0]})
			from = last[i][1]
		}
	}
	return append(groups, Group{From: from, To: n})
}

// ByClass is groups in which the weights of each class, its row and its biases, go at a rate of their own.
func (h *Head) ByClass(rates []float64, decay float64) (groups Groups) {
	for array := range h.class(0) {
		for o, rate := range rates {
			if at := h.class(o)[array]; at[1] > at[0] {
				groups = append(groups, Group{at[0], at[1], rate, decay})
			}
		}
	}
	return groups
}

// ClassRates are (n_max/n_c)^γ, but at most limit, divided by their mean: the rates of class-specific weights where classes have so
// many images. It is our reading of what is told of heterogeneous learning rates; γ = 0 has all go at 1.
func ClassRates(counts []int, gamma, limit float64) []float64 {
	rates, most, sum := make([]float64, len(counts)), 0, 0.0
	for _, n := range counts {
		most = max(most, n)
	}
	for c, n := range counts {
		rates[c] = min(pow(float64(most)/float64(max(n, 1)), gamma), limit)
		sum += rates[c]
	}
	for c := range rates {
		rates[c] *= float64(len(rates)) / sum
	}
	return rates
}

// TauNormalise divides each class's row of the matrix in w by its norm to the power of tau, and drops the biases, as Kang et al. (2020)
// have it.
func (h *Head) TauNormalise(w []float32, tau float64) {
	for o := range h.Classes {
		at := h.class(o)
		row := w[at[0][0]:at[0][1]]
		scale := float32(1 / pow(Norm(row), tau))
		for i := range row {
			row[i] *= scale
		}
		for _, bias := range at[1:] {
			clear(w[bias[0]:bias[1]])
		}
	}
}

// Scale sets the head's weights in w to those in base, each class's times its scale, the biases' too: learnable weight scaling (LWS:
// Kang et al., 2020), which trains the scales alone. Both are all weights.
func (h *Head) Scale(w, base []float32, scales []float32) {
	for o, scale := range scales {
		for _, at := range h.class(o) {
			for i := at[0]; i < at[1]; i++ {
				w[i] = scale * base[i]
			}
		}
	}
}

// ScaleGradient sets dscales to the gradient of the scales, from that of all weights where Scale has set them.
func (h *Head) ScaleGradient(dscales, base, grad []float32) {
	for o := range dscales {
		var sum float32
		for _, at := range h.class(o) {
			for i := at[0]; i < at[1]; i++ {
				sum += base[i] * grad[i]
			}
		}
		dscales[o] = sum
	}
}
