package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu"
)

// onGPU looks for what a GPU needs, holds it against the reference numbers, and times steps on it, beside PyTorch where that has the
// same GPU. It goes on where a part fails, and says so, for a rented machine may not be there for another try.
func onGPU(hlrs, python, peer, trainer string, quick bool) {
	fmt.Print(where(hlrs))
	if !probe() {
		log.Fatal("without a GPU there is nothing to time")
	}
	d, err := wgpu.Open()
	if err != nil {
		log.Fatal(err)
	}
	a := d.Adapter()
	d.Close()
	fmt.Printf("%s (%s, %s): bindings up to %.2f GB, buffers up to %.2f GB, %d workgroups along a dimension\n",
		a.Name, a.API, a.Kind, 1e-9*float64(a.Binding), 1e-9*float64(a.Buffer), a.Groups)
	if a.Kind == gpu.Processor {
		fmt.Println("\n**It is emulated on the processor: this is a rehearsal, and its times say nothing of a GPU.** The full size is left out.")
		quick = true
	}
	against()
	steps, timed := "--steps=5", "five steps"
	if quick {
		steps, timed = "--steps=1", "one step"
	}
	cuda := exec.Command(python, "-c", "import sys, torch; sys.exit(not torch.cuda.is_available())").Run() == nil
	if !cuda {
		fmt.Printf("\nNo comparison: %s has no PyTorch with CUDA (-python names another).\n", python)
	}
	fmt.Printf("\nTimed is the median of %s, after one to warm up, by `hlrs bench --device=gpu` with what its row says (in all else as the preset full), and of a training by `bench -network`:\n", timed)
	fmt.Println("\n| step | C | layers | nodes | batch | size | order | branches | ms | PyTorch ms | ratio |\n|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range []struct {
		channels, layers, nodes, batch, size, order int
		branches                                    string
		full                                        bool
	}{
		{2, 3, 1, 8, 8, 1, "cell", false},
		{16, 8, 4, 64, 32, 1, "none", true},
		{16, 8, 4, 64, 32, 2, "none", true},
		{16, 8, 4, 64, 32, 1, "cell", true},
		{16, 8, 4, 64, 32, 2, "cell", true},
	} {
		if c.full && quick {
			continue
		}
		args := []string{
			fmt.Sprint("--channels=", c.channels), fmt.Sprint("--layers=", c.layers), fmt.Sprint("--nodes=", c.nodes), fmt.Sprint("--batch=", c.batch),
			fmt.Sprint("--size=", c.size), fmt.Sprint("--order=", c.order), steps,
		}
		row := fmt.Sprintf("| search | %d | %d | %d | %d | %d² | %d | %s |", c.channels, c.layers, c.nodes, c.batch, c.size, c.order, c.branches)
		ours := append([]string{hlrs, "bench", "--json", "--device=gpu", "--branches=" + c.branches}, args...)
		var theirs []string
		if _, err := os.Stat(peer); err == nil && cuda && c.branches == "none" { // which has one
			theirs = append([]string{python, peer, "--device=cuda"}, args...)
		}
		compare(row, ours, theirs)
	}
	own, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range []struct {
		network                 string
		channels, layers, batch int
		full                    bool
	}{
		{"cells", 2, 3, 4, false},
		{"resnet-32", 16, 31, 128, true},
		{"cells", 16, 8, 96, true},
		{"cells", 36, 20, 96, true},
	} {
		if t.full && quick {
			continue
		}
		args := []string{fmt.Sprint("--network=", t.network), fmt.Sprint("--channels=", t.channels), fmt.Sprint("--layers=", t.layers), fmt.Sprint("--batch=", t.batch), steps}
		var theirs []string
		if cuda {
			theirs = append([]string{python, trainer, "--device=cuda"}, args...)
		}
		compare(fmt.Sprintf("| training, %s | %d | %d | | %d | 32² | | |", t.network, t.channels, t.layers, t.batch), append([]string{own, "--device=gpu"}, args...), theirs)
	}
	size := []string{"--preset=full", "--branches=none"}
	if quick {
		size = []string{"--channels=2", "--layers=3", "--nodes=1", "--batch=8", "--size=8", "--branches=none"}
	}
	args := append([]string{"bench", "--device=gpu", "--order=1", "--kernels", steps}, size...)
	out, err := exec.Command(hlrs, args...).CombinedOutput()
	fmt.Printf("\nThe kernels of a step, first order, one branch:\n\n```\n$ hlrs %s\n%s```\n", strings.Join(args, " "), out)
	if err != nil {
		fmt.Printf("It failed: %v\n", err)
	}
}

