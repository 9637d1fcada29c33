package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu"
)

// onGPU looks for what a GPU needs, holds it against the reference numbers, and times steps on it, beside PyTorch where that has the
// same GPU. It goes on where a part fails, and says so, for a rented machine may not be there for another try.
func onGPU(hlrs, python, peer, trainer string, quick bool) {
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
	steps := "--steps=5"
	if quick {
		steps = "--steps=1"
	}
	cuda := exec.Command(python, "-c", "import sys, torch; sys.exit(not torch.cuda.is_available())").Run() == nil
	if !cuda {
		fmt.Printf("\nNo comparison: %s has no PyTorch with CUDA (-python names another).\n", python)
	}
	fmt.Println("\n| step | C | layers | batch | size | order | branches | ms | PyTorch ms | ratio |\n|---|---|---|---|---|---|---|---|---|---|")
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
		row := fmt.Sprintf("| search | %d | %d | %d | %d² | %d | %s |", c.channels, c.layers, c.batch, c.size, c.order, c.branches)
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
		compare(fmt.Sprintf("| training, %s | %d | %d | %d | 32² | | |", t.network, t.channels, t.layers, t.batch), append([]string{own, "--device=gpu"}, args...), theirs)
	}
	size := []string{"--preset=full", "--branches=none"}
	if quick {
		size = []string{"--channels=2", "--layers=3", "--nodes=1", "--batch=8", "--size=8", "--branches=none"}
	}
	fmt.Println("\nThe kernels of a step, first order, one branch:")
	out, err := exec.Command(hlrs, append([]string{"bench", "--device=gpu", "--order=1", "--kernels", steps}, size...)...).CombinedOutput()
	fmt.Printf("\n```\n%s```\n", out)
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
	if out, err := exec.Command("nvidia-smi", "-L").Output(); err == nil {
		fmt.Printf("- cards: %s\n", strings.TrimSpace(string(out)))
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

// against runs the tests that hold the GPU against the reference numbers, the processor and plain loops. Their parts that are named
// are those on the GPU.
func against() {
	cmd := exec.Command("go", "test", "-count=1", "-run", "(Reference|Operations|Networks|Driver|Runs|Faults)/(gpu|at_once|in_chunks|search|training)", "./core/gpu", "./tools/wgpu", "./core/bbn", "./core/darts", "./core/resnet", "./core/task")
	cmd.Env = append(os.Environ(), "CI=true") // nothing is skipped
	fmt.Println("\nAgainst the reference numbers, the processor and plain loops:")
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		fmt.Printf("    %s\n", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		fmt.Printf("**NOT ALL NUMBERS ARE RIGHT (%v): times below are worth nothing until they are.**\n", err)
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
