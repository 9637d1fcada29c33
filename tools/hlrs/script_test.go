package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hlrs": main})
}

// TestScripts presses what a person types, on the toy set.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HLRS_DATA", "")
			e.Setenv("HOME", e.WorkDir) // the cache folder is empty, too
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/cache")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await,
			"get":   get,
		},
	})
}

// await FILE N waits until the file has N bytes.
func await(ts *testscript.TestScript, _ bool, args []string) {
	var size int64
	if _, err := fmt.Sscan(args[1], &size); err != nil {
		ts.Fatalf("await: %v", err)
	}
	for range 1000 {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not come to %d bytes", args[0], size)
}

// get URL FILE fetches into the file, and waits for a server that is only starting.
func get(ts *testscript.TestScript, neg bool, args []string) {
	for range 500 {
		resp, err := http.Get(args[0])
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		defer resp.Body.Close()
		if ok := resp.StatusCode == http.StatusOK; ok == neg {
			ts.Fatalf("%s: %s", args[0], resp.Status)
		}
		f, err := os.Create(ts.MkAbs(args[1]))
		ts.Check(err)
		_, err = f.ReadFrom(resp.Body)
		ts.Check(err)
		fmt.Fprintln(f, resp.Header.Get("Content-Type"))
		ts.Check(f.Close())
		return
	}
	ts.Fatalf("%s: no answer", args[0])
}
