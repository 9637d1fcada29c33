package cluster

import (
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

// Kubernetes is an Indexed Job.
type Kubernetes struct {
	Array
	Total int    // jobs of the study
	Image string // of the container, which has hlrs on its PATH
	Claim string // name of the volume claim that holds the study's folder
}

// mounted is where a container has the study's folder.
const mounted = "/study"

// Its strings are Go's, whose escapes are YAML's, too.
var manifest = template.Must(template.New("").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(`# The jobs of the study {{quote .Name}}, one index each; those that are done end at once.
# Copy {{quote .Dir}} to the claim as {{quote .Base}} first; where the study stands is read from there.
apiVersion: batch/v1
kind: Job
metadata:
  name: {{quote .Label}}
spec:
  completionMode: Indexed
  completions: {{.Total}}
  parallelism: {{.AtOnce}}
  backoffLimitPerIndex: {{.Retries}}
  podReplacementPolicy: Failed # or two pods would have one index for a while
  podFailurePolicy:
    rules:
    - action: Ignore # a pod that made room for others
      onPodConditions:
      - type: DisruptionTarget
        status: "True"
    - action: FailIndex # what would fail again
      onExitCodes:
        containerName: job
        operator: In
        values: [{{.Lasting}}]
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: {{.Grace}} # a step, and the time to save it
      containers:
      - name: job
        image: {{quote .Image}}
        command:{{range .Command}}
        - {{quote .}}{{end}}
        resources:
          limits:
            cpu: "{{.CPUs}}"{{if .Megabytes}}
            memory: "{{.Megabytes}}M"{{end}}{{if .GPU}}
            nvidia.com/gpu: "1"{{end}}
        volumeMounts:
        - name: study
          mountPath: {{quote .Mounted}}
          subPath: {{quote .Base}}
      volumes:
      - name: study
        persistentVolumeClaim:
          claimName: {{quote .Claim}}
`))

// Manifest writes the Job as kubectl applies it.
func (k Kubernetes) Manifest(w io.Writer) error {
	literal := func(arg string) string { return strings.ReplaceAll(arg, "$(", "$$(") } // where a variable would stand
	command := append([]string{"hlrs"}, k.args(mounted, "$(JOB_COMPLETION_INDEX)", literal)...)
	atOnce := k.Total
	if k.Throttle > 0 {
		atOnce = min(k.Throttle, k.Total)
	}
	return manifest.Execute(w, struct {
		Kubernetes
		Label, Base, Mounted              string
		AtOnce, Lasting, Grace, Megabytes int
		Command                           []string
	}{k, k.label(), filepath.Base(k.Dir), mounted, atOnce, Lasting, int(grace.Seconds()), int(math.Ceil(k.Memory * 1e3)), command})
}
