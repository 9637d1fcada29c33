//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// slurmConf is of a cluster that is this machine. Without cgroups and accounting it needs no systemd; credentials that end soon have
// what is requeued begin soon.
const slurmConf = `ClusterName=test
SlurmctldHost=%[1]s
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=%[2]s/munge.sock,cred_expire=5
StateSaveLocation=%[2]s
SlurmdSpoolDir=%[2]s/spool
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd.pid
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
KillWait=30
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`

// startSlurm starts Slurm on this machine until the test ends.
func startSlurm(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: Slurm's daemons are started as root alone")
	}
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("NOT TESTED: %v; with Slurm it is, as by: apt-get install slurmctld slurmd slurm-client munge", err)
		}
	}
	dir := t.TempDir()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	key := filepath.Join(dir, "munge.key")
	if err := os.WriteFile(key, []byte(rand.Text()+rand.Text()), 0o400); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "slurm.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, slurmConf, host, dir, freePort(t), freePort(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", conf)
	var logs bytes.Buffer
	start := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		log := &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = log, log
		cmd.WaitDelay = 10 * time.Second
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // whatever ends the test
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			kill.Stop()
			fmt.Fprintf(&logs, "%s:\n%s\n", name, log)
		})
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(logs.String())
		}
	})
	start("munged", "--foreground", "--force", "--socket="+filepath.Join(dir, "munge.sock"), "--key-file="+key, "--log-file="+filepath.Join(dir, "munge.log"),
		"--pid-file="+filepath.Join(dir, "munge.pid"), "--seed-file="+filepath.Join(dir, "munge.seed"))
	until(t, "munge", func() bool { _, err := os.Stat(filepath.Join(dir, "munge.sock")); return err == nil })
	start("slurmctld", "-D")
	start("slurmd", "-D")
	until(t, "a node", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--format=%T").Output()
		return err == nil && strings.TrimSpace(string(out)) == "idle"
	})
	t.Cleanup(func() { // before the daemons end, for whose jobs nobody would care
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = exec.CommandContext(ctx, "scancel", "--full", "--signal=KILL", "--user=root").Run()
		_ = exec.CommandContext(ctx, "scancel", "--user=root").Run()
		for ctx.Err() == nil {
			if out, err := exec.CommandContext(ctx, "squeue", "--noheader").Output(); err != nil || len(out) == 0 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// freePort is a port nobody listens at.
func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// says is what a program writes.
func says(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// TestSlurm: with Slurm itself an array keeps to its throttle, a task that is told to end goes on later to the same bits, one that a
// person ends stays so until it is submitted again, and the report comes last.
func TestSlurm(t *testing.T) {
	startSlurm(t)
	t.Setenv("HLRS_DATA", "")
	work := t.TempDir()
	file := filepath.Join(work, "question.json")
	if err := os.WriteFile(file, []byte(`{"name": "small question", "question": "Does it fall?", "base": {"preset": "tiny", "epochs": 25, "test-images": 10},
 "variants": [{"name": "constant", "set": {"arch-schedule": "const"}}, {"name": "falling", "set": {"arch-schedule": "parabolic"}}], "seeds": 2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(work, "it's 100 %a study") // which scripts have to quote
	if out, err := exec.Command("hlrs", "study", "submit", file, "--slurm", "--out", dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "name it otherwise") {
		t.Errorf("a quote: %v: %s", err, out)
	}
	dir = filepath.Join(work, "100 %a study")
	submitted := func(args ...string) (array, report string) {
		t.Helper()
		out := says(t, "hlrs", append([]string{"study", "submit", "--slurm"}, args...)...)
		ids := regexp.MustCompile(`submitted as (\d+), and the report as (\d+)`).FindStringSubmatch(out)
		if ids == nil {
			t.Fatal(out)
		}
		return ids[1], ids[2]
	}
	array, report := submitted(file, "--out", dir, "--throttle", "2", "--time", "10")
	events := func(dir string, i int) string {
		return filepath.Join(dir, "jobs", fmt.Sprintf("%04d", i), "events.jsonl")
	}
	log := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, "slurm", name+".log"))
		if err != nil {
			t.Error(err)
		}
		return string(raw)
	}
	var background sync.WaitGroup
	defer background.Wait()
	warn := func(signal, task string) {
		background.Go(func() {
			// While others wait, scancel takes what it did for an error, and does it again after five seconds.
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_ = exec.CommandContext(ctx, "scancel", "--batch", "--signal="+signal, task).Run()
		})
	}
	// What happens to each task, once it has begun.
	to := []func(task string){
		func(task string) { warn("USR2", task) },
		func(task string) { warn("TERM", task) },
		func(string) {
			if out, err := exec.Command("hlrs", "study", "job", dir, "2").CombinedOutput(); err == nil || !strings.Contains(string(out), "another process") {
				t.Errorf("a second process: %v: %s", err, out)
			}
		},
		func(task string) { says(t, "scancel", task) },
	}
	atOnce := 0
	ended := func() bool {
		running := strings.Fields(says(t, "squeue", "--noheader", "--array", "--states=RUNNING", "--format=%i"))
		atOnce = max(atOnce, len(running))
		for i, do := range to {
			info, err := os.Stat(events(dir, i))
			if task := fmt.Sprintf("%s_%d", array, i); slices.Contains(running, task) && do != nil && err == nil && info.Size() > 0 {
				do(task)
				to[i] = nil
			}
		}
		return says(t, "squeue", "--noheader") == ""
	}
	for end := time.Now().Add(5 * time.Minute); !ended(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long:\n%s", says(t, "squeue", "--array"))
		}
	}
	if slices.ContainsFunc(to, func(f func(string)) bool { return f != nil }) {
		t.Error("a task ended before anything could happen to it")
	}
	if atOnce != 2 {
		t.Errorf("%d jobs ran at once", atOnce)
	}
	for i := range 2 {
		if l := log(fmt.Sprint(i)); !strings.Contains(l, "is saved where it stands; asking Slurm to go on with it") || !strings.Contains(l, "going on at epoch ") {
			t.Errorf("task %d was not requeued:\n%s", i, l)
		}
	}
	if l := log("3"); !strings.Contains(l, "not requeued: Slurm has ended task "+array+"_3") || strings.Contains(l, "going on at epoch") {
		t.Errorf("task 3 was not left alone:\n%s", l)
	}
	times := func(id, which string) (at []string) {
		for _, found := range regexp.MustCompile(which+`=(\S+)`).FindAllStringSubmatch(says(t, "scontrol", "show", "job", id), -1) {
			at = append(at, found[1])
		}
		return at
	}
	if tasks, last := times(array, "EndTime"), times(report, "StartTime"); len(tasks) != 4 || len(last) != 1 || slices.Max(tasks) > last[0] || log("report") == "" {
		t.Errorf("the report began at %v, and tasks ended at %v", last, tasks)
	}

	array, _ = submitted(dir) // what is left
	until(t, "end", func() bool { return says(t, "squeue", "--noheader") == "" })
	if tasks := times(array, "ArrayTaskId"); !slices.Equal(tasks, []string{"3"}) {
		t.Errorf("tasks %v were submitted again", tasks)
	}
	whole := filepath.Join(work, "whole")
	says(t, "hlrs", "study", "run", file, "--out", whole)
	for i := range 4 {
		a, err := os.ReadFile(events(whole, i))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(events(dir, i)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("job %d came to other bits (%v)", i, err)
		}
	}
	if out := says(t, "hlrs", "study", "submit", "--slurm", dir); !strings.HasPrefix(out, "all 4 jobs are done") {
		t.Error(out)
	}

	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(raw, []byte(`"seeds": 2`), []byte(`"seeds": 501`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("hlrs", "study", "submit", "--slurm", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the last job's index is 1001, and has to be under the cluster's MaxArraySize") {
		t.Errorf("an array that is too long: %v: %s", err, out)
	}
}
