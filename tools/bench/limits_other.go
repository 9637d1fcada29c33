//go:build !amd64

package main

func limits() string { return "The limits of this machine are measured on amd64 alone." }
