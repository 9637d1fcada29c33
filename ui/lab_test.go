package ui

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hlrslab/core/ckpt"
	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// small is a run of seconds, on the toy set.
const small = "#seed=1&channels=2&layers=3&nodes=2&batch=8&n-max=60&imbalance=10&test-images=50&epochs=3"

// shows waits until what a selector finds has a text: parts are painted over several frames.
func (b *tab) shows(selector, text string, limit time.Duration) {
	b.Helper()
	b.wait(`document.querySelector(`+strconv.Quote(selector)+`)?.textContent.includes(`+strconv.Quote(text)+`)`, limit)
}

// notice waits for what the page has to say.
func (b *tab) notice(what string, limit time.Duration) {
	b.Helper()
	b.wait(`(document.querySelector(".notice")?.textContent ?? "").includes(`+strconv.Quote(what)+`)`, limit)
}

// drop drops a file on the page.
func (b *tab) drop(name string, raw []byte) {
	b.Helper()
	eval[bool](b, `(() => {
		const t = new DataTransfer();
		t.items.add(new File([Uint8Array.from(atob("`+base64.StdEncoding.EncodeToString(raw)+`"), (c) => c.charCodeAt(0))], `+strconv.Quote(name)+`));
		return document.dispatchEvent(new DragEvent("drop", {dataTransfer: t, bubbles: true, cancelable: true}));
	})()`)
}

// saved makes the page's next download a value of the test, by name.
func (b *tab) saved(act func(), limit time.Duration) (name string, raw []byte) {
	b.Helper()
	eval[bool](b, `(() => {
		window.savedFile = null;
		URL.createObjectURL = (blob) => { window.savedBlob = blob; return "blob:here"; };
		HTMLAnchorElement.prototype.click = function () { const name = this.download, reader = new FileReader(); reader.onload = () => { window.savedFile = [name, reader.result]; }; reader.readAsDataURL(window.savedBlob); };
		return true;
	})()`)
	act()
	b.wait("window.savedFile !== null", limit)
	file := eval[[]string](b, "window.savedFile")
	raw, err := base64.StdEncoding.DecodeString(file[1][strings.Index(file[1], ",")+1:])
	if err != nil {
		b.Fatal(err)
	}
	return file[0], raw
}

// TestStory opens the page as it comes: there are two finished searches to see beside each other, and what their cells came to;
// Start searches the same again to the same numbers, and a reload brings all of it back.
func TestStory(t *testing.T) {
	t.Parallel()
	recording, _ := theRecording(t)
	b := open(t, serve(t, cifar(t), 0), time.Minute)
	b.says("A finished run.", 20*time.Second)
	b.wait(`document.body.innerText.includes("CIFAR-10, reduced")`, 20*time.Second)
	record := recording.Variants[0].Record
	b.shows(".lead", "500 images of airplane, only 5 of truck", 5*time.Second)
	b.shows("[data-paint=outcomes] .headline", fmt.Sprintf("%.1f %%", 100*record.Last().Report.Accuracy), 5*time.Second)
	for _, id := range []string{"compare", "accuracy", "classes", "history", "confusion", "normal", "cells"} {
		b.wait(`document.querySelectorAll("#card-`+id+` svg *").length >= 10`, 5*time.Second)
	}
	words := eval[int](b, `((window.scrollTo(0, 0), document.body).innerText, [...document.querySelectorAll("header, .first, .bar")].map((e) => e.innerText).join(" ").trim().split(/\\s+/).length)`)
	if words > 160 {
		t.Errorf("the first screen has %d words", words)
	}
	names := recording.Variants[0].Name + ", " + recording.Variants[1].Name
	if got := b.runs(); got != names {
		t.Errorf("on the page: %s", got)
	}
	// A point for each seed of each variant, in both drawings; and each seed's numbers in the table.
	points := 2 * len(recording.Seeds) * len(recording.Variants)
	b.wait(fmt.Sprintf(`document.querySelectorAll("#card-results svg circle").length === %d`, points), 5*time.Second)
	for _, p := range recording.Pairs {
		b.shows("#card-results", fmt.Sprintf("%+.1f points on average", 100*p.Mean), time.Second)
	}
	b.click(`#card-results > .fold`)
	b.wait(fmt.Sprintf(`document.querySelectorAll("#card-results tbody tr").length === %d`, len(recording.Seeds)), 5*time.Second)
	b.shows("#card-results tbody", fmt.Sprintf("%.1f", 100*recording.Variants[0].Trained[0]), time.Second)
	b.shows(".journey", fmt.Sprintf("recorded, %d seeds", len(recording.Seeds)), time.Second)
	b.shot("story.png")
	b.press("Run it here")
	b.wait(status+`.match(/ ([0-9]+) steps/)?.[1] >= 4 && `+status+`.startsWith("Training")`, time.Minute)
	_, steps, _ := b.events(1)
	for i := range 4 {
		if was := record.Events[i]; math.Abs(steps[i].Loss-was.Loss) > 5e-3 || math.Abs(steps[i].ArchLoss-was.ArchLoss) > 5e-3 {
			t.Errorf("step %d: loss %v, recorded %v", i, steps[i].Loss, was.Loss)
		}
	}
	b.press("Pause")
	b.do(chromedp.Reload())
	b.says("Ready.", 20*time.Second)
	b.press(recording.Variants[1].Name)
	b.says("A finished run.", 20*time.Second)
	b.wait(fmt.Sprintf(`document.querySelectorAll("#card-results svg circle").length === %d`, points), 20*time.Second)
	if got := b.runs(); got != names+", A" {
		t.Errorf("after a reload: %s", got)
	}
	b.quiet()
}

