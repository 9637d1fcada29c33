package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"hlrs": main,
		"hlrs-interrupted": func() { // a search that is told to stop before its first step
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := run(ctx, os.Args[1:]); err != nil {
				fmt.Fprintln(os.Stderr, "hlrs:", err)
				os.Exit(1)
			}
		},
	})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}
