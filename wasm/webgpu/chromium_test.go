//go:build !js

package webgpu_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// SwiftShader has Chromium do WebGPU on the processor.
var swiftShader = []chromedp.ExecAllocatorOption{chromedp.Flag("enable-unsafe-webgpu", true), chromedp.Flag("use-webgpu-adapter", "swiftshader")}

// host runs a package's tests in a worker, and keeps what they say.
const host = `<!doctype html><title>tests</title><script>
const said = [];
let code = null;
const worker = new Worker("worker.js");
worker.onmessage = (e) => { if (typeof e.data === "number") code ??= e.data; else said.push(e.data); };
worker.onerror = (e) => { if (code === null) said.push(e.message); code ??= -1; }; // what comes after the end is that of a device being closed
</script>`

const worker = `importScripts("wasm_exec.js");
const go = new Go();
go.argv = ["test", "-test.v", "-test.timeout=8m", "-test.bench=Dispatch"];
console.log = (...words) => postMessage(words.join(" "));
go.exit = (code) => postMessage(code);
WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject).then((program) => go.run(program.instance));`

// TestInChromium runs the tests of what drives a GPU as WebAssembly in a worker of Chromium, on its SwiftShader: the driver's, and those
// of the device, which hold every operation against the processor's.
func TestInChromium(t *testing.T) {
	seen(t)
	ctx := chromium(t)
	for _, c := range []struct {
		tests string
		say   []string
	}{
		{"hlrslab/tools/wgpu", []string{"google swiftshader", "--- PASS: TestDriver "}},
		{"hlrslab/wasm/webgpu", []string{"--- PASS: TestPieces ", "--- PASS: TestFaults "}},
		{"hlrslab/core/gpu", []string{"--- PASS: TestOperations ", "--- PASS: TestNetworksOnBothDevices "}},
	} {
		t.Run(filepath.Base(c.tests), func(t *testing.T) {
			said := inWorker(t, ctx, c.tests)
			t.Log(said)
			for _, s := range c.say {
				if !strings.Contains(said, s) {
					t.Errorf("they do not say %q", s)
				}
			}
		})
	}
}

// seen opens the sources, which go's other processes read: go test keeps a result until a file changes that the test itself opened.
func seen(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"../../core", "../../tools/wgpu", ".."} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && (filepath.Ext(path) == ".go" || filepath.Ext(path) == ".wgsl") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// chromium starts a browser with a GPU on the processor.
func chromium(t *testing.T) context.Context {
	t.Helper()
	found := false
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		_, err := exec.LookPath(name)
		found = found || err == nil
	}
	if !found {
		const missing = "there is no chromium: install it (Debian: apt-get install chromium)"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED, NOT TESTED: " + missing)
	}
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(append(opts, chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true)), swiftShader...)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// inWorker runs a package's tests in a worker of a tab of its own, and returns what they say.
func inWorker(t *testing.T, browser context.Context, tests string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "test", "-c", "-o", filepath.Join(dir, "test.wasm"), tests)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"/": host, "/worker.js": worker}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch text, ok := pages[r.URL.Path]; {
		case r.URL.Path == "/worker.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, text)
		case ok:
			fmt.Fprint(w, text)
		case r.URL.Path == "/wasm_exec.js":
			http.ServeFile(w, r, filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"))
		default:
			http.ServeFile(w, r, filepath.Join(dir, filepath.Base(r.URL.Path)))
		}
	}))
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	for {
		code, err := chromedp.Run(ctx, chromedp.Evaluate[*int](`code`))
		if err != nil {
			t.Fatal(err)
		}
		if code == nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`said.join("\n")`))
		if err != nil {
			t.Fatal(err)
		}
		if *code != 0 {
			t.Fatalf("they fail:\n%s", said)
		}
		return said
	}
}
