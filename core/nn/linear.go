package nn

// Linear is a classifier on features laid out features × batch: logits = factor·W·f + b.
type Linear struct{ Weight, Bias, In, Out int }

// NewLinear lays out a classifier.
func NewLinear(p *Params, name string, in, out int) Linear {
	return Linear{p.Add(name+".weight", in, out, in), p.Add(name+".bias", in, out), in, out}
}

// Apply sets logits (classes × batch) from rows [lo, lo+len(f)/batch) of the features, or adds to them.
func (l Linear) Apply(w, f, logits []float32, batch, lo int, factor float32, add bool) {
	rows := len(f) / batch
	for o := range l.Out {
		z := logits[o*batch:][:batch]
		if !add {
			for n := range z {
				z[n] = w[l.Bias+o]
			}
		}
		for i := range rows {
			v := factor * w[l.Weight+o*l.In+lo+i]
			for n, x := range f[i*batch:][:batch] {
				z[n] += v * x
			}
		}
	}
}

// Back adds the gradients of Apply's weights to grad and sets the features' gradient df. The bias's is added where
// the rows begin at 0.
func (l Linear) Back(w, grad, f, dlogits, df []float32, batch, lo int, factor float32) {
	rows := len(f) / batch
	clear(df)
	for o := range l.Out {
		dz := dlogits[o*batch:][:batch]
		if lo == 0 {
			var sum float32
			for _, d := range dz {
				sum += d
			}
			grad[l.Bias+o] += sum
		}
		for i := range rows {
			at := l.Weight + o*l.In + lo + i
			v, x, dx := factor*w[at], f[i*batch:][:batch], df[i*batch:][:batch]
			var sum float32
			for n, d := range dz {
				sum += d * x[n]
				dx[n] += v * d
			}
			grad[at] += factor * sum
		}
	}
}
