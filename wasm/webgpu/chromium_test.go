//go:build !js

package webgpu_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
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
const worker = new Worker("worker.js" + location.search);
worker.onmessage = (e) => { if (typeof e.data === "number") code ??= e.data; else said.push(e.data); };
worker.onerror = (e) => { if (code === null) said.push(e.message); code ??= -1; }; // what comes after the end is that of a device being closed
</script>`

// worker lends the tests a file system, of which they read what the server has of reference numbers: no worker has one of its own.
const worker = `importScripts("wasm_exec.js");
const go = new Go();
go.argv = ["test", "-test.v", "-test.timeout=1h", "-test.bench=Dispatch", ...new URLSearchParams(location.search).getAll("arg")];
go.env = Object.fromEntries(new URLSearchParams(location.search).getAll("env").map((e) => e.split("=")));
const files = new Map();
Object.assign(fs, {
	open(path, flags, mode, done) {
		const asked = new XMLHttpRequest();
		asked.open("GET", path, false);
		asked.responseType = "arraybuffer";
		asked.send();
		if (asked.status !== 200) return done(Object.assign(new Error(path + " is not there"), {code: "ENOENT"}));
		const fd = 3 + files.size;
		files.set(fd, {bytes: new Uint8Array(asked.response), at: 0});
		done(null, fd);
	},
	fstat(fd, done) {
		const none = {dev: 0, ino: fd, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 512, blocks: 0, atimeMs: 0, mtimeMs: 0, ctimeMs: 0};
		done(null, {...none, mode: 0o100444, size: files.get(fd).bytes.length, isDirectory: () => false});
	},
	read(fd, into, offset, length, position, done) {
		const file = files.get(fd), from = position ?? file.at;
		const part = file.bytes.subarray(from, from + length);
		into.set(part, offset);
		if (position === null) file.at += part.length;
		done(null, part.length);
	},
	close(fd, done) { files.get(fd).bytes = null; done(null); },
});
console.log = (...words) => postMessage(words.join(" "));
go.exit = (code) => postMessage(code);
WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject).then((program) => go.run(program.instance));`

// TestInChromium runs tests as WebAssembly in a worker of Chromium, on its SwiftShader: the driver's, the device's, which hold every
// operation against the processor's, all that hold it against the reference numbers, and runs to their ends.
func TestInChromium(t *testing.T) {
	seen(t)
	ctx := chromium(t)
	golden := cmp.Or(os.Getenv("GOLDEN_DIR"), "../../../shared/golden")
	_, missing := os.Stat(golden)
	for _, c := range []struct {
		tests, run string
		pass       []string // which shows that there was a GPU
	}{
		{"hlrslab/tools/wgpu", "", []string{"TestDriver"}},
		{"hlrslab/wasm/webgpu", "", []string{"TestPieces", "TestFaults"}},
		{"hlrslab/core/gpu", "", []string{"TestOperations", "TestNetworksOnBothDevices"}},
		{"hlrslab/core/bbn", "AgainstReference/gpu", []string{"TestSupernetAgainstReference/gpu"}},
		{"hlrslab/core/darts", "AgainstReference/gpu", []string{"TestEvalNetAgainstReference/gpu"}},
		{"hlrslab/core/resnet", "AgainstReference/gpu", []string{"TestAgainstReference/gpu"}},
		{"hlrslab/core/task", "RunsOnEachDevice", []string{"TestRunsOnEachDevice/search/gpu", "TestRunsOnEachDevice/training/gpu"}},
	} {
		t.Run(strings.TrimPrefix(c.tests, "hlrslab/"), func(t *testing.T) {
			if missing != nil && c.run == "AgainstReference/gpu" {
				lacks(t, fmt.Sprintf("the reference numbers are missing: %v (set GOLDEN_DIR)", missing))
			}
			env := []string{"GOLDEN_DIR=/golden", "WHOLE=" + os.Getenv("WHOLE")}
			if missing == nil {
				env = append(env, "CI=true") // so that what is missing fails
			}
			inWorker(t, ctx, golden, c.tests, url.Values{"arg": {"-test.run=" + c.run}, "env": env}, c.pass...)
		})
	}
}

// lacks skips a test, loudly, that has not what it takes, or has it fail if CI is true.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip("SKIPPED, NOT TESTED: " + what)
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
		lacks(t, "there is no chromium: install it (Debian: apt-get install chromium)")
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

// inWorker runs a package's tests in a worker of a tab of its own, with the arguments arg and the environment env, and the reference numbers
// at /golden. Some must pass, on SwiftShader.
func inWorker(t *testing.T, browser context.Context, golden, tests string, set url.Values, pass ...string) {
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
		case strings.HasPrefix(r.URL.Path, "/golden/"):
			http.ServeFile(w, r, filepath.Join(golden, filepath.Base(r.URL.Path)))
		default:
			http.ServeFile(w, r, filepath.Join(dir, filepath.Base(r.URL.Path)))
		}
	}))
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Hour)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/?"+set.Encode())); err != nil {
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
		t.Log(said)
		for _, name := range pass {
			if !strings.Contains(said, "--- PASS: "+name+" ") {
				t.Errorf("%s did not pass", name)
			}
		}
		return
	}
}
