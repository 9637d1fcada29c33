//go:build unix

// Package tools_test runs what a person types first: make.
package tools_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// place is a folder with the Makefile and a folder of programs: those that make calls, and a go that does what script says.
func place(t *testing.T, script string) (dir string, env []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "make")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	must(t, os.Chmod(dir, 0o755), os.Mkdir(bin, 0o755), os.WriteFile(filepath.Join(dir, "Makefile"), makefile, 0o644))
	for _, name := range []string{"make", "sh", "env", "sed", "mkdir", "install", "cp", "awk"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		must(t, os.Symlink(path, filepath.Join(bin, name)))
	}
	if script != "" {
		must(t, os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\n"+script), 0o755))
	}
	return dir, []string{"PATH=" + bin, "HOME=" + dir}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// old is a go of a version that knows no SIMD, and, before 1.21, no toolchains.
const old = `test -z "$GOEXPERIMENT" || { echo "go: unknown GOEXPERIMENT $GOEXPERIMENT" >&2; exit 2; }
echo "go version VERSION linux/amd64"
`

// TestOldGoIsTold: which Go there must be is said whatever there is; where it will do, nothing is.
func TestOldGoIsTold(t *testing.T) {
	const get, debian, itself = "install Go 1.21 or newer from https://go.dev/dl/", "golang-go of bookworm-backports", "fetches go1."
	for _, c := range []struct {
		version string
		says    []string
	}{
		{"", []string{"go is missing", get, debian, itself}},
		{"go1.19.8", []string{"go1.19.8 is too old", get, debian, itself}},
		{"go1.20", []string{"go1.20 is too old", get}},
		{"go1.21.0", nil},
		{"go1.23.5", nil},
		{"devel go1.28-1a2b3c4", nil},
	} {
		script := ""
		if c.version != "" {
			script = strings.ReplaceAll(old, "VERSION", c.version)
		}
		dir, env := place(t, script)
		cmd := exec.Command(filepath.Join(dir, "bin", "make"), "go")
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if failed := err != nil; failed != (c.says != nil) || !failed && len(out) > 0 || strings.Contains(string(out), "GOEXPERIMENT") {
			t.Errorf("%q: %v\n%s", c.version, err, out)
		}
		for _, want := range c.says {
			if !strings.Contains(string(out), want) {
				t.Errorf("%q: %q is not in:\n%s", c.version, want, out)
			}
		}
	}
	cmd := exec.Command("make", "-C", "..", "--no-print-directory", "go") // the real one, which runs this test
	cmd.Env = append(os.Environ(), "MAKEFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAgain makes what is copied from Go's installation twice, as a user for whom read-only files are so: it has them.
func TestAgain(t *testing.T) {
	dir, env := place(t, "")
	lib := filepath.Join(dir, "go/lib/wasm")
	must(t, os.MkdirAll(lib, 0o755))
	for _, content := range []string{"an earlier one", "the one of this Go"} {
		name := filepath.Join(lib, "wasm_exec.js")
		must(t, os.RemoveAll(name), os.WriteFile(name, []byte(content), 0o444))
		script := "#!/bin/sh\ncase $1 in version) echo go version go1.27.4 linux/amd64;; env) echo " + filepath.Join(dir, "go") + ";; esac\n"
		must(t, os.WriteFile(filepath.Join(dir, "bin/go"), []byte(script), 0o755))
		cmd := exec.Command(filepath.Join(dir, "bin", "make"), "wasm_exec")
		cmd.Dir, cmd.Env = dir, env
		if os.Getuid() == 0 { // to whom all is writable: as nobody
			must(t, os.Chown(dir, 65534, 65534))
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", content, err, out)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "public/wasm_exec.js")); err != nil || string(got) != content {
			t.Errorf("%q was copied, for %q: %v", got, content, err)
		}
	}
}