// TestFirstScreen looks at the page before its program has come: the recorded searches are there to see, and nothing to press.
func TestFirstScreen(t *testing.T) {
	t.Parallel()
	wait := make(chan bool)
	server := serveBut(t, nil, 0, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/public/lab.wasm.zst" {
			<-wait
		}
		return false
	})
	b := open(t, server.URL, time.Minute)
	for end := time.Now().Add(20 * time.Second); !eval[bool](b, `(document.querySelector("#still .headline")?.getBoundingClientRect().height ?? 0) > 0`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.fail("there is nothing to see before the program has come")
		}
	}
	if n := eval[int](b, `document.querySelectorAll("#still svg circle").length`); n < 20 {
		t.Errorf("%d points are drawn", n)
	}
	if n := eval[int](b, `document.querySelectorAll("#still button:not(:disabled), #still [id], #still [data-act]").length`); n > 0 {
		t.Errorf("%d elements can be pressed, or found by their names", n)
	}
	b.shot("still.png")
	ahead := eval[string](b, `document.querySelector("#still .first").innerText`)
	close(wait)
	b.says("A finished run.", 20*time.Second)
	if now := eval[string](b, `document.querySelector(".first").innerText`); now != ahead {
		t.Errorf("drawn ahead it is\n%s\nand then\n%s", ahead, now)
	}
	b.quiet()
}

// TestControls takes single steps, moves a setting that is not in view, and finds all of it in the address.
func TestControls(t *testing.T) {
	t.Parallel()
	url := serve(t, nil, 0)
	b := open(t, url+small+"&pace=3&crop=x", time.Minute)
	b.notice("pace: there is no such setting", 20*time.Second)
	b.says("Fix this setting before starting: Random crop", 5*time.Second)
	b.click(`.status [data-act="wrong:crop"]`)
	b.wait(`document.activeElement.id === "crop"`, 5*time.Second)
	b.click("#crop")
	b.wait(`document.querySelector(".status [data-act]") === null`, 5*time.Second)
	b.click(".settings > .fold")
	b.keys("The run", "Imbalance", kb.Home, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight)
	b.press("Step")
	b.says(" 1 step,", 20*time.Second)
	b.press("One epoch")
	b.says("Paused.", 20*time.Second)
	b.says("1 of 3 epochs", time.Second)
	b.press("Reset to the same start")
	b.says("Ready.", 5*time.Second)
	b.click(".settings > .fold")
	b.wait(`document.getElementById("cutout") !== null && document.getElementById("flip") !== null`, 5*time.Second)
	b.focus(`document.getElementById("cutout")`)
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("4"), chromedp.KeyEvent(kb.Tab))
	b.click("#flip")
	b.wait(`location.hash.includes("cutout=4") && location.hash.includes("flip=false") && location.hash.includes("imbalance=4")`, 5*time.Second)
	missing := eval[[]string](b, `[...document.querySelectorAll("#lab input, #lab select")].filter((e) => !document.querySelector("label[for='" + e.id + "']")).map((e) => e.id)`)
	if len(missing) > 0 {
		t.Errorf("without a label: %q", missing)
	}
	for _, f := range run.Fields() {
		if f.Of("search") && !elsewhere[f.Name] && !strings.HasSuffix(f.Name, "-param") && !eval[bool](b, `!!document.getElementById("`+f.Name+`")`) {
			t.Errorf("%s has no control", f.Name)
		}
	}
	// A training has controls of its own.
	other := open(t, url+"#task=train&dataset=toy", time.Minute)
	other.says("Ready.", 20*time.Second)
	other.click(".settings > .fold")
	other.wait(`document.getElementById("cutout") !== null`, 5*time.Second)
	for _, f := range run.Fields() {
		if f.Of("train") && !elsewhere[f.Name] && !strings.HasSuffix(f.Name, "-param") && !eval[bool](other, `!!document.getElementById("`+f.Name+`")`) {
			t.Errorf("%s has no control in a training", f.Name)
		}
	}
	other.quiet()
	hash := eval[string](b, "location.hash")
	again := open(t, url+hash, time.Minute)
	again.says("Ready.", 20*time.Second)
	if got := eval[string](again, "location.hash"); got != hash {
		t.Errorf("the link leads to %s, not %s", got, hash)
	}
	eval[bool](b, `(() => { const s = document.getElementById("speed"); s.value = "1"; s.dispatchEvent(new Event("change")); return true; })()`)
	began := time.Now()
	b.press("Start")
	b.steps(3, 20*time.Second)
	if took := time.Since(began); took < 2*time.Second { // a busy machine can only be slower
		t.Errorf("at one step a second, three take %v", took)
	}
	b.quiet()
	again.quiet()
}

