package main

import (
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"hlrslab/tools/wgpu"
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
			if icd := os.Getenv("VK_ICD_FILENAMES"); icd != "" {
				e.Setenv("VK_ICD_FILENAMES", icd)
			}
			if cache, err := os.UserCacheDir(); err == nil { // a GPU on the processor takes long to compile its kernels
				e.Setenv("MESA_SHADER_CACHE_DIR", cache)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "gpu" {
				return false, fmt.Errorf("no condition %q", name)
			}
			d, err := wgpu.Open()
			if err != nil && os.Getenv("CI") != "true" {
				t.Logf("SKIPPED, NOT TESTED: %v", err)
				return false, nil
			}
			if err == nil {
				d.Close()
			}
			return true, err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":  await,
			"get":    get,
			"images": images,
			"refused": func(ts *testscript.TestScript, _ bool, args []string) {
				if conn, err := net.Dial("tcp", args[0]); err == nil {
					conn.Close()
					ts.Fatalf("something listens at %s", args[0])
				}
			},
		},
	})
}

// await FILE N waits until the file has N bytes.
func await(ts *testscript.TestScript, _ bool, args []string) {
	var size int64
	if _, err := fmt.Sscan(args[1], &size); err != nil {
		ts.Fatalf("await: %v", err)
	}
	for range 6000 {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not come to %d bytes", args[0], size)
}

// images DIR CLASSES N draws images by class.
func images(ts *testscript.TestScript, _ bool, args []string) {
	var classes, n int
	if _, err := fmt.Sscan(args[1]+" "+args[2], &classes, &n); err != nil {
		ts.Fatalf("images: %v", err)
	}
	for c := range classes {
		dir := ts.MkAbs(fmt.Sprintf("%s/class%d", args[0], c))
		ts.Check(os.MkdirAll(dir, 0o755))
		for i := range n {
			m := image.NewRGBA(image.Rect(0, 0, 40, 36))
			for at := range m.Pix {
				m.Pix[at] = uint8(at*(c+1) + i)
			}
			f, err := os.Create(fmt.Sprintf("%s/%03d.png", dir, i))
			ts.Check(err)
			ts.Check(png.Encode(f, m))
			ts.Check(f.Close())
		}
	}
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
