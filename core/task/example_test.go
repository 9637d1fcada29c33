package task_test

import (
	"fmt"
	"log"
	"math"
	"strings"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// A search on the built-in images, whose architecture rate follows a function of one's own: it is given by its values at some points,
// between which it is interpolated.
func Example() {
	c, err := run.Preset("tiny")
	if err != nil {
		log.Fatal(err)
	}
	var points []string
	for i := range 9 {
		u := float64(i) / 8 // from the first epoch to the last
		points = append(points, fmt.Sprintf("%v:%.4f", u, math.Pow(math.Sin(math.Pi*u), 2)))
	}
	c.ArchSchedule, c.ArchPoints = "drawn", strings.Join(points, ",")

	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for !r.Done() {
		events, err := r.Step()
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == run.EpochDone {
				fmt.Printf("epoch %d: architecture rate %.1e, accuracy %.2f\n", e.Epoch+1, e.ArchRate, e.Report.Accuracy)
			}
		}
	}
	// Output:
	// epoch 1: architecture rate 0.0e+00, accuracy 0.14
	// epoch 2: architecture rate 2.3e-03, accuracy 0.14
	// epoch 3: architecture rate 2.3e-03, accuracy 0.14
}