// TestDrawn draws a schedule by keys and by the pointer; during a run, what has been stays.
func TestDrawn(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.knob").length === 6`, 5*time.Second)
	points := func() string {
		return eval[string](b, `new URLSearchParams(location.hash.slice(1)).get("arch-points") ?? ""`)
	}
	was := points()
	b.focus(`document.querySelector('[data-point="arch:3"]')`)
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.wait(`document.activeElement.dataset.point === "arch:3" && location.hash.includes("arch-points") && `+strconv.Quote(was)+` !== new URLSearchParams(location.hash.slice(1)).get("arch-points")`, 5*time.Second)
	b.do(chromedp.KeyEvent(kb.Insert))
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.knob").length === 7`, 5*time.Second)
	b.do(chromedp.KeyEvent(kb.Delete))
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.knob").length === 6`, 5*time.Second)
	// A press between two points adds one, a double press takes it away.
	press := eval[[]float64](b, `(() => { const c = (n) => { const r = document.querySelector('[data-point="arch:' + n + '"]').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }; const [a, z] = [c(3), c(4)]; return [(a[0] + z[0]) / 2, (a[1] + z[1]) / 2]; })()`)
	b.mouse(input.DispatchMouseEventTypeMousePressed, press[0], press[1])
	b.mouse(input.DispatchMouseEventTypeMouseReleased, press[0], press[1])
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.knob").length === 7`, 5*time.Second)
	eval[bool](b, `document.querySelector('[data-point="arch:4"]').dispatchEvent(new MouseEvent("dblclick", {bubbles: true}))`)
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.knob").length === 6`, 5*time.Second)
	was = points()
	at := eval[[]float64](b, `(() => { const k = document.querySelector('[data-point="arch:2"]'); k.scrollIntoView({block: "center"}); const r = k.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	eval[bool](b, fmt.Sprintf(`(() => { const k = document.querySelector('[data-point="arch:2"]'); const e = (type, y) => new PointerEvent(type, {bubbles: true, cancelable: true, clientX: %v, clientY: %v + y});
		k.dispatchEvent(e("pointerdown", 0)); for (let y = 5; y <= 30; y += 5) document.dispatchEvent(e("pointermove", y)); document.dispatchEvent(e("pointerup", 30)); return true; })()`, at[0], at[1]))
	b.wait(strconv.Quote(was)+` !== new URLSearchParams(location.hash.slice(1)).get("arch-points")`, 5*time.Second)
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	b.press("Step")
	b.wait(`document.querySelectorAll("[data-paint=arch] circle.past").length > 1`, 10*time.Second)
	b.focus(`document.querySelector('[data-point="arch:5"]')`)
	b.do(chromedp.KeyEvent(kb.End))
	b.says("The change takes effect from the next epoch.", 5*time.Second)
	b.press("Continue")
	b.says("Finished.", 30*time.Second)
	b.shows("[data-paint=arch]", "changed", 5*time.Second)
	b.choose("Architecture rate", "compared at equal", "area")
	b.wait(`document.querySelector("[data-paint=arch]").textContent.includes("times what it says")`, 5*time.Second)
	b.quiet()
}

// TestSeeing looks back over a finished run.
func TestSeeing(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.wait(`document.querySelectorAll("canvas[data-batch]").length === 2`, 20*time.Second)
	b.wait(`[...document.querySelectorAll("canvas")].every((c) => new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size > 20)`, 10*time.Second)
	b.says("Finished.", 40*time.Second)
	_, _, epochs := b.events(1)
	say := func(e int) string { return fmt.Sprintf("%.3f of %.3f nats", epochs[e].Report.Entropy, math.Log(8)) }
	b.shows("#card-time", say(2), 5*time.Second)
	b.shows("#card-cells", epochs[2].Report.Genotype.String(), 5*time.Second)
	eval[bool](b, `(() => { const s = document.getElementById("timeline"); s.value = 1; s.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`)
	b.shows("#card-time", say(0), 5*time.Second)
	b.shows("#card-cells", epochs[0].Report.Genotype.String(), 5*time.Second)
	b.click(`#card-reduce g[data-act="edge:reduce:3"]`)
	b.wait(`document.getElementById("edge").value === "reduce:3"`, 5*time.Second)
	for _, id := range []string{"accuracy", "classes", "loss", "history", "confusion", "normal", "reduce", "edge", "collapse"} {
		b.click(`#card-` + id + ` .fold`)
		b.wait(`document.querySelectorAll("#card-`+id+` tbody td").length > 2`, 5*time.Second)
	}
	rows := eval[[]string](b, `[...document.querySelectorAll("#card-normal tbody tr:first-child td")].map((e) => e.textContent)`)
	if want := fmt.Sprintf("%.3f", epochs[0].Report.Normal[0][0]); rows[0] != want {
		t.Errorf("the table says %s of the first edge, not %s", rows[0], want)
	}
	b.shot("seeing.png")
	b.quiet()
}

// TestCompare sets three runs side by side, and finds them in the store.
func TestCompare(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.click(`[data-act="add"]`)
	b.keys("Architecture rate", "Peak rate", kb.End)
	b.click(`[data-act="all:play"]`)
	b.says("Training", 10*time.Second)
	b.click(`[data-act="baseline:0"]`)
	b.wait(`document.querySelectorAll("#card-compare thead th").length === 3`, 10*time.Second)
	b.wait(`[...document.querySelectorAll("#card-compare tbody tr")].some((r) => r.textContent.startsWith("Epoch") && [...r.querySelectorAll("td")].every((d) => d.textContent === "3"))`, 60*time.Second)
	differs := eval[[]string](b, `[...document.querySelectorAll("#card-compare tr.differs")].map((r) => [...r.children].map((c) => c.textContent).join(" "))`)
	if len(differs) != 1 || differs[0] != "Peak rate of the architecture 0.03 0.1 0" {
		t.Errorf("what differs: %q", differs)
	}
	b.visit(Shelf)
	b.wait(`document.querySelectorAll("#card-kept tbody tr").length === 3`, 10*time.Second)
	b.click(`[data-act="sort:accuracy"]`)
	b.wait(`document.querySelector("#card-kept th[aria-sort=descending]")?.textContent.startsWith("Accuracy")`, 5*time.Second)
	column := eval[[]float64](b, `[...document.querySelectorAll("#card-kept tbody tr")].map((r) => +r.children[2].textContent)`)
	for i := range column[1:] {
		if column[i] < column[i+1] {
			t.Errorf("sorted by accuracy: %v", column)
		}
	}
	b.click(`[data-act="sort:accuracy"]`) // the other way round
	b.wait(`document.querySelector("#card-kept th[aria-sort=ascending]")?.textContent.startsWith("Accuracy")`, 5*time.Second)
	slices.Reverse(column)
	if turned := eval[[]float64](b, `[...document.querySelectorAll("#card-kept tbody tr")].map((r) => +r.children[2].textContent)`); !slices.Equal(turned, column) {
		t.Errorf("turned round: %v, not %v", turned, column)
	}
	b.shot("compare.png")
	b.click(`#card-kept tbody tr [data-act^="forget:"]`)
	b.wait(`document.querySelectorAll("#card-kept tbody tr").length === 2`, 5*time.Second)
	b.click(`#card-kept tbody tr [data-act^="open:"]`)
	b.says("Finished.", 5*time.Second) // it is on the page already, and comes into focus
	shown := `document.querySelectorAll(".runs button[aria-pressed]:not([hidden])").length`
	if n := eval[int](b, shown); n != 3 {
		t.Errorf("%d runs on the page", n)
	}
	for n := 4; n <= Most; n++ {
		b.click(`[data-act="add"]`)
		b.wait(fmt.Sprint(shown, ` === `, n), 5*time.Second)
	}
	b.click(`[data-act="add"]`)
	b.notice(fmt.Sprintf(Text.NoRoom, Most), 5*time.Second)
	b.quiet()
}

// TestMove takes a run from the page to the native core and back, to the same bits.
func TestMove(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	name, file := b.saved(func() { b.click(`[data-act="export:run"]`) }, 10*time.Second)
	if name != "hlrs-a-last.safetensors" {
		t.Errorf("the run is saved as %s", name)
	}
	b.press("Continue")
	b.says("Finished.", 30*time.Second)
	_, steps, epochs := b.events(1)
	r, err := task.Restore(bytes.NewReader(file), data.Toy(1), &cpu.Device{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var back bytes.Buffer
	for !r.Done() {
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
		if r.Epoch == 2 && back.Len() == 0 {
			if err := r.Snapshot(&back); err != nil {
				t.Fatal(err)
			}
		}
	}
	record := r.Record()
	native := record.Events[len(record.Events)-1]
	if fmt.Sprint(*native.Report) != fmt.Sprint(*epochs[2].Report) || native.Loss != epochs[2].Loss {
		t.Errorf("natively the run ends in %+v, in the page in %+v", native.Report, epochs[2].Report)
	}
	b.drop("two.safetensors", back.Bytes())
	b.says("A saved run, not finished yet.", 10*time.Second)
	b.press("Continue")
	b.says("Finished.", 30*time.Second)
	_, last, ends := b.events(2)
	if e := ends[len(ends)-1]; fmt.Sprint(*e.Report) != fmt.Sprint(*native.Report) || last[len(last)-1].Loss != steps[len(steps)-1].Loss {
		t.Errorf("back in the page the run ends in %+v, not in %+v", e.Report, native.Report)
	}
	b.drop("bad.safetensors", []byte("nothing of the kind"))
	b.notice("is not a run of this laboratory; nothing has changed", 5*time.Second)
	b.drop("note.txt", []byte("A note, and nothing else."))
	b.notice("note.txt is neither images, nor a run. Take a folder or a zip", 20*time.Second)

	_, csv := b.saved(func() { b.click(`[data-act="export:csv"]`) }, 10*time.Second)
	if lines := strings.Count(string(csv), "\n"); lines != 7 {
		t.Errorf("%d lines of CSV, not a head and three epochs of two runs", lines)
	}
	name, figure := b.saved(func() { b.click(`[data-act="export:png"]`) }, 30*time.Second)
	if m, err := png.Decode(bytes.NewReader(figure)); err != nil || m.Bounds().Dx() < 1000 {
		t.Errorf("%s: %v", name, err)
	}
	b.quiet()
}

// TestExport hands out all that there is of one run: it is what the command line writes into its folder.
func TestExport(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.says("Finished.", 40*time.Second)
	saved := map[string][]byte{}
	for act, name := range map[string]string{
		"run": "hlrs-a-last.safetensors", "normal.svg": "hlrs-a-epoch-3-normal.svg", "reduce.svg": "hlrs-a-epoch-3-reduce.svg", "svg": "hlrs-a-curves.svg",
	} {
		got, content := b.saved(func() { b.click(`[data-act="export:` + act + `"]`) }, 30*time.Second)
		if got != name {
			t.Errorf("%s is saved as %s, not as %s", act, got, name)
		}
		saved[name[strings.LastIndex(name, "-")+1:]] = content
	}
	eval[bool](b, `!!(navigator.clipboard.writeText = async (text) => { window.copied = text })`)
	b.click(`[data-act="export:genotype.txt"]`)
	b.wait(`!!window.copied`, 5*time.Second)
	saved["genotype.txt"] = []byte(eval[string](b, `window.copied`))

	dir := t.TempDir()
	file, out := filepath.Join(dir, "run"), filepath.Join(dir, "out")
	if err := os.WriteFile(file, saved["last.safetensors"], 0o644); err != nil {
		t.Fatal(err)
	}
	if says, err := exec.Command("go", "run", "hlrslab/tools/hlrs", "search", "--resume", file, "--out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, says)
	}
	for name, content := range saved {
		if want, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(content, want) {
			t.Errorf("%s of the page is another than the folder's: %v", name, err)
		}
	}
	b.quiet()
}

// own is a zip of drawn images: stripes of each class's own width.
func own(t *testing.T) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for c := range 3 {
		for i := range 40 {
			m := image.NewRGBA(image.Rect(0, 0, 40, 36))
			for at := range m.Pix {
				if m.Pix[at] = uint8(i * 3); at%4 == 3 || (at/4+i)/(2+3*c)%2 == 0 {
					m.Pix[at] = 255
				}
			}
			w, err := z.Create(fmt.Sprintf("mine/stripes %d/%02d.png", c, i))
			if err == nil {
				err = png.Encode(w, m)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestOwn trains on a person's own images.
func TestOwn(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	raw := own(t)
	b.drop("broken.zip", raw[:len(raw)/2])
	b.notice("Nothing has changed: broken.zip", 20*time.Second)
	b.drop("mine.zip", raw)
	b.wait(`document.querySelector("header").textContent.includes("96 for training and 24 for testing, in 3 classes")`, 20*time.Second)
	b.keys("The run", "Imbalance", kb.Home, kb.ArrowRight)
	b.press("Start")
	b.says("Finished.", 40*time.Second)
	b.shows("#card-confusion", "stripes 2", 5*time.Second)
	c, _, _ := b.events(1)
	if last := eval[string](b, `document.querySelector(".unseen[role=status]").textContent`); !strings.HasPrefix(last, "Finished.") {
		t.Errorf("said aloud at the end: %s", last)
	}
	if c.Dataset != "own" || c.NMax != 32 || c.TestImages != 24 {
		t.Errorf("the configuration is %s, n-max %d, test-images %d", c.Dataset, c.NMax, c.TestImages)
	}
	b.quiet()
}

// TestOwnFolder drops a folder, as a person does.
func TestOwnFolder(t *testing.T) {
	t.Parallel()
	raw := own(t)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	over := input.DispatchDragEventTypeDragOver // over other elements, each of which the browser asks for itself
	for i, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, over, over, over, input.DispatchDragEventTypeDrop} {
		if kind == input.DispatchDragEventTypeDrop {
			b.wait(`getComputedStyle(document.body, "::after").content.includes("Drop images by class")`, 5*time.Second)
		}
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchDragEvent, input.DispatchDragEventParams{
				Type: kind, X: 600, Y: float64(120 * i), Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{filepath.Join(dir, "mine")}, DragOperationsMask: 1},
			})
			return err
		}))
	}
	b.wait(`document.querySelector("header").textContent.includes("96 for training and 24 for testing, in 3 classes")`, 20*time.Second)
	b.quiet()
}

// TestOwnArchive gives the page CIFAR-10's archive itself: it trains to the numbers of a native run.
func TestOwnArchive(t *testing.T) {
	t.Parallel()
	set := cifar(t)
	b := open(t, serve(t, nil, 0)+"#seed=1", 4*time.Minute)
	b.says("Ready.", 20*time.Second)
	eval[bool](b, `fetch("archive").then((r) => r.blob()).then((blob) => {
		const t = new DataTransfer();
		t.items.add(new File([blob], "cifar-10-binary.tar.gz"));
		return document.dispatchEvent(new DragEvent("drop", {dataTransfer: t, bubbles: true, cancelable: true}));
	})`)
	b.wait(`document.querySelector("header")?.textContent.includes("CIFAR-10, reduced")`, 2*time.Minute)
	b.press("Start")
	b.steps(2, time.Minute)
	b.quiet()
	c, steps, _ := b.events(1)
	r, err := task.New(c, set, &cpu.Device{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 2 {
		events, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		if events[0].Loss != steps[i].Loss {
			t.Errorf("step %d: loss %v in the page, %v here", i, steps[i].Loss, events[0].Loss)
		}
	}
}

// TestLessons opens every lesson, and answers one.
func TestLessons(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+"#seed=1", 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.visit(Learn)
	for i, lesson := range Lessons {
		b.wait(`document.getElementById("card-lesson")?.textContent.includes(`+strconv.Quote(lesson.Question)+`)`, 5*time.Second)
		if n := eval[int](b, `[...document.querySelectorAll("#card-lesson math")].filter((m) => m.getBoundingClientRect().height > 10).length`); n != len(lesson.Formulas) {
			t.Errorf("%s: %d formulas are drawn, not %d", lesson.Title, n, len(lesson.Formulas))
		}
		b.shot(fmt.Sprintf("lesson%d.png", i+1))
		if i+1 < len(Lessons) {
			b.click(fmt.Sprintf(`[data-act="lesson:%d"]`, i+1))
		}
	}
	// One press runs all trials; the reader says what to expect; what came out is drawn.
	retrain := slices.IndexFunc(Lessons, func(l Lesson) bool { return l.ID == "retrain" })
	b.click(fmt.Sprintf(`[data-act="lesson:%d"]`, retrain))
	b.wait(fmt.Sprintf(`location.hash.includes("lesson=%d")`, retrain+1), 5*time.Second)
	b.click(`[data-act="predict:A cell of skips"]`)
	b.wait(`document.querySelector('[data-act="predict:A cell of skips"]').getAttribute("aria-pressed") === "true"`, 5*time.Second)
	before := eval[string](b, `document.querySelector(".answer").textContent`)
	b.click(`#card-lesson [data-act="trials:"]`)
	b.wait(`["A random cell", "The cell of DARTS", "A cell of skips"].every((n) => document.querySelector(".runs").textContent.includes(n))`, 10*time.Second)
	b.wait(`document.querySelectorAll("#card-lesson .bars rect").length >= 3`, 60*time.Second)
	if after := eval[string](b, `document.querySelector(".answer").textContent`); before == "" || after == before {
		t.Errorf("the answer was %q and is %q", before, after)
	}
	b.quiet()
}

// axe is the accessibility checker, fetched once from where npm has it.
func axe(t *testing.T) string {
	const url, sum = "https://registry.npmjs.org/axe-core/-/axe-core-4.10.3.tgz", "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292"
	path := "../build/axe.min.js"
	if raw, err := os.ReadFile(path); err == nil {
		return string(raw)
	}
	script, err := func() ([]byte, error) {
		resp, err := http.Get(url)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		if got := sha256.Sum256(raw); hex.EncodeToString(got[:]) != sum {
			return nil, fmt.Errorf("%s has another checksum: %x", url, got)
		}
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		for files := tar.NewReader(z); ; {
			h, err := files.Next()
			if err != nil {
				return nil, err
			}
			if h.Name == "package/axe.min.js" {
				return io.ReadAll(files)
			}
		}
	}()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED, NOT TESTED: no axe-core: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, script, 0o644); err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// look is how a person looks: on a phone or not, in the dark or not.
func (b *tab) look(width, height int, scheme string) {
	b.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}), chromedp.EmulateViewport(int64(width), int64(height)))
}

// TestAccessible has axe-core look at every view, on a desktop and a phone, light and dark; and goes through the page by Tab.
func TestAccessible(t *testing.T) {
	t.Parallel()
	script := axe(t)
	b := open(t, serve(t, nil, 0)+small, 3*time.Minute)
	b.says("Ready.", 20*time.Second)
	eval[bool](b, script+"; true")
	check := func(view string) {
		t.Helper()
		for _, size := range [][2]int{{1280, 900}, {360, 740}} {
			for _, scheme := range []string{"light", "dark"} {
				b.look(size[0], size[1], scheme)
				found := eval[[]string](b, `axe.run({resultTypes: ["violations"]}).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").flatMap((v) => v.nodes.slice(0, 3).map((n) => v.id + ": " + n.target + " " + n.failureSummary)))`)
				for _, f := range found {
					t.Errorf("%s, %d pixels wide, %s: %s", view, size[0], scheme, f)
				}
				if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > size[0] {
					t.Errorf("%s: %d pixels wide on %d", view, wide, size[0])
				}
			}
		}
	}
	if eval[int](b, `(() => { const bad = document.createElement("button"); document.body.append(bad); return axe.run().then((r) => { bad.remove(); return r.violations.length; }); })()`) == 0 {
		t.Fatal("axe-core does not see a button without a name")
	}
	check("ready")
	b.look(1280, 900, "light")
	b.click(".settings > .fold")
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	eval[bool](b, `(document.querySelectorAll(".card:not([hidden]) .fold:not([hidden])").forEach((d) => d.click()), true)`)
	b.wait(`[...document.querySelectorAll(".card:not([hidden]) .fold:not([hidden])")].every((e) => e.ariaExpanded === "true")`, 5*time.Second)
	check("finished, all open")
	b.look(360, 740, "dark")
	b.shot("phone-dark.png")
	b.look(1280, 900, "dark")
	b.click(`[data-act="baseline:1"]`)
	b.visit(Learn)
	b.says("Finished.", 60*time.Second)
	check("compared, with a lesson")
	b.visit(Shelf)
	b.click(`[data-act="group:"]`)
	check("the runs")
	b.look(1280, 900, "light")
	b.visit(Explore)
	b.click(`[data-act="present:"]`)
	b.click(`[data-act="fold:presenter"]`)
	check("presented")
	b.click(`[data-act="present:"]`)
	b.look(360, 740, "light")
	b.click(`[data-act="drawer:"]`)
	check("settings drawn")
	b.look(1280, 900, "dark")
	b.shot("desktop-dark.png")
	names := map[string]bool{}
	eval[bool](b, `(document.querySelector("header button").focus(), true)`)
	for range 80 {
		b.do(chromedp.KeyEvent(kb.Tab))
		names[eval[string](b, `document.activeElement.id || document.activeElement.dataset.act || document.activeElement.textContent.trim().slice(0, 40)`)] = true
	}
	for _, want := range []string{"play", "speed", "device", "arch-schedule", "arch-rate", "arch-rate-value", "imbalance"} { // of plain DARTS, which mixes nothing
		if !names[want] {
			t.Errorf("Tab does not come to %s", want)
		}
	}
	b.quiet()
}

// TestNeverBreaks closes the page during a run, makes a run fail, and loses a worker.
func TestNeverBreaks(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	b.visit(Shelf)
	b.wait(`document.querySelectorAll("#card-kept tbody tr").length === 1`, 10*time.Second)
	b.visit(Explore)
	_, first, _ := b.events(1)
	b.do(chromedp.Reload())
	b.says("A saved run, not finished yet. "+strconv.Itoa(len(first))+" steps", 10*time.Second)
	b.press("Continue")
	b.says("Finished.", 40*time.Second)
	_, _, ends := b.events(1)
	c, _ := run.Preset("small")
	for part := range strings.SplitSeq(small[1:], "&") {
		name, value, _ := strings.Cut(part, "=")
		if err := field(name).Set(&c, value); err != nil {
			t.Fatal(err)
		}
	}
	c.Dataset = "toy"
	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for !r.Done() {
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
	}
	whole := r.Record().Events
	if want := whole[len(whole)-1]; fmt.Sprint(*want.Report) != fmt.Sprint(*ends[len(ends)-1].Report) {
		t.Error("gone on with after a reload, the run ends in other numbers")
	}

	// A worker that is lost.
	b.press("Reset to the same start")
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	eval[bool](b, `workers.at(-1).dispatchEvent(new MessageEvent("message", {data: ['{"kind": "lost", "error": "out of memory"}']}))`)
	b.says("out of memory", 10*time.Second)
	b.press("Rewind and halve the rate")
	b.says("The change takes effect from the next epoch.", 10*time.Second)
	b.press("Continue")
	b.says("Finished.", 40*time.Second)
	b.quiet()
}

// TestNotFinite goes on with a run whose weights overflow: the step and the layer are named, and another run can be had.
func TestNotFinite(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	_, file := b.saved(func() { b.click(`[data-act="export:run"]`) }, 10*time.Second)
	f, err := ckpt.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range f.Tensors {
		if strings.HasPrefix(tensor.Name, "weights/") && strings.Contains(tensor.Name, "cell") {
			for i := 0; i < len(tensor.Data); i += 4 {
				binary.LittleEndian.PutUint32(tensor.Data[i:], math.Float32bits(1e38))
			}
			break
		}
	}
	var broken bytes.Buffer
	if err := f.Write(&broken); err != nil {
		t.Fatal(err)
	}
	b.drop("broken.safetensors", broken.Bytes())
	b.says("A saved run, not finished yet.", 10*time.Second)
	b.press("Continue")
	b.says("not a finite number, first in", 20*time.Second)
	if text := eval[string](b, status); !strings.Contains(text, "epoch 2, step 1") {
		t.Errorf("the failure does not say where: %s", text)
	}
	b.press("Reset to the same start")
	b.press("One epoch")
	b.says("1 of 3 epochs", 20*time.Second)
	b.quiet()
}

// TestStorageFull has no room for a run: that is said, and the run goes on.
func TestStorageFull(t *testing.T) {
	t.Parallel()
	url := serve(t, nil, 0)
	b := open(t, url+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		size := 10_000.
		_, err := cdp.Call(ctx, t, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: url, QuotaSize: &size})
		return err
	}))
	b.press("Start")
	b.notice("could not be saved on this machine; the run goes on", 30*time.Second)
	b.notice("storage for this page is full", time.Second)
	b.says("Finished.", 40*time.Second)
	_, file := b.saved(func() { b.click(`[data-act="export:run"]`) }, 10*time.Second)
	if record, err := run.ReadRecord(bytes.NewReader(file)); err != nil || len(record.Events) == 0 {
		t.Errorf("the run is exported as %d bytes: %v", len(file), err)
	}
}

