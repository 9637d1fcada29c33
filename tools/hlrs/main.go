// Command hlrs searches architectures on long-tailed data and trains what was found: the laboratory's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"hlrslab/core/run"
	"hlrslab/tools/internal/cluster"
)

type commands struct {
	Search      searchCommand      `cmd:"" help:"Search an architecture, on the CPU or a GPU (--device), or go on with a search."`
	Train       trainCommand       `cmd:"" help:"Train a network from scratch: one of a found cell, or ResNet-32; or go on with a training."`
	Data        dataCommand        `cmd:"" help:"Fetch CIFAR-10 or check it."`
	Show        showCommand        `cmd:"" help:"Show what runs hold, several side by side, also while they go on."`
	Study       studyCommand       `cmd:"" help:"Run many searches and trainings that answer a question, on this machine or a cluster."`
	Edges       edgesCommand       `cmd:"" help:"Drop each edge of a search's cells, one at a time, and say what accuracy that costs."`
	Record      recordCommand      `cmd:"" help:"Write down what searches and their trained cells came to, for the page to open on."`
	Bench       benchCommand       `cmd:"" help:"Time what a search with the same flags would run."`
	Multipliers multipliersCommand `cmd:"" help:"Show how far approximate multipliers err, and what they take."`
	Serve       serveCommand       `cmd:"" help:"Serve the laboratory's page."`

	Version kong.VersionFlag `help:"Say which version this is."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second one ends the process, whatever it is at
		fmt.Fprintln(os.Stderr, "\nhlrs: stopping; Ctrl-C again ends it at once")
	})
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hlrs:", err)
		if _, is := errors.AsType[lasting](err); is {
			os.Exit(cluster.Lasting)
		}
		os.Exit(1)
	}
}

// lasting is an error that another try would come to again.
type lasting struct{ error }

// Unwrap implements errors.
func (e lasting) Unwrap() error { return e.error }

func command(ctx context.Context, args []string) error {
	for i, arg := range args { // as of a shell's variable that is not set
		name, value, has := strings.Cut(arg, "=")
		if !has && i+1 < len(args) {
			value, has = args[i+1], true
		}
		if has && value == "" && slices.Contains([]string{"--out", "--resume", "--data", "--config", "--genotype", "--preset", "--then-train", "--pack"}, name) {
			return fmt.Errorf("%s: it is empty; give a value, or leave it out", name)
		}
	}
	parser, b, err := newParser()
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	switch {
	case b.err != nil:
		return b.err
	case err != nil:
		if parsing, is := errors.AsType[*kong.ParseError](err); is && parsing.ExitCode() == 1 { // all that was typed is known, and what it asks for is not to be had
			return err
		}
		asked := "hlrs"
		if parsing, is := errors.AsType[*kong.ParseError](err); is && parsing.Context != nil && parsing.Context.Selected() != nil {
			asked = parsing.Context.Selected().FullPath()
		}
		return fmt.Errorf("%w (%s --help says what there is)", err, asked)
	}
	k.BindTo(ctx, (*context.Context)(nil))
	if b.experiments[k.Command()] != nil {
		warnPlain()
	}
	return k.Run()
}

// newParser reads the command line.
func newParser() (*kong.Kong, *base, error) {
	var c commands
	b := &base{experiments: map[string]*Experiment{"search": &c.Search.Experiment, "train": &c.Train.Experiment, "bench": &c.Bench.Experiment}}
	parser, err := kong.New(&c, kong.Name("hlrs"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.ValueFormatter(limits),
		kong.Description("Neural architecture search on long-tailed data: DARTS with two branches and a schedule of the architecture's learning rate; and training of what it finds."),
		kong.Vars{"version": version(), "ways": ways()}, kong.Resolvers(kong.ResolverFunc(b.resolve)))
	if err != nil {
		return nil, nil, err
	}
	return parser, b, b.offer(parser.Model)
}

// ways names all ways to search, in words.
func ways() string {
	var all []string
	for _, w := range run.Ways {
		all = append(all, fmt.Sprintf("%s (%s)", w.ID, w.Name))
	}
	return strings.Join(all, ", ")
}
