package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const testPolicy = "default-src 'none'; connect-src 'self'"

// testSite is a site with a few files, among them what it should not serve.
func testSite(t *testing.T, hosts ...string) *site {
	dir, outside := t.TempDir(), t.TempDir()
	for path, content := range map[string]string{
		dir + "/index.html":         `<meta http-equiv="Content-Security-Policy" content="` + testPolicy + `">`,
		dir + "/secret":             "secret",
		dir + "/public/lab.css":     "style",
		dir + "/public/.env":        "secret",
		dir + "/public/.git/config": "secret",
		outside + "/secret":         "secret",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"absolute": outside + "/secret", "relative": "../secret", "folder": outside, "within": "lab.css"} {
		if err := os.Symlink(target, dir+"/public/"+name); err != nil {
			t.Skip(err)
		}
	}
	s, err := newSite(dir, append(hosts, "localhost"), &lab{status: status{State: "none"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// TestSite sends requests as they are, since clients tidy paths up.
func TestSite(t *testing.T) {
	server := httptest.NewServer(testSite(t, "lab.example"))
	defer server.Close()
	address := server.Listener.Addr().String()
	ask := func(method, path, host string) (*http.Response, string) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, path, host)
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s %q: %v", method, path, err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	for _, c := range []struct {
		method, path, host string
		code               int
	}{
		{"GET", "/", "localhost:8080", 200},
		{"GET", "/index.html", "127.0.0.1:8080", 200},
		{"GET", "/public/lab.css", "[::1]:8080", 200},
		{"GET", "/public/within", "192.168.0.7", 200},
		{"HEAD", "/public/lab.css", "LAB.example:1", 200},
		{"GET", "/data/status", "localhost", 200},

		{"GET", "/", "rebound.example:8080", 421},
		{"GET", "/data/status", "rebound.example", 421},
		{"GET", "/", "localhost.rebound.example", 421},
		{"GET", "/", "", 421},

		{"POST", "/", "localhost", 405},
		{"PUT", "/public/lab.css", "localhost", 405},
		{"DELETE", "/data/status", "localhost", 405},
		{"OPTIONS", "/", "localhost", 405},
		{"BREW", "/", "localhost", 405},

		{"GET", "/secret", "localhost", 404},
		{"GET", "/public/absolute", "localhost", 404},
		{"GET", "/public/relative", "localhost", 404},
		{"GET", "/public/folder/secret", "localhost", 404},
		{"GET", "/public/../secret", "localhost", 404},
		{"GET", "/public/%2e%2e/secret", "localhost", 404},
		{"GET", "/public/..%2fsecret", "localhost", 404},
		{"GET", "/public/..%5csecret", "localhost", 404},
		{"GET", "/public/.env", "localhost", 404},
		{"GET", "/public/.git/config", "localhost", 404},
		{"GET", "/public/", "localhost", 404},
		{"GET", "/public", "localhost", 404},
		{"GET", "/public//lab.css", "localhost", 404},
		{"GET", "/public/lab.css/", "localhost", 404},
		{"GET", "/public/lab.css/more", "localhost", 404},
		{"GET", "/public/%00", "localhost", 404},
		{"GET", "/public/%ff%fe", "localhost", 404},
		{"GET", "/public/%zz", "localhost", 400},
		{"GET", "/public/" + strings.Repeat("a", 5000), "localhost", 404},
		{"GET", "/public/" + strings.Repeat("a/", 3000), "localhost", 404},
	} {
		resp, body := ask(c.method, c.path, c.host)
		what := fmt.Sprintf("%s %.40q for %q", c.method, c.path, c.host)
		if resp.StatusCode != c.code {
			t.Errorf("%s: %s, not %d", what, resp.Status, c.code)
		}
		if strings.Contains(body, "secret") && !strings.Contains(c.path, "secret") {
			t.Errorf("%s: %q", what, body)
		}
		if c.code == 400 { // refused before it comes here
			continue
		}
		h := resp.Header
		if h.Get("Content-Security-Policy") != testPolicy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", what, h)
		}
		if (h.Get("Allow") == "GET, HEAD") != (c.code == 405) {
			t.Errorf("%s: Allow is %q", what, h.Get("Allow"))
		}
		if c.code == 421 && !strings.Contains(body, "--host lab.example,NAME") {
			t.Errorf("%s: %q", what, body)
		}
	}
}

// TestPolicyOfPage: there is no page without a policy, and the laboratory's own is found.
func TestPolicyOfPage(t *testing.T) {
	s, err := newSite("../..", []string{"localhost"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if !strings.HasPrefix(s.policy, "default-src 'none'; ") || !strings.Contains(s.policy, "connect-src 'self'") {
		t.Errorf("the policy is %q", s.policy)
	}
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/public", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/index.html", []byte("<!doctype html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := newSite(dir, []string{"localhost"}, nil); err == nil || !strings.Contains(err.Error(), "no Content-Security-Policy") {
		t.Error(err)
	}
}

// TestPacked asks for the page's script as a browser does, which takes it compressed, and as one that does not; a folder of images
// is sent as it is.
func TestPacked(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("the same words ", 1000)
	for name, content := range map[string]string{"index.html": `<meta http-equiv="Content-Security-Policy" content="` + testPolicy + `">`, "public/page.js": text, "public/set.pack": text} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newSite(dir, []string{"localhost"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, c := range []struct{ path, takes, encoding string }{
		{"/public/page.js", "gzip", "gzip"},
		{"/public/page.js", "", ""},
		{"/public/set.pack", "gzip", ""},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Host = "localhost"
		if c.takes != "" {
			r.Header.Set("Accept-Encoding", c.takes)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		if got := w.Header().Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%s, %q: encoding %q", c.path, c.takes, got)
		} else if got == "gzip" {
			if w.Body.Len() > len(text)/10 {
				t.Errorf("%d bytes of %d", w.Body.Len(), len(text))
			}
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != text {
			t.Errorf("%s, %q: %d bytes, %v", c.path, c.takes, len(got), err)
		}
	}
}

// TestSlowReader reads a large file for several times as long as a reader may stand still, and then stands still.
func TestSlowReader(t *testing.T) {
	s := testSite(t)
	s.stall = 2 * time.Second
	const size = 256 << 20 // more than any socket's buffers hold
	big, err := s.root.Create("public/big.pack")
	if err != nil {
		t.Fatal(err)
	}
	if err := big.Truncate(size); err != nil {
		t.Fatal(err)
	}
	big.Close()
	ended := make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		ended <- true
	}))
	defer server.Close()
	open := func() (*http.Response, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/public/big.pack", nil)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp, cancel
	}
	slow, cancel := open()
	defer cancel()
	began := time.Now()
	for n := int64(0); n < size; {
		k, err := io.CopyN(io.Discard, slow.Body, 4<<20)
		n += k
		if err != nil {
			t.Fatalf("cut after %d bytes and %v: %v", n, time.Since(began), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if took := time.Since(began); took < 2*s.stall {
		t.Errorf("read in %v: too fast to tell", took)
	}
	<-ended
	idle, cancel := open()
	defer cancel()
	<-ended // by itself: the connection is not held for ever
	if n, err := io.Copy(io.Discard, idle.Body); err == nil || n >= size {
		t.Errorf("a reader that stood still got %d bytes, %v", n, err)
	}
}

// TestAddresses: what is printed is what is listened to.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		hosts []string
		ip    string
		want  string
	}{
		{[]string{"localhost"}, "127.0.0.1", "http://localhost:80"},
		{[]string{"::1"}, "::1", "http://[::1]:80"},
		{[]string{"192.0.2.7", "lab.example"}, "192.0.2.7", "http://192.0.2.7:80 http://lab.example:80"},
	} {
		if got := strings.Join(addresses(c.hosts, &net.TCPAddr{IP: net.ParseIP(c.ip), Port: 80}), " "); got != c.want {
			t.Errorf("%v: %s", c.hosts, got)
		}
	}
	all := addresses([]string{"0.0.0.0", "lab.example"}, &net.TCPAddr{IP: net.IPv4zero, Port: 80})
	if len(all) < 2 || all[0] != "http://localhost:80" || all[1] != "http://lab.example:80" {
		t.Error(all)
	}
}
