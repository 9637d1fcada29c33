package core_test

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// below lists what each package of the core may import of the module, itself excepted.
var below = map[string][]string{
	"core/approx":            {},
	"core/tensor":            {},
	"core/sched":             {},
	"core/data":              {},
	"core/data/imagefolder":  {"core/data"},
	"core/ckpt":              {},
	"core/nn":                {"core/approx", "core/tensor"},
	"core/darts":             {"core/approx", "core/tensor", "core/nn"},
	"core/cpu":               {"core/approx", "core/tensor", "core/nn"},
	"core/gpu":               {"core/tensor", "core/nn"},
	"core/gpu/gputest":       {"core/gpu"},
	"core/bbn":               {"core/nn"},
	"core/run":               {"core/approx", "core/nn", "core/darts", "core/bbn", "core/sched", "core/data", "core/ckpt"},
	"core/search":            {"core/nn", "core/darts", "core/bbn", "core/sched", "core/run"},
	"core/task":              {"core/nn", "core/data", "core/run", "core/search", "core/train"},
	"core/train":             {"core/nn", "core/darts", "core/bbn", "core/resnet", "core/sched", "core/run"},
	"core/resnet":            {"core/tensor", "core/nn"},
	"core/draw":              {"core/darts"},
	"core/figure":            {"core/run"},
	"core/table":             {"core/run"},
	"core/folder":            {"core/darts", "core/draw", "core/run"},
	"core/study":             {"core/darts", "core/run"},
	"core/atlas":             {"core/darts", "core/run", "core/study"},
	"core/study/report":      {"core/darts", "core/draw", "core/figure", "core/run", "core/study"},
	"core/study/tensorboard": {"core/run"},
}

// TestImports holds the order of the packages, for tests cannot see what only people remember.
func TestImports(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("go list needs processes")
	}
	seen(t)
	const module = "hlrslab/"
	for _, line := range list(t, `{{.ImportPath}} {{join .Imports " "}}`, module+"core/...") {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		if name == "core" || strings.HasPrefix(name, "core/internal") {
			continue
		}
		allowed, known := below[name]
		if !known {
			t.Errorf("%s has no place in the order of packages: give it one", name)
		}
		for _, i := range fields[1:] {
			if slices.Contains([]string{"os", "net", "net/http", "syscall/js", "os/exec"}, i) {
				t.Errorf("%s imports %s: the core knows readers, writers and values only", name, i)
			}
			if p, own := strings.CutPrefix(i, module); own && !slices.Contains(allowed, p) {
				t.Errorf("%s imports %s, which is not below it", name, p)
			}
		}
	}
	for _, side := range [][2]string{{"ui", "tools"}, {"tools", "ui"}} {
		for _, line := range list(t, `{{.ImportPath}} {{join .Deps " "}}`, module+side[0]+"/...") {
			for _, d := range strings.Fields(line)[1:] {
				if strings.HasPrefix(d, module+side[1]+"/") || d == module+side[1] {
					t.Errorf("%s depends on %s", strings.Fields(line)[0], d)
				}
			}
		}
	}
	for _, line := range list(t, `{{.ImportPath}} {{join .Imports " "}}`, module+"ui/...") {
		for _, i := range strings.Fields(line)[1:] {
			if i == module+"core/nn" || i == module+"core/tensor" {
				t.Errorf("%s imports %s: the page sees configurations and events only", strings.Fields(line)[0], i)
			}
		}
	}
}

// list is go list's answer, a line a package.
func list(t *testing.T, format, pattern string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, pattern).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}