// TestOldBrowser lacks what the page needs: it says so.
func TestOldBrowser(t *testing.T) {
	t.Parallel()
	b := open(t, "about:blank", time.Minute)
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "delete window.DecompressionStream"})
		return err
	}))
	b.do(chromedp.Navigate(serve(t, nil, 0)))
	b.wait(`document.body.innerText.includes("This browser is too old for the laboratory: it needs WebAssembly and DecompressionStream")`, 20*time.Second)
}

// TestDist serves what make dist gathers below a path, by a plain file server, and has it train; nothing is asked of elsewhere, and
// once visited it works without a network.
func TestDist(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../build/dist/index.html"); err != nil {
		t.Fatal("there is no build/dist: run make dist")
	}
	files := http.StripPrefix("/some/where", http.FileServer(http.Dir("../build/dist")))
	strange := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/some/where/") && r.URL.Path != "/favicon.ico" {
			strange <- r.URL.Path
		}
		if strings.HasSuffix(r.URL.Path, ".gz") { // as some hosts have it: the browser unpacks
			w.Header().Set("Content-Encoding", "gzip")
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b := open(t, server.URL+"/some/where/"+small+"&dataset=toy", time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.says("Finished.", 40*time.Second)
	b.quiet()
	if len(strange) > 0 {
		t.Errorf("asked outside its path: %s", <-strange)
	}
	b.wait(`caches.open("hlrs-lab").then((c) => c.match("public/lab.wasm.zst")).then((r) => !!r)`, 20*time.Second)
	server.Close() // from here on there is no network
	b.do(chromedp.Reload())
	b.says("A finished run.", 20*time.Second) // it comes back, and what is stepped begins beside it
	b.press("Step")
	b.says(" 1 step,", 30*time.Second)
}

// TestBaselines has every baseline stand as it is.
func TestBaselines(t *testing.T) {
	for _, b := range Baselines() {
		c := preset
		for name, v := range b.Set {
			if err := field(name).Set(&c, v); err != nil {
				t.Error(err)
			}
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
	}
}

// TestLight adds up what a first visit loads, texts as hosts send them.
func TestLight(t *testing.T) {
	var sum int64
	for _, name := range []string{"index.html", "public/lab.css", "public/page.js", "public/morph.js", "public/fzstd.js", "public/program.js", "public/worker.js", "public/wasm_exec.js", "public/vugu.js", "public/lab.wasm.zst", "public/replay.json.gz", "public/tail.jpg", "public/toy.jpg", "public/icon.svg", "public/manifest.json"} {
		raw, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, ".gz") && !strings.HasSuffix(name, ".zst") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(raw); err != nil || z.Close() != nil {
				t.Fatal("gzip")
			}
			raw = b.Bytes()
		}
		sum += int64(len(raw))
	}
	t.Logf("%d bytes", sum)
	if sum > 2_100_000 {
		t.Errorf("a first visit loads %d bytes, more than 2.1 MB", sum)
	}
}