// probe says what there is of what a GPU needs, and what to do where something lacks.
func probe() (there bool) {
	fmt.Println("What there is of what a GPU needs:")
	libraries, _ := exec.Command("ldconfig", "-p").Output()
	for _, l := range []struct{ name, lacks string }{
		{"libvulkan.so.1", "the Vulkan loader is missing (Debian: apt-get install libvulkan1)"},
		{"libcuda.so.1", "no NVIDIA driver, which only its cards need"},
		{"libGLX_nvidia.so.0", "no Vulkan driver of NVIDIA: in a container set NVIDIA_DRIVER_CAPABILITIES to include graphics"},
		{"libEGL_nvidia.so.0", "likewise"},
	} {
		if m := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(l.name) + ` .*=> (.*)$`).FindSubmatch(libraries); m != nil {
			fmt.Printf("- %s: %s\n", l.name, m[1])
		} else {
			fmt.Printf("- %s: not found: %s\n", l.name, l.lacks)
		}
	}
	if icd := os.Getenv("VK_ICD_FILENAMES"); icd != "" {
		fmt.Printf("- drivers, by VK_ICD_FILENAMES: %s\n", icd)
	} else {
		var files []string
		for _, dir := range []string{"/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"} {
			found, _ := filepath.Glob(filepath.Join(dir, "*.json"))
			files = append(files, found...)
		}
		fmt.Printf("- drivers: %s\n", strings.Join(files, ", "))
	}
	if out, err := exec.Command("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader").Output(); err == nil {
		fmt.Printf("- cards, with their driver's version and memory: %s\n", strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "; "))
	} else {
		fmt.Println("- the driver's version: not told, as there is no nvidia-smi")
	}
	d, err := wgpu.Open()
	if err != nil {
		fmt.Printf("- %v\n- where libGLX_nvidia does not start without a display, give the loader a file of its own: "+
			`{"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_nvidia.so.0", "api_version": "1.3.0"}} in nvidia.json, and VK_ICD_FILENAMES=nvidia.json`+"\n", err)
		return false
	}
	d.Close()
	return true
}

// where says when this is, by which program and on what machine.
func where(hlrs string) string {
	version, err := exec.Command(hlrs, "--version").Output()
	if err != nil {
		version = fmt.Appendf(nil, "%s does not start: %v", hlrs, err)
	}
	said := func(file, pattern string) string {
		text, _ := os.ReadFile(file) // which other systems lack
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return "not told"
	}
	return fmt.Sprintf("- date: %s\n- program: %s\n- system: %s, kernel %s\n- processor: %s, %d cores for this process\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), bytes.TrimSpace(version), said("/etc/os-release", `(?m)^PRETTY_NAME="?([^"\n]*)`), said("/proc/sys/kernel/osrelease", `(\S+)`),
		said("/proc/cpuinfo", `(?m)^model name\s*: (.*)$`), runtime.GOMAXPROCS(0))
}

// against runs the tests that hold the GPU against the reference numbers, the processor and plain loops. Their parts that are named
// are those on the GPU.
func against() {
	cmd := exec.Command("go", "test", "-json", "-count=1", "-run", "(Reference|Operations|Networks|Driver|Runs|Faults)/(gpu|at_once|in_chunks|search|training)", "./core/gpu", "./tools/wgpu", "./core/bbn", "./core/darts", "./core/resnet", "./core/task")
	if _, err := os.Stat(cmp.Or(os.Getenv("GOLDEN_DIR"), "../shared/golden")); err == nil {
		cmd.Env = append(os.Environ(), "CI=true") // nothing is skipped
		fmt.Println("\nAgainst the reference numbers, the processor and plain loops:")
	} else {
		fmt.Println("\nAgainst the processor and plain loops. The reference numbers are no part of the repository and are not here (GOLDEN_DIR names their folder), so the tests that take them are skipped:")
	}
	fmt.Println("\n| package | tests | passed | failed | skipped | s |\n|---|---|---|---|---|---|")
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	failures := tally(os.Stdout, pipe)
	err = cmd.Wait()
	if failures != "" {
		fmt.Printf("\n```\n%s```\n", failures)
	}
	if err != nil {
		fmt.Printf("\n**NOT ALL NUMBERS ARE RIGHT (%v): times below are worth nothing until they are.**\n", err)
	}
}

// tally writes a row for each package of which go test -json tells, when its tests have ended, and returns what failed packages said. A
// test that has parts counts as these.
func tally(w io.Writer, r io.Reader) (failures string) {
	ends, said := map[string]map[string]string{}, map[string]string{} // of packages: how their tests ended, and what they said
	for lines := json.NewDecoder(r); ; {
		var e struct {
			Action, Package, ImportPath, Test, Output string
			Elapsed                                   float64
		}
		if err := lines.Decode(&e); err != nil {
			if err != io.EOF {
				failures += err.Error() + "\n"
			}
			return failures
		}
		if ends[e.Package] == nil {
			ends[e.Package] = map[string]string{}
		}
		switch e.Action {
		case "build-output":
			failures += e.Output
		case "output":
			if !strings.HasPrefix(strings.TrimSpace(e.Output), "=== ") {
				said[e.Package] += e.Output
			}
		case "pass", "fail", "skip":
			if e.Test != "" {
				ends[e.Package][e.Test] = e.Action
				continue
			}
			count := map[string]int{}
			for test, how := range ends[e.Package] {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(ends[e.Package])), func(other string) bool { return strings.HasPrefix(other, test+"/") }) {
					count[how]++
				}
			}
			fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %.1f |\n", e.Package, count["pass"]+count["fail"]+count["skip"], count["pass"], count["fail"], count["skip"], e.Elapsed)
			if e.Action == "fail" {
				failures += said[e.Package]
			}
		}
	}
}

// compare prints a row with what two commands take, of which the second may be none.
func compare(row string, ours, theirs []string) {
	took := func(command []string) float64 {
		if command == nil {
			return 0
		}
		r, err := try(command)
		if err != nil {
			log.Println(err)
		}
		return r.StepMS
	}
	own, peer := took(ours), took(theirs)
	for _, ms := range []float64{own, peer} {
		if ms > 0 {
			row += fmt.Sprintf(" %.1f |", ms)
		} else {
			row += " |"
		}
	}
	if own > 0 && peer > 0 {
		row += fmt.Sprintf(" %.2f", peer/own)
	}
	fmt.Println(row + " |")
}
