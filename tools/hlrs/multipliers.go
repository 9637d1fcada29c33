package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"hlrslab/core/approx"
)

type multipliersCommand struct {
	Names []string `arg:"" optional:"" help:"Multipliers, as --multiplier takes them; a selection of all kinds by default."`
}

// Run prints how far multipliers err, over all pairs of 8-bit numbers, and what they take.
func (c *multipliersCommand) Run() error {
	names := c.Names
	if len(names) == 0 {
		names = approx.Names
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "multiplier\tenergy\tmean error\tworst\trelative\twrong\t")
	for _, name := range names {
		m, err := approx.Parse(name)
		if err != nil {
			return err
		}
		f := m.Figures()
		fmt.Fprintf(w, "%s\t%.0f %%\t%.4f %%\t%.3f %%\t%.2f %%\t%.1f %%\t\n", name, 100*m.Energy, approx.Percent(f.MAE), approx.Percent(f.WCE), 100*f.MRE, 100*f.EP)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Println(`energy: of a product, relative to the exact multiplier, by a count of its gates (a model, not a synthesis)
mean error, worst: absolute, of 65536; relative: mean over products that are not 0; wrong: share of products`)
	return err
}
