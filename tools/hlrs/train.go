package main

type trainCommand struct {
	Like string `placeholder:"RUN" help:"Run folder or run file whose images and seeds to start from, for a cell that is not its own, as random:7."`

	taskCommand
}