// TestSoak has two runs train for as long as HLRS_SOAK says, such as 1h, and writes down every minute how many frames a second
// the page draws and how much memory the browser has.
func TestSoak(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv("HLRS_SOAK"))
	if err != nil {
		t.Skip("HLRS_SOAK does not say for how long")
	}
	b := open(t, serve(t, cifar(t), 0)+"#seed=1&epochs=1000", limit+5*time.Minute)
	b.wait(`document.body.innerText.includes("CIFAR-10, reduced")`, 20*time.Second)
	b.says("Ready.", 20*time.Second)
	eval[bool](b, `!!(heard.push = () => 0)`) // what the workers say is not kept for the test
	b.click(`[data-act="add"]`)
	b.click(`[data-act="all:play"]`)
	b.says("Training", 10*time.Second)
	began := time.Now()
	for round := 1; time.Since(began) < limit; round++ {
		time.Sleep(min(time.Minute, limit/4))
		frames := eval[float64](b, `new Promise((done) => { let n = 0; const began = performance.now();
			const look = (now) => { n++; now - began < 5000 ? requestAnimationFrame(look) : done(n / (now - began) * 1000); }; requestAnimationFrame(look); })`)
		worst := eval[float64](b, `new Promise((done) => { let was = performance.now(), worst = 0; const end = was + 5000;
			const look = (now) => { worst = Math.max(worst, now - was); was = now; now < end ? requestAnimationFrame(look) : done(worst); }; requestAnimationFrame(look); })`)
		t.Logf("%4.0f s: %.0f frames a second, the longest %.0f ms; %d MiB; %s", time.Since(began).Seconds(), frames, worst, browserMemory()>>20, eval[string](b, status))
		if round%10 == 0 { // seldom, as a browser does it
			b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{})
				return err
			}))
			time.Sleep(3 * time.Second)
			t.Logf("%4.0f s: garbage collected: %d MiB", time.Since(began).Seconds(), browserMemory()>>20)
		}
	}
	b.quiet()
}

// browserMemory is the resident memory of all processes of this test's Chromium, shared pages counted once by their share.
func browserMemory() (sum int64) {
	parents, pss := map[int]int{}, map[int]int64{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		status, _ := os.ReadFile(dir + "/status")
		rollup, _ := os.ReadFile(dir + "/smaps_rollup")
		for line := range strings.Lines(string(status) + string(rollup)) {
			var n int
			if found, _ := fmt.Sscanf(line, "PPid: %d", &n); found == 1 {
				parents[pid] = n
			}
			if found, _ := fmt.Sscanf(line, "Pss: %d kB", &n); found == 1 {
				pss[pid] = int64(n) << 10
			}
		}
	}
	for pid, n := range pss {
		for up := parents[pid]; up > 1; up = parents[up] {
			if up == os.Getpid() {
				sum += n
				break
			}
		}
	}
	return sum
}
