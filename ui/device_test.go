package ui

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// swiftShader has Chromium offer a GPU that it emulates on the processor.
var swiftShader = []chromedp.ExecAllocatorOption{chromedp.Flag("enable-unsafe-webgpu", true), chromedp.Flag("use-webgpu-adapter", "swiftshader")}

// least is a run of a few steps: an emulated GPU takes a second for each.
const least = "#seed=1&channels=2&layers=3&nodes=1&batch=8&n-max=8&imbalance=2&test-images=10&epochs=2&order=1"

// device chooses where runs start, by the keyboard, and waits for what is said of it.
func (b *tab) device(key, says string) {
	b.Helper()
	b.focus(`document.getElementById("device")`)
	b.do(chromedp.KeyEvent(key))
	b.shows("#device-help", says, 20*time.Second)
}

// TestGPU trains on the GPU in the page's worker: the numbers are near those of the processor. A run that was saved there goes on on the
// processor, and so does one whose GPU was lost.
func TestGPU(t *testing.T) {
	t.Parallel()
	const gpu = "google swiftshader, emulated on the processor"
	b := open(t, serve(t, nil, 0)+least, 5*time.Minute, swiftShader...)
	b.says("Ready.", 20*time.Second)
	b.device(kb.ArrowDown, fmt.Sprintf(Text.GPUName, gpu+Text.Slower))
	b.press("Start")
	b.says("Training on "+gpu, time.Minute)
	b.pause()
	b.shot("gpu.png")
	b.press("Continue")
	b.says("Finished.", 3*time.Minute)
	c, steps, epochs := b.events(1)
	here, ends := natively(t, c, data.Toy(1))
	if len(steps) != len(here) || len(epochs) != len(ends) {
		t.Fatalf("%d steps in %d epochs on the GPU, %d in %d on the processor", len(steps), len(epochs), len(here), len(ends))
	}
	same := true
	for i, s := range steps {
		if far := max(math.Abs(s.Loss-here[i].Loss), math.Abs(s.ArchLoss-here[i].ArchLoss)); i < 5 && far > 1e-4 || far > 0.05 {
			t.Errorf("step %d: losses %v and %v on the GPU, %v and %v on the processor", i, s.Loss, s.ArchLoss, here[i].Loss, here[i].ArchLoss)
		}
		same = same && s.Loss == here[i].Loss
	}
	if same {
		t.Error("not a bit is another: was it the GPU?")
	}

	// One that is paused within an epoch goes on on the processor with its next step.
	b.press("Reset to the same start")
	b.press("Step")
	b.says(" 1 step,", time.Minute)
	b.device(kb.ArrowUp, Text.DeviceLater)
	b.press("Continue")
	b.says("Finished.", time.Minute)
	_, before, _ := b.events(2)
	if _, after, _ := b.events(3); len(before) != 1 || len(after) != len(here)-1 {
		t.Errorf("%d steps on the GPU and %d on the processor, of %d", len(before), len(after), len(here))
	}
	b.device(kb.ArrowDown, gpu)

	// Another run is left after an epoch, and goes on on the processor.
	b.press("Reset to the same start")
	b.press("One epoch")
	b.says("1 of 2 epochs", time.Minute)
	b.visit(Shelf)
	b.wait(`document.querySelectorAll("#card-kept tbody tr").length === 3`, 10*time.Second)
	b.shows("#card-kept tbody", "computed on "+gpu, 5*time.Second)
	b.visit(Explore)
	b.do(chromedp.Reload())
	b.says("A saved run, not finished yet.", 20*time.Second)
	b.shows("#device-help", gpu, 20*time.Second) // as it was chosen
	b.device(kb.ArrowUp, Text.DeviceNote)
	b.press("Continue")
	b.says("Finished.", time.Minute)

	// A GPU is lost.
	b.device(kb.ArrowDown, fmt.Sprintf(Text.GPUName, gpu+Text.Slower))
	b.press("Reset to the same start")
	b.press("One epoch")
	b.says("1 of 2 epochs", time.Minute)
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, chromedp.FromContext(ctx).Browser, browser.CrashGPUProcess, cdp.Empty{})
		return err
	}))
	b.press("Step")
	b.says("is lost", 20*time.Second)
	b.do(chromedp.EmulateViewport(390, 844)) // a phone, which has less room for what is said
	b.wait(`(s => s.offsetParent && s.getBoundingClientRect().bottom <= innerHeight)(document.querySelector(".bar .status button"))`, 5*time.Second)
	b.shot("lost.png")
	b.press("Go on with the CPU")
	b.says("Training.", 20*time.Second)
	b.says("Finished.", time.Minute)
	if now := eval[string](b, `document.getElementById("device").value`); now != "cpu" {
		t.Errorf("the switch stands at %s", now)
	}
	_, steps, _ = b.events(3)
	if n := len(steps); n != len(here)/2 {
		t.Errorf("the processor took %d steps of the last epoch, not %d", n, len(here)/2)
	}
}

