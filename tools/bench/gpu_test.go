package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestTally counts the parts of tests, package by package, and keeps what a failed one said.
func TestTally(t *testing.T) {
	const said = `{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestX"}
{"Action":"run","Package":"a","Test":"TestX/gpu"}
{"Action":"output","Package":"a","Test":"TestX/gpu","Output":"    --- PASS: TestX/gpu\n"}
{"Action":"pass","Package":"a","Test":"TestX/gpu"}
{"Action":"skip","Package":"a","Test":"TestX/search"}
{"Action":"pass","Package":"a","Test":"TestX"}
{"Action":"pass","Package":"a","Test":"TestXY"}
{"Action":"pass","Package":"a","Elapsed":1.25}
{"Action":"output","Package":"b","Test":"TestZ/gpu","Output":"=== RUN TestZ/gpu\n"}
{"Action":"output","Package":"b","Test":"TestZ/gpu","Output":"    z_test.go:1: 3, want 4\n"}
{"Action":"fail","Package":"b","Test":"TestZ/gpu"}
{"Action":"fail","Package":"b","Test":"TestZ"}
{"Action":"fail","Package":"b","Elapsed":2}
{"ImportPath":"c","Action":"build-output","Output":"c.go:1: no such thing\n"}
{"ImportPath":"c","Action":"build-fail"}
{"Action":"fail","Package":"c","Elapsed":0,"FailedBuild":"c"}
`
	var rows strings.Builder
	failures := tally(&rows, strings.NewReader(said))
	if want := "| a | 3 | 2 | 0 | 1 | 1.2 |\n| b | 1 | 0 | 1 | 0 | 2.0 |\n| c | 0 | 0 | 0 | 0 | 0.0 |\n"; rows.String() != want {
		t.Errorf("rows are\n%s, want\n%s", rows.String(), want)
	}
	if want := "    z_test.go:1: 3, want 4\nc.go:1: no such thing\n"; failures != want {
		t.Errorf("failures are\n%s, want\n%s", failures, want)
	}
	if cut := tally(&rows, strings.NewReader(`{"Action":"st`)); cut == "" {
		t.Error("what is cut short is passed over")
	}
}

// TestWhere has the date, the program, the system and the processor.
func TestWhere(t *testing.T) {
	if got := where("no such program"); !regexp.MustCompile(`^- date: 20\d\d-\d\d-\d\d \d\d:\d\d UTC\n- program: no such program does not start: .+\n- system: .+, kernel .+\n- processor: .+, \d+ cores for this process\n\n$`).MatchString(got) {
		t.Error(got)
	}
}
