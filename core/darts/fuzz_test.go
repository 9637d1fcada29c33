package darts

import (
	"reflect"
	"testing"
)

// FuzzParseGenotype reads any text: what is read is valid, and the same again when it was written.
func FuzzParseGenotype(f *testing.F) {
	for _, p := range Published {
		f.Add(p.Name + " = " + p.Text)
	}
	f.Add("Genotype(normal=[('skip_connect', 0), ('none', 1)], normal_concat=range(0, 9999999999), reduce=[], reduce_concat=[2,])")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGenotype(text)
		if err != nil {
			return
		}
		if err := g.Validate(); err != nil {
			t.Fatal(err)
		}
		g.Counts()
		if again, err := ParseGenotype(g.String()); err != nil || !reflect.DeepEqual(again, g) {
			t.Errorf("%v, written and read: %v (%v)", g, again, err)
		}
	})
}