// spy is a host with a GPU that keeps what is said to workers.
type spy struct {
	host
	sent *[]msg.Command
}

func (s spy) Send(_ int, c msg.Command, _ File)      { *s.sent = append(*s.sent, c) }
func (s spy) Adapter(f func(name string, err error)) { f("some GPU", nil) }

// TestOnProcessor starts a run on a GPU that has no room for it: on the processor it begins anew. The choice comes back with the page.
func TestOnProcessor(t *testing.T) {
	var sent []msg.Command
	l := NewLab(spy{sent: &sent})
	l.Act("device:gpu")
	again := NewLab(spy{sent: new([]msg.Command)})
	if again.Return(l.Session()); !again.GPU.On || again.GPU.Name != "some GPU" {
		t.Errorf("after a reload: %+v", again.GPU)
	}
	l.Play()
	if len(sent) != 2 || sent[0].Do != "start" || sent[0].Device != msg.GPU {
		t.Fatalf("sent: %+v", sent)
	}
	r := l.Run()
	if say := r.Say(-1); !strings.HasPrefix(say, Text.GettingGPU) {
		t.Errorf("until it has begun: %s", say)
	}
	if got := l.Paint("status"); strings.Contains(got, Text.OnProcessor) || !strings.Contains(got, `class="now"`) {
		t.Errorf("of a run that begins: %s", got)
	}
	l.Hear(r.slot, msg.Report{Kind: "error", Run: r.live, Error: "no room"}, nil)
	if got := l.Paint("status"); !strings.HasPrefix(got, button("rescue:", Text.AnewOnProcessor)) || !strings.Contains(got, `class="now"`) {
		t.Errorf("of one that has failed: %s", got)
	}
	l.Act("rescue:")
	if len(sent) != 4 || sent[2].Do != "start" || sent[2].Device != "" || sent[3].Do != "play" || l.GPU.On || r.Error != "" {
		t.Errorf("then: %+v", sent[2:])
	}

	// What computed a run is told where a GPU was among that.
	r.Started, r.OnGPU, r.Device = true, true, "some GPU, emulated"
	for _, c := range []struct {
		was, want string
		gpu       bool
	}{{"", "", false}, {"", "some GPU, emulated", true}, {"some GPU", "some GPU", true}, {"some GPU", "some GPU, then CPU", false}, {"CPU", "CPU, then some GPU, emulated", true}} {
		if r.Record.Devices = nil; c.was != "" {
			r.Record.Devices = run.Devices{c.was}
		}
		if r.OnGPU = c.gpu; r.devices().String() != c.want {
			t.Errorf("%+v: %s", c, r.devices())
		}
	}
	r.Record.Devices, r.OnGPU = nil, false

	// A paused run moves to the device that is chosen since, when it goes on: with all of its steps.
	l.Play()
	r.Running = false
	l.Act("device:gpu")
	if got := l.aboutDevice(); !strings.HasSuffix(got, Text.DeviceLater) {
		t.Errorf("of a paused run: %s", got)
	}
	sent = sent[:0]
	l.Play()
	if len(sent) != 1 || sent[0].Do != "save" || !strings.HasPrefix(r.Say(-1), Text.Moving) {
		t.Errorf("%+v, and %s", sent, r.Say(-1))
	}
	l.Hear(r.slot, msg.Report{Kind: "snapshot", Run: r.live}, snapshot(t, tiny(t)))
	if len(sent) != 4 || sent[1].Do != "stop" || sent[2].Do != "restore" || sent[2].Device != msg.GPU || sent[3].Do != "play" || r.toProcessor() != "" {
		t.Errorf("there: %+v", sent)
	}
}

// TestNoGPU chooses a GPU where there is none: that is said, and runs stay on the processor.
func TestNoGPU(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.device(kb.ArrowDown, strings.SplitN(Text.NoGPU, ":", 2)[0])
	b.wait(`document.getElementById("device").value === "cpu" && document.querySelector("#device option:last-child").disabled`, 5*time.Second)
	b.press("Start")
	b.says("Training.", 20*time.Second)
	b.says("Finished.", time.Minute)
	if sent := eval[[]string](b, "sent"); strings.Contains(strings.Join(sent, ""), strconv.Quote("device")) {
		t.Error("a GPU was asked for")
	}
	b.quiet()
}
