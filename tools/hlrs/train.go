package main

type trainCommand struct {
	taskCommand
}
