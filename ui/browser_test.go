package ui

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// open opens the page, as make build left it, in Chromium.
func open(t *testing.T, query string) context.Context {
	if _, err := os.Stat("../public/page.wasm"); err != nil {
		t.Skip("SKIPPED, NOT TESTED: the page is not built: run make build")
	}
	server := httptest.NewServer(http.FileServer(http.Dir("..")))
	t.Cleanup(server.Close)
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts, chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WindowSize(1280, 1400))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/"+query)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// text is what the page says.
func text(t *testing.T, ctx context.Context) string {
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wait waits until the page says what.
func wait(t *testing.T, ctx context.Context, what string, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(text(t, ctx), what) {
			return
		}
	}
	shot(t, ctx, "failed.png")
	t.Fatalf("the page does not say %q:\n%s", what, text(t, ctx))
}

func press(t *testing.T, ctx context.Context, label string) {
	t.Helper()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => {
		const b = [...document.querySelectorAll("button")].find((b) => b.textContent.trim() === "`+label+`");
		if (b) b.click();
		return !!b;
	})()`))
	if err != nil || !found {
		t.Fatalf("button %q: found %v, %v", label, found, err)
	}
}

func shot(t *testing.T, ctx context.Context, name string) {
	raw, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("../build/shots", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../build/shots", name), raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPageTrains(t *testing.T) {
	for name, query := range map[string]string{"at once": "", "late worker": "?late=1500"} {
		t.Run(name, func(t *testing.T) {
			ctx := open(t, query)
			wait(t, ctx, "Ready. Start trains", 20*time.Second)
			press(t, ctx, "Start")
			wait(t, ctx, "1 of 10 epochs", 60*time.Second)
			press(t, ctx, "Pause")
			shot(t, ctx, "running.png")
		})
	}
}
