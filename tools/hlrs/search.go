package main

type searchCommand struct {
	taskCommand
}
