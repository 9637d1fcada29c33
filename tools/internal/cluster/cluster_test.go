package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// names are such as a person gives a study, and what clusters call it.
var names = map[string]string{
	"Does it fall?": "does-it-fall",
	"a: \"b\" #c\nkind: Pod\n- \u2028\u0085 'd' \\ $(HOME) {{.}} %a": "a-b-c-kind-pod-d-home-a",
	"ÄÖ":                      "study",
	strings.Repeat("ab-", 60): strings.TrimRight(strings.Repeat("ab-", 17)[:50], "-"),
}

// TestManifest: whatever a study and its parts are called, the manifest is one document, and says what was meant.
func TestManifest(t *testing.T) {
	for name, label := range names {
		k := Kubernetes{
			Array: Array{Name: name, Dir: "/home/" + strings.ReplaceAll(name, "/", ""), Throttle: 3, CPUs: 2, Memory: 1.5, Retries: 4, Data: "/data/$(HOME): it's"},
			Total: 20, Image: "lab/hlrs:1 # \"\n", Claim: "yes",
		}
		var b strings.Builder
		if err := k.Manifest(&b); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		d := yaml.NewDecoder(strings.NewReader(b.String()))
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%v in:\n%s", err, &b)
		}
		if err := d.Decode(new(any)); err == nil {
			t.Errorf("there is a second document in:\n%s", &b)
		}
		type object = map[string]any
		type list = []any
		if want := (object{
			"apiVersion": "batch/v1", "kind": "Job", "metadata": object{"name": label},
			"spec": object{
				"completionMode": "Indexed", "completions": 20, "parallelism": 3, "backoffLimitPerIndex": 4, "podReplacementPolicy": "Failed",
				"podFailurePolicy": object{"rules": list{
					object{"action": "Ignore", "onPodConditions": list{object{"type": "DisruptionTarget", "status": "True"}}},
					object{"action": "FailIndex", "onExitCodes": object{"containerName": "job", "operator": "In", "values": list{Lasting}}},
				}},
				"template": object{"spec": object{
					"restartPolicy": "Never", "terminationGracePeriodSeconds": 90,
					"containers": list{object{
						"name": "job", "image": k.Image,
						"command":      list{"hlrs", "study", "job", "/study", "$(JOB_COMPLETION_INDEX)", "--threads", "2", "--data", "/data/$$(HOME): it's"},
						"resources":    object{"limits": object{"cpu": "2", "memory": "1500M"}},
						"volumeMounts": list{object{"name": "study", "mountPath": "/study", "subPath": filepath.Base(k.Dir)}},
					}},
					"volumes": list{object{"name": "study", "persistentVolumeClaim": object{"claimName": "yes"}}},
				}},
			},
		}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// TestManifestDefaults: without a throttle all run at once, and no more than there are.
func TestManifestDefaults(t *testing.T) {
	for throttle, atOnce := range map[int]string{0: "5", 3: "3", 9: "5"} {
		var b strings.Builder
		if err := (Kubernetes{Array: Array{Throttle: throttle, CPUs: 1}, Total: 5}).Manifest(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "\n  parallelism: "+atOnce+"\n") || strings.Contains(b.String(), "memory") {
			t.Errorf("throttle %d:\n%s", throttle, &b)
		}
	}
}

// TestScripts: whatever a study and its folder are called, a script is options and one command, whose arguments arrive.
func TestScripts(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "it's a program")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, label := range names {
		s := Slurm{
			Array: Array{Name: name, Dir: "/a $HOME `b` %j é", CPUs: 2, Memory: 1.5, Retries: 4, Data: `it's "data" \`},
			Jobs:  []int{3}, Program: bin, Time: "1:00:00", Partition: "long one",
		}
		array, report, err := s.Scripts()
		if err != nil {
			t.Fatal(err)
		}
		options := regexp.MustCompile(`(?m)^#SBATCH .*\n`).FindAllString(array, -1)
		if got, want := strings.Join(options, ""), `#SBATCH --job-name=`+label+`
#SBATCH --partition='long one'
#SBATCH --open-mode=append
#SBATCH --array=3
#SBATCH --output='/a $HOME `+"`b`"+` %%j é/slurm'/%a.log
#SBATCH --cpus-per-task=2
#SBATCH --mem=1431M
#SBATCH --time=1:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR2@90
`; got != want {
			t.Errorf("%q: got\n%swant\n%s", name, got, want)
		}
		for script, want := range map[string][]string{
			array:  {"study", "job", s.Dir, "3", "--threads", "2", "--data", s.Data, "--requeue", "--retries", "4"},
			report: {"study", lastCommand, s.Dir},
		} {
			cmd := exec.Command("/bin/sh", "-c", script)
			cmd.Env = []string{"SLURM_ARRAY_TASK_ID=3"}
			out, err := cmd.CombinedOutput()
			if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q: %v: %q, want %q", name, err, got, want)
			}
		}
	}
	for _, s := range []Slurm{{Array: Array{Dir: "/a\nb"}}, {Options: []string{"--a\n#SBATCH --b"}}, {Partition: `a"b`}, {Array: Array{Dir: "/it's"}}, {Array: Array{Dir: `/a\b`}}} {
		if _, _, err := s.Scripts(); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}

// TestIndices: jobs that follow each other are one range.
func TestIndices(t *testing.T) {
	for _, c := range []struct {
		jobs     []int
		throttle int
		want     string
	}{
		{[]int{0}, 0, "0"},
		{[]int{0, 1, 2, 3}, 2, "0-3%2"},
		{[]int{1, 3, 4, 9, 10, 11, 20}, 0, "1,3-4,9-11,20"},
	} {
		if got := indices(c.jobs, c.throttle); got != c.want {
			t.Errorf("%v: %s, not %s", c.jobs, got, c.want)
		}
	}
}
