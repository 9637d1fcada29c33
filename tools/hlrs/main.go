// Command hlrs searches architectures on long-tailed data: the laboratory's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"hlrslab/core/search"
)

type commands struct {
	Search searchCommand `cmd:"" help:"Search an architecture, or go on with a search."`
	Data   dataCommand   `cmd:"" help:"Fetch CIFAR-10 or check it."`
	Record recordCommand `cmd:"" help:"Write down what there was to see of a search, for the page to show."`
	Bench  benchCommand  `cmd:"" help:"Time search steps on random images."`
	Serve  serveCommand  `cmd:"" help:"Serve the laboratory's page."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hlrs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	base, err := baseConfig(args)
	if err != nil {
		return err
	}
	var c commands
	parser, err := kong.New(&c, kong.Name("hlrs"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Neural architecture search on long-tailed data: DARTS with two branches and a schedule of the architecture's learning rate."),
		kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, at *kong.Path, flag *kong.Flag) (any, error) {
			if at.Command == nil || at.Command.Name != "search" { // bench has flags of the same names
				return nil, nil
			}
			for _, f := range search.Fields() {
				if f.Name == flag.Name {
					if v := f.Value(base); v != "" {
						return v, nil
					}
				}
			}
			return nil, nil
		})))
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (hlrs --help says what there is)", err)
	}
	k.BindTo(ctx, (*context.Context)(nil))
	warnPlain(k.Command())
	return k.Run()
}

// baseConfig is what flags are given on top of: the default, a preset, a file, in this order.
func baseConfig(args []string) (search.Config, error) {
	c := search.Default()
	if name := option(args, "preset"); name != "" {
		var err error
		if c, err = search.Preset(name); err != nil {
			return c, err
		}
	}
	if name := option(args, "config"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			return c, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := c.Decode(f); err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// option is the value of --name before the flags proper are read.
func option(args []string, name string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v
		}
		if a == "--"+name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
