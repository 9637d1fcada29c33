package nn

// Team is networks that run side by side, level by level, so that the threads share the work of all of them.
type Team struct {
	graphs            []*Graph
	forward, backward []level
}

// level is the phases of one level of all networks.
type level struct {
	tasks int
	run   func(task, worker int)
	after []func() // in the networks' order, whatever the threads do
}

// NewTeam joins networks, once they are built, that have one pool.
func NewTeam(graphs ...*Graph) *Team {
	t := &Team{graphs: graphs}
	for _, g := range graphs {
		t.forward = join(t.forward, g, g.forward)
		t.backward = join(t.backward, g, g.backward)
	}
	return t
}

// join adds the phases of one more network.
func join(levels []level, g *Graph, phases []phase) []level {
	for i := range phases {
		if i == len(levels) {
			levels = append(levels, level{})
		}
		l, p := &levels[i], &phases[i]
		before, others := l.tasks, l.run
		l.tasks += len(g.sizes) * p.tasks
		if l.run = p.run; before > 0 {
			l.run = func(task, worker int) {
				if task < before {
					others(task, worker)
				} else {
					p.run(task-before, worker)
				}
			}
		}
		for _, s := range p.steps {
			if s.after != nil {
				l.after = append(l.after, s.after)
			}
		}
	}
	return levels
}

func (t *Team) run(levels []level) {
	for i := range levels {
		l := &levels[i]
		t.graphs[0].pool.Run(l.tasks, l.run)
		for _, f := range l.after {
			f()
		}
	}
}

// Forward is Graph.Forward of all networks; each has its Features then.
func (t *Team) Forward() {
	t.run(t.forward)
	for _, g := range t.graphs {
		g.average()
	}
}

// Backward is Graph.Backward of all networks, from what their DFeatures hold.
func (t *Team) Backward(weights bool) {
	for _, g := range t.graphs {
		g.weighting = weights
		clear(g.DMix)
	}
	t.run(t.backward)
}
