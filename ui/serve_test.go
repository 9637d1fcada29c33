package ui

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNothingLeaves starts the real server, and has the page and a worker of its ask another origin. A worker does not take the
// policy of the page, but that of the answer it came with.
func TestNothingLeaves(t *testing.T) {
	asked := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}))
	defer elsewhere.Close()
	dir := t.TempDir()
	program, root := filepath.Join(dir, "hlrs"), filepath.Join(dir, "root")
	if out, err := exec.Command("go", "build", "-o", program, "hlrslab/tools/hlrs").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	index, err := os.ReadFile("../index.html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("../public/lab.wasm.zst"); err != nil {
		t.Fatal("the page is not built: run make build")
	}
	if err := os.CopyFS(filepath.Join(root, "public"), os.DirFS("../public")); err != nil {
		t.Fatal(err)
	}
	// A worker that does what it is told; one from a blob the policy would not let in.
	const probe = `onmessage = (e) => fetch(e.data).then((r) => postMessage("reached " + r.status), (e) => postMessage("refused"));`
	for name, content := range map[string][]byte{"index.html": index, "public/probe.js": []byte(probe)} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := exec.Command(program, "serve", "--root", root, "--port", "0", "--no-download")
	server.Env = append(os.Environ(), "HLRS_DATA=", "XDG_CACHE_HOME="+dir)
	says, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait() // killed
	}()
	url := ""
	for lines := bufio.NewScanner(says); url == "" && lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "the laboratory is at "); ok {
			url, _, _ = strings.Cut(rest, " ")
		}
	}
	b := open(t, url, time.Minute)
	b.wait(`!!document.getElementById("play")`, 30*time.Second)
	for _, c := range []struct{ from, where, want string }{
		{"page", url + "/data/status", "reached 200"},
		{"page", elsewhere.URL + "/page", "refused"},
		{"worker", url + "/data/status", "reached 200"},
		{"worker", elsewhere.URL + "/worker", "refused"},
	} {
		ask := `fetch(` + strconv.Quote(c.where) + `).then((r) => "reached " + r.status, () => "refused")`
		if c.from == "worker" {
			ask = `new Promise((done) => {
				const w = new Worker("public/probe.js");
				w.onmessage = (e) => done(e.data);
				w.onerror = (e) => done("error " + e.message);
				w.postMessage(` + strconv.Quote(c.where) + `);
			})`
		}
		if got := eval[string](b, ask); got != c.want {
			t.Errorf("from a %s, %s: %s, not %s", c.from, c.where, got, c.want)
		}
	}
	select {
	case path := <-asked:
		t.Errorf("%s of another origin was asked for", path)
	default:
	}
}
