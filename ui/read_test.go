package ui

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestReadOut reads a chart's values under the pointer, and by the arrow keys.
func TestReadOut(t *testing.T) {
	b := open(t, serve(t, nil, 0), time.Minute)
	b.says("A finished run.", 20*time.Second)
	chart := `document.querySelector("#card-accuracy svg")`
	key := `document.querySelector("#card-accuracy .key").textContent`
	read := `(` + chart + `.querySelector(".readout")?.textContent ?? "")`
	b.wait(`!!`+chart, 10*time.Second)
	last := eval[string](b, key)
	at := eval[[]float64](b, `(() => { const c = `+chart+`; c.scrollIntoView({block: "center"}); const r = c.getBoundingClientRect(); return [r.x, r.y + r.height / 2, r.width]; })()`)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, at[0]+at[2]*(chartX+1)/(chartX+chartW+chartEnd), at[1])
	b.wait(read+`.startsWith("at 1:")`, 5*time.Second)
	if first := eval[string](b, key); first == last {
		t.Errorf("under the pointer as at the end: %s", first)
	}
	table := eval[string](b, `(document.querySelector('[data-act="fold:accuracy"]').click(), "")`)
	b.wait(`document.querySelectorAll("#card-accuracy tbody tr").length > 2`+table, 5*time.Second)
	row := eval[[]string](b, `[...document.querySelectorAll("#card-accuracy tbody tr:first-child td")].map((e) => e.textContent)`)
	for _, v := range row {
		b.wait(fmt.Sprintf(`%s.includes(%q)`, key, v), 5*time.Second)
	}
	b.mouse(input.DispatchMouseEventTypeMouseMoved, at[0]+at[2]/2, 5) // beyond it
	b.wait(read+` === ""`, 5*time.Second)
	b.focus(chart)
	b.do(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft))
	b.wait(read+`.startsWith("at 18:")`, 5*time.Second)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.wait(read+`.startsWith("at 19:")`, 5*time.Second)
	b.quiet()
}
